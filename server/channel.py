"""How answers leave: the head together with the body."""

from __future__ import annotations

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

TOGETHER = 1 << 16  # bytes of a body up to which copying it costs less than a second packet


class _Task(WSGITask):  # type: ignore[misc]
    """An answer that leaves at once, so that who waits for it wakes up once."""

    wrote_header = False

    def write(self, data: bytes) -> None:
        """Send a piece of the body, and the head before the first."""
        whole = self.complete and self.has_body and self.content_length == len(data) <= TOGETHER
        if self.wrote_header or not whole:
            super().write(data)
            return
        self.channel.write_soon(self.build_response_header() + data)
        self.wrote_header, self.content_bytes_written = True, len(data)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection."""

    task_class = _Task
