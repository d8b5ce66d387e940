"""What is wrong in a note, and where."""

from __future__ import annotations

from gradviz.errors import GradvizError


class Mistake(GradvizError, ValueError):
    """Something in a note that cannot be drawn.

    Attributes:
        line: the line of the note's text, from 1; 0 if it is about no line.
        column: the character of that line, from 1; 0 if it is about the whole line.
    """

    def __init__(self, message: str, hint: str | None = None, *, line: int = 0, column: int = 0) -> None:
        super().__init__(message, hint)
        self.line, self.column = line, column

    def excerpt(self, source: str) -> str:
        """The line that is meant with a caret below the place; "" if there is none.

        >>> print(Mistake("…", line=1, column=5).excerpt("L = *x"))
        L = *x
            ^
        """
        lines = source.split("\n")
        if not 1 <= self.line <= len(lines):
            return ""
        text = lines[self.line - 1].replace("\t", " ").rstrip()
        return f"{text}\n{' ' * (self.column - 1)}^" if self.column else text


def nearest(word: str, known: object, what: str) -> str:
    """The cure for a word that is not known: the one that was meant, or all there are."""
    from difflib import get_close_matches

    names = sorted(str(name) for name in known)  # type: ignore[attr-defined]
    near = get_close_matches(word, names, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"There is only {names[0]}." if len(names) == 1 else f"The {what} are {', '.join(names)}."
