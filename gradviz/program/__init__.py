"""Replay: a recorded graph as a program that computes it again, for new leaf values."""

from gradviz.program.checks import named as named
from gradviz.program.program import Program as Program
from gradviz.program.program import Replayed as Replayed
from gradviz.program.program import replay as replay
