"""Many Graphs, in order, in one file or in memory: what a run left behind."""

from gradviz.recording.passes import PassInfo
from gradviz.recording.reader import VALUES_KEPT, Recording
from gradviz.recording.writer import Writer

__all__ = ["VALUES_KEPT", "PassInfo", "Recording", "Writer"]
