"""What gradviz raises: each error says what, where, and the cure."""

from __future__ import annotations


class GradvizError(Exception):
    """The base of every error gradviz raises on purpose.

    Attributes:
        message: one sentence that says what is wrong, and where.
        hint: the cure, or None.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class DataError(GradvizError, TypeError):
    """Something that is not a number where a number is needed."""


class ShapeError(GradvizError, ValueError):
    """Operands, axes or a seed that do not fit."""


class MutationError(GradvizError, RuntimeError):
    """A value changed between its use and ``backward()``."""


class GraphError(GradvizError, ValueError):
    """A graph that breaks one of its laws."""


class RecordingError(GradvizError):
    """A recording that cannot be read or written."""


class LayoutError(GradvizError):
    """No layout engine, or one that failed."""


class NotFoundError(GradvizError, LookupError):
    """A pass, step, node, scope or format that does not exist; the message says what does."""
