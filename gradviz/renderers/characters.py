"""Lines, boxes and texts on a grid of characters, each exactly as wide as a terminal shows it."""

from __future__ import annotations

import unicodedata
from collections import defaultdict

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
_LINES = dict(
    zip(
        (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        "╵╷│╴╯╮┤╶╰╭├─┴┬┼",
        strict=True,
    )
)
_PLAIN = str.maketrans("│─╭╮╰╯├┤┴┬┼╵╷╴╶━┃┏┓┗┛▶×–·±→", "|-+++++++++||--=#####>*-.+>")
_WORDS = {"…": "...", "≤": "<=", "≥": ">=", "∂": "d", "Σ": "sum"}


def columns(text: str) -> int:
    """Count the columns that a terminal needs: two for wide characters, none for those that combine.

    >>> columns("日本"), columns("é"), columns("e\\u0301")
    (4, 1, 1)
    """
    return sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, most: int) -> str:
    """Shorten a text to at most so many columns.

    >>> cut("x1*w1 + x2*w2", 8)
    'x1*w1 +…'
    """
    if columns(text) <= most:
        return text
    kept, used = "", 1
    for character in text:
        used += _columns_of(character)
        if used > most:
            break
        kept += character
    return f"{kept}…"


def plain(text: str) -> str:
    """Write a text in ASCII; what has no likeness there is written as its number.

    >>> plain("─▶ α×2")
    '-> \\\\u03b1*2'
    """
    for known, word in _WORDS.items():
        text = text.replace(known, word)
    return text.translate(_PLAIN).encode("ascii", "backslashreplace").decode()


class Grid:
    """Characters by row and column. Lines that belong together join where they meet; others cross."""

    def __init__(self) -> None:
        self._texts: dict[int, dict[int, str]] = defaultdict(dict)
        self._lines: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)

    def text(self, row: int, column: int, text: str) -> None:
        """Write a text; it hides lines below it."""
        for character in text:
            wide = _columns_of(character)
            if wide == 0 and column - 1 in self._texts[row]:
                self._texts[row][column - 1] += character
                continue
            self._texts[row][column] = character
            if wide == 2:
                self._texts[row][column + 1] = ""
            column += wide

    def across(self, row: int, start: int, stop: int, line: int) -> None:
        """Draw a line from one column to another, both included."""
        for column in range(start, stop):
            self._add(row, column, RIGHT, line)
            self._add(row, column + 1, LEFT, line)

    def down(self, column: int, start: int, stop: int, line: int) -> None:
        """Draw a line from one row to another, both included."""
        for row in range(start, stop):
            self._add(row, column, DOWN, line)
            self._add(row + 1, column, UP, line)

    def _add(self, row: int, column: int, way: int, line: int) -> None:
        ways = self._lines[row, column]
        ways[line] = ways.get(line, 0) | way

    def rows(self) -> list[str]:
        """Give the whole, without spaces at the ends of rows."""
        drawn: dict[int, dict[int, str]] = defaultdict(dict)
        for (row, column), ways in self._lines.items():
            # of two that cross, the one that goes down is in front
            drawn[row][column] = _LINES[min(ways.values(), key=lambda way: way & (LEFT | RIGHT))]
        for row, texts in self._texts.items():
            drawn[row].update(texts)
        height = max(drawn, default=-1) + 1
        return [_joined(drawn[row]) for row in range(height)]


def _joined(row: dict[int, str]) -> str:
    return "".join(row.get(column, " ") for column in range(max(row, default=-1) + 1)).rstrip()
