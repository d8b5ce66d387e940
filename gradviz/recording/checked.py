"""The columns of a pass by name, each compared with what it should be before it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gradviz.errors import RecordingError
from gradviz.recording.columns import Column, pack, unpack, unpack_json
from gradviz.summary import summarise

ARRAY_BYTES = 1 << 20  # a larger array is left out, and described in a sentence
FREE_BYTES, MAX_RATIO = 64 << 20, 100  # a pass may inflate to 64 MiB, and beyond that to a hundredfold
FLOATS, INTEGERS, TRUTHS = "f", "iu", "b"
Listing = list[tuple[int, str, tuple[int, ...], str]]  # per array: its owner, type, shape; a note if left out


def require(holds: Any, otherwise: str) -> None:
    """Refuse a recording that contradicts itself."""
    if not holds:
        raise RecordingError(otherwise)


class Checked:
    """Columns by name, each compared with what it should be."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = columns
        stored, inflated = sum(len(c.blob) for c in columns.values()), sum(c.nbytes for c in columns.values())
        require(min((c.length for c in columns.values()), default=0) >= 0, "a column has a negative length")
        require(
            inflated <= FREE_BYTES + MAX_RATIO * stored, f"{stored:,} bytes claim to inflate to {inflated:,}"
        )

    def column(self, name: str) -> Column:
        """Give a column that must be there."""
        require(name in self.columns, f"column {name!r} is missing")
        return self.columns[name]

    def count(self, name: str, most: int) -> int:
        """Give how many rows a column has, before any of them is inflated."""
        length = self.column(name).length
        require(length <= most, f"column {name!r} claims {length:,} rows, and {most:,} are the limit")
        return length

    def numbers(self, name: str, kinds: str, length: int | None = None) -> np.ndarray:
        """Give a column of one kind of numbers."""
        column = self.column(name)
        require(
            length is None or column.length == length,
            f"column {name!r} has {column.length} rows, not {length}",
        )
        try:
            values = unpack(column)
        except RecordingError as error:
            raise RecordingError(f"column {name!r} {error.message}") from None
        require(values.dtype.kind in kinds, f"column {name!r} has the type {column.dtype}")
        return values

    def indices(self, name: str, length: int, size: int) -> np.ndarray:
        """Give a column that points into a list of ``size``."""
        values = self.numbers(name, INTEGERS, length)
        low, high = (int(values.min()), int(values.max())) if length else (0, 0)
        require(low >= 0 and (high < size or not length), f"column {name!r} points to row {high} of {size}")
        return values

    def facts(self, name: str) -> Any:
        """Give a column of plain types."""
        try:
            return unpack_json(self.column(name))
        except RecordingError as error:
            raise RecordingError(f"column {name!r} {error.message}") from None

    def arrays(self, key: str, listing: Iterable[Any], owners: int) -> dict[int, Any]:
        """Arrays by node or edge; None stands for one that was left out."""
        found: dict[int, Any] = {}
        used: dict[str, int] = {}
        for owner, dtype, shape, note in listing:
            require(isinstance(owner, int) and 0 <= owner < owners, f"an array of {key!r} belongs to nothing")
            if note:
                found[owner] = None
                continue
            flat, at = self.numbers(f"{key}@{dtype}", FLOATS + INTEGERS + TRUTHS), used.get(dtype, 0)
            sizes = [int(side) for side in shape]
            size = int(np.prod(sizes, dtype=object)) if sizes else 1
            require(min(sizes, default=0) >= 0 and at + size <= len(flat), f"arrays of {key!r} are cut short")
            found[owner] = flat[at : at + size].reshape(sizes)
            used[dtype] = at + size
        return found


def put_arrays(columns: dict[str, Column], key: str, arrays: Mapping[int, Any]) -> Listing:
    """Add the arrays of one key to ``columns``, all of one type in one column, and list them."""
    listing: Listing = []
    flat: dict[str, list[np.ndarray]] = {}
    for owner, array in arrays.items():
        if array is None or array.nbytes > ARRAY_BYTES:
            note = "left out" if array is None else summarise(array).text()
            listing.append((int(owner), "", tuple(np.shape(array)), note))
            continue
        dtype = array.dtype.newbyteorder("<").str
        flat.setdefault(dtype, []).append(np.ravel(array))
        listing.append((int(owner), dtype, array.shape, ""))
    for dtype, parts in flat.items():
        columns[f"{key}@{dtype}"] = pack(np.concatenate(parts))
    return listing
