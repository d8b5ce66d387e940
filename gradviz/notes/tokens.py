"""The words of the expression form: numbers, names, signs and ends of lines, each with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gradviz.notes.mistake import Mistake

MOST_CHARACTERS, MOST_TOKENS = 50_000, 5_000  # nobody reads a picture of more
_AS_TYPED = {"−": "-", "–": "-", "·": "*", "×": "*", "÷": "/"}  # what a text processor makes of them

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|[-−–+*·×/÷@^()\[\],=])|(?P<space>[ \t\r\f\v\u00a0]+|\#.*)|(?P<end>\n)"
)


@dataclass(frozen=True)
class Token:
    """A word of the text, and where it stands, from 1."""

    kind: str
    text: str
    line: int
    column: int

    def mistake(self, message: str, hint: str | None = None) -> Mistake:
        """Say what is wrong here."""
        return Mistake(message, hint, line=self.line, column=self.column)

    def number(self) -> float:
        """Read a number.

        Raises:
            Mistake: it is larger than floats can be.
        """
        value = float(self.text)
        if value == math.inf:
            raise self.mistake(f"{self.text} is too large for a number.")
        return value


def tokens_of(source: str) -> Iterator[Token]:
    """Split a text into tokens; the last is an end with no text.

    Raises:
        Mistake: a character that means nothing, or a text that is too long.
    """
    if len(source) > MOST_CHARACTERS:
        raise Mistake(
            f"This is longer than {MOST_CHARACTERS:,} characters.", "A recording has no such limit."
        )
    line, start, count, at = 1, 0, 0, 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        text = found[0] if found else source[at]
        token = Token(found.lastgroup or "" if found else "", _AS_TYPED.get(text, text), line, at - start + 1)
        if found is None:
            raise token.mistake(f"{text!r} means nothing here.")
        at = found.end()
        if token.kind != "space":
            yield token
            count += token.kind != "end"
        if count > MOST_TOKENS:
            raise token.mistake(
                f"More than {MOST_TOKENS:,} words and signs.", "A recording has no such limit."
            )
        if token.kind == "end":
            line, start = line + 1, at
    yield Token("end", "", line, at - start + 1)
