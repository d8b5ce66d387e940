"""Sister scopes that are told apart by a number: ``sample[0]`` to ``sample[99]``."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np

FAMILY = 8  # sisters that are a family
ALIKE = 0.5  # of them must look like one another
_INDEXED = re.compile(r"(.+)\[(\d+)\]")


def stem_of(title: str) -> str:
    """The name of a numbered scope without its number; "" for others."""
    match = _INDEXED.fullmatch(title)
    return match[1] if match else ""


def index_of(title: str) -> int:
    """The number of a numbered scope."""
    match = _INDEXED.fullmatch(title)
    return int(match[2]) if match else 0


def families(rows: list[int], titles: list[str], likeness: np.ndarray) -> list[tuple[str, list[int]]]:
    """The families among sister ``rows``: their stem, and the members by number.

    Args:
        rows: sister rows.
        titles: per row of the tree, what it is called.
        likeness: per row of the tree, a number that is the same for rows that hold the same ops.
    """
    members: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        if stem := stem_of(titles[row]):
            members[stem].append(row)
    found = []
    for stem, family in members.items():
        if len(family) >= FAMILY:
            most_common = np.unique(likeness[family], return_counts=True)[1].max()
            if most_common >= ALIKE * len(family):
                found.append((stem, sorted(family, key=lambda row: (index_of(titles[row]), row))))
    return found
