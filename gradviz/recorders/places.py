"""Source positions of the rows of a pass: each distinct one is numbered, and resolved once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from types import CodeType

import numpy as np

from gradviz.engine.place import is_own
from gradviz.graph import Span

Site = tuple[CodeType | None, int]

_MANY = 10_000  # resolved positions that are kept; more are rare, and resolving them again costs little
_resolved: dict[tuple[int, int], tuple[CodeType, Span]] = {}


class Places:
    """Numbers for sites, given out in the order of their first appearance.

    Sites are told apart by identity: code objects are slow to hash, and equal ones may stand in two files.
    """

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self._index: dict[tuple[int, int], int] = {}

    def numbers(self, codes: Sequence[CodeType | None], offsets: Sequence[int]) -> np.ndarray:
        """Give the number of each site."""
        code = np.unique(np.fromiter(map(id, codes), np.int64, len(codes)), return_inverse=True)[1]
        key = code << 32 | np.array(offsets, dtype=np.int64)
        _, first, index = np.unique(key, return_index=True, return_inverse=True)
        number = np.empty(len(first), dtype=np.int32)
        for k in np.argsort(first).tolist():
            site = codes[first[k]], offsets[first[k]]
            number[k] = self._index.setdefault((id(site[0]), site[1]), len(self.sites))
            if number[k] == len(self.sites):
                self.sites.append(site)
        return number[index]

    def own(self) -> np.ndarray:
        """Per number, whether the site is in gradviz's own code."""
        return np.array([c is not None and is_own(c) for c, _ in self.sites], dtype=bool)

    def spans(self, numbers: np.ndarray) -> tuple[list[Span | None], np.ndarray]:
        """Give the spans that occur among ``numbers``, and ``numbers`` as indices into them."""
        occurring, index = np.unique(numbers, return_inverse=True)
        spans = [span_of(*self.sites[k]) for k in occurring.tolist()]
        known = {
            span: k for k, span in enumerate(dict.fromkeys(spans))
        }  # two sites may be one place, see shape
        return list(known), np.array([known[span] for span in spans])[index]


def span_of(code: CodeType | None, at: int) -> Span | None:
    """The place of one instruction, to the column."""
    if code is None:
        return None
    key = id(code), at
    known = _resolved.get(key)
    if known is None or known[0] is not code:
        line, end_line, column, end_column = next(islice(code.co_positions(), at // 2, None), (None,) * 4)
        place = line or 0, end_line or 0, column or 0, end_column or 0
        if len(_resolved) >= _MANY:
            _resolved.clear()
        known = _resolved[key] = code, Span(code.co_filename, *place, code.co_qualname)
    return known[1]
