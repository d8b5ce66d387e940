"""Strict reading of paths and queries: what is not understood is refused, with what would be."""

from __future__ import annotations

import re
from collections.abc import Collection

from flask import request

from gradviz.document import EditError, Edits, Expression, parse_edits
from gradviz.errors import NotFoundError
from gradviz.view import MOST, MOST_EVER

from .answers import BadRequest

MOST_OPEN, LONGEST_KEY = 2_000, 4_000
REPEATED = ("open", "what")
LONGEST_WORDS = 200  # characters that one may look for
LAST = 10**9  # line of a file, or column of a line
_BOXES = f"A view holds 1 to {MOST_EVER:,} boxes."
_DECIMAL = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,40}", re.ASCII)  # so many digits that nothing real is cut, and no more


class Query:
    """The parameters of the request that is answered.

    Args:
        names: those that the route knows; each may be given once, the ``REPEATED`` more often.

    Raises:
        BadRequest: there are others, or one is given again.
    """

    def __init__(self, *names: str) -> None:
        self._given: dict[str, list[str]] = dict(request.args.lists())
        for name, values in self._given.items():
            if name not in names:
                known = f"It knows {', '.join(names)}." if names else "It takes none."
                raise BadRequest(f"This route has no parameter {name[:40]!r}.", known)
            if len(values) > 1 and name not in REPEATED:
                raise BadRequest(f"{name} is given {len(values)} times.", "Give it once.")

    def number(self, name: str, default: int, least: int, most: int, there: str) -> int:
        """Read a whole number."""
        given = self._given.get(name)
        return default if given is None else whole(name, given[0], least, most, there)

    def place(self) -> Expression:
        """Read a place in a source: ``line``, and ``column``, up to ``end_line`` and ``end_column``.

        Raises:
            BadRequest: there is no line.
        """
        if "line" not in self._given:
            raise BadRequest("Which line?", "A place is line=12, or line=12&column=4.")
        line = self._in_file("line", 0)
        if "column" not in self._given:
            return Expression(line, 0, line, 0)
        column = self._in_file("column", 0)
        return Expression(
            line, column, self._in_file("end_line", line), self._in_file("end_column", column + 1)
        )

    def _in_file(self, name: str, default: int) -> int:
        return self.number(name, default, 0, LAST, f"{name} goes from 0 to {LAST:,}.")

    def open_scopes(self) -> list[str] | None:
        """Read ``open``: the keys of open scopes; one empty key means none; None if it is not given.

        Raises:
            BadRequest: there are too many, or too long ones.
        """
        keys = self._given.get("open")
        if keys is None:
            return None
        if len(keys) > MOST_OPEN or max(map(len, keys)) > LONGEST_KEY:
            most = f"At most {MOST_OPEN} keys of {LONGEST_KEY} characters."
            raise BadRequest(f"open is given {len(keys)} times.", most)
        return [key for key in keys if key]

    def depth(self) -> int | None:
        """Read ``depth``, which excludes ``open``."""
        if "depth" not in self._given:
            return None
        if "open" in self._given:
            raise BadRequest("open and depth exclude each other.", "Give one of them.")
        return self.number("depth", 0, 0, 1_000, "depth goes from 0 to 1000.")

    def most(self) -> int:
        """Read ``most``: how many boxes the view may hold."""
        return self.number("most", MOST, 1, MOST_EVER, _BOXES)

    def edits(self) -> Edits:
        """Read ``what``: leaves and the numbers to compute the pass with, such as ``n3:1.5``.

        Raises:
            BadRequest: they are malformed or too many.
        """
        try:
            return parse_edits(self._given.get("what", ()))
        except EditError as error:
            raise BadRequest(error.message, error.hint) from None

    def words(self, name: str, most: int = LONGEST_WORDS) -> str:
        """Read a text, such as one to look for.

        Raises:
            BadRequest: it is too long.
        """
        text = self._text(name, "")
        if len(text) > most:
            raise BadRequest(f"{name} has {len(text)} characters.", f"At most {most}.")
        return text

    def choice(self, name: str, default: str, known: Collection[str]) -> str:
        """Read one of a few words.

        Raises:
            BadRequest: it is none of them.
        """
        text = self._text(name, default)
        if text not in known:
            raise BadRequest(f"{name} cannot be {text[:40]!r}.", f"It can be {', '.join(known)}.")
        return text

    def decimal(self, name: str, least: float, most: float) -> float | None:
        """Read a positive decimal number.

        Raises:
            BadRequest: it is not one, or out of bounds.
        """
        if name not in self._given:
            return None
        text = self._text(name, "")
        if not _DECIMAL.fullmatch(text) or not least <= float(text) <= most:
            raise BadRequest(
                f"{name} cannot be {text[:40]!r}.", f"It is a number from {least:g} to {most:g}."
            )
        return float(text)

    def _text(self, name: str, default: str) -> str:
        return self._given.get(name, (default,))[0]


def whole(name: str, text: str, least: int, most: int, there: str) -> int:
    """Read a whole number.

    Args:
        name: what it is, for the message.
        text: what was sent.
        least: the smallest that exists.
        most: the largest that exists.
        there: a sentence that says what exists.

    Raises:
        BadRequest: it is not a whole number.
        NotFoundError: it is one that does not exist.
    """
    if not _WHOLE.fullmatch(text):
        raise BadRequest(f"{name} is a whole number, not {text[:40]!r}.", there)
    number = int(text)
    if not least <= number <= most:
        raise NotFoundError(f"There is no {name} {text[:40]}.", there)
    return number


def one_of(name: str, text: str, known: Collection[str]) -> None:
    """Check that what a path names exists.

    Raises:
        NotFoundError: it does not.
    """
    if text not in known:
        raise NotFoundError(f"There is no {name} {text[:40]!r}.", f"There are {', '.join(known)}.")
