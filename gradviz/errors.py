"""What gradviz raises: each error says what, where, and the cure."""

from __future__ import annotations

import os


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


def unwritable(path: str, error: OSError) -> GradvizError:
    """Say that a file cannot be written, and why."""
    folder = os.path.dirname(path)
    if isinstance(error, FileNotFoundError) and folder and not os.path.lexists(folder):
        return GradvizError(
            f"{path} cannot be written: {error.strerror}.", f"Make the folder first: mkdir -p {folder}"
        )
    if isinstance(error, (FileExistsError, NotADirectoryError)) and not os.path.isdir(folder or "."):
        return GradvizError(f"{path} cannot be written: {folder} is not a folder.", "Rename or remove it.")
    return GradvizError(f"{path} cannot be written: {error.strerror}.")


class DataError(GradvizError, TypeError):
    """Something that is not a number where a number is needed."""


class ShapeError(GradvizError, ValueError):
    """Operands, axes or a seed that do not fit."""


class MutationError(GradvizError, RuntimeError):
    """A value changed between its use and ``backward()``."""


class GraphError(GradvizError, ValueError):
    """A graph that breaks one of its laws."""


class ReplayError(GradvizError, ValueError):
    """A recorded graph that cannot be computed again, or not from what it is given."""


class RecordingError(GradvizError):
    """A recording that cannot be read or written."""


class NotebookError(GradvizError, ValueError):
    """A notebook that cannot be read, and where it is damaged."""


class OutOfMemoryError(GradvizError, MemoryError):
    """Memory that does not suffice; the message says for what."""

    def __init__(self, what: str) -> None:
        cure = "Free some, raise the limit if there is one (ulimit -v), or record less (--max-values)."
        super().__init__(f"There is not enough memory for {what}.", cure)


class LayoutError(GradvizError):
    """No layout engine, or one that failed."""


class NotFoundError(GradvizError, LookupError):
    """A pass, step, node, scope or format that does not exist; the message says what does."""
