"""One column of a recording as bytes: narrow, shuffled, compressed, and without code in it.

Integers are kept in the narrowest type, as differences where that is smaller. Numbers are split into planes
of bytes, so that the signs and exponents, which repeat, stand together. What is inflated never grows beyond
its claimed length.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

import numpy as np

from gradviz.errors import RecordingError
from gradviz.numbers import dumps, loads

DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<f2", "<f4", "<f8")
JSON = "json"
CODECS = ("raw", "zlib", "shuffle", "delta")  # delta: differences, then shuffled; all but raw compressed
LEVEL = 1  # zlib's fastest: level 6 takes three times as long for a tenth of the size


@dataclass(frozen=True)
class Column:
    """What is stored of one column. ``length`` counts elements, or bytes of JSON."""

    dtype: str
    length: int
    codec: str
    blob: bytes

    @property
    def nbytes(self) -> int:
        """How many bytes it takes once inflated."""
        return self.length * (np.dtype(self.dtype).itemsize if self.dtype in DTYPES else 1)


def pack(values: np.ndarray) -> Column:
    """Code a column of numbers, in whichever way is the smallest."""
    values = np.ravel(values)
    if values.dtype.kind not in "iu":
        return _smallest(values, ["shuffle"] if values.itemsize > 1 else ["zlib"])
    narrow = values.astype(_narrowest(values))
    steps = np.diff(values.astype(np.int64), prepend=np.int64(0))
    tight = steps.astype(_narrowest(steps))
    return min(_smallest(narrow, ["shuffle"]), _smallest(tight, ["delta"]), key=lambda c: len(c.blob))


def unpack(column: Column) -> np.ndarray:
    """Decode a column of numbers.

    Raises:
        RecordingError: it is damaged; the message says how.
    """
    if column.dtype not in DTYPES:
        raise RecordingError(f"has the unknown type {column.dtype[:20]!r}")
    raw, dtype = _inflate(column), np.dtype(column.dtype)
    if column.codec in ("shuffle", "delta") and dtype.itemsize > 1:
        raw = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, -1).T.tobytes()
    if dtype.kind == "b" and raw.strip(b"\0\1"):
        raise RecordingError("holds truth values that are neither 0 nor 1")
    values = np.frombuffer(raw, dtype)
    return np.cumsum(values, dtype=np.int64) if column.codec == "delta" else values


def pack_json(obj: Any) -> Column:
    """Code plain types, tuples, slices and small arrays."""
    text = dumps(_tagged(obj)).encode("utf-8", "surrogatepass")
    return Column(JSON, len(text), "zlib", zlib.compress(text, LEVEL))


def unpack_json(column: Column) -> Any:
    """Decode what ``pack_json`` coded.

    Raises:
        RecordingError: it is damaged; the message says how.
    """
    if column.dtype != JSON:
        raise RecordingError(f"has the type {column.dtype[:20]!r} where text was expected")
    try:
        return _untagged(loads(_inflate(column).decode("utf-8", "surrogatepass")))
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise RecordingError(f"is not readable text: {error}") from None


def _smallest(values: np.ndarray, codecs: list[str]) -> Column:
    dtype = values.dtype.newbyteorder("<").str
    raw = np.ascontiguousarray(values, dtype).view(np.uint8)
    found = [Column(dtype, len(values), "raw", raw.tobytes())]
    for codec in codecs:
        planes = raw if codec == "zlib" else raw.reshape(-1, values.itemsize).T
        found.append(Column(dtype, len(values), codec, zlib.compress(planes.tobytes(), LEVEL)))
    return min(found[1:] if codecs == ["delta"] else found, key=lambda column: len(column.blob))


def _narrowest(values: np.ndarray) -> np.dtype[Any]:
    if not len(values):
        return np.dtype(np.uint8)
    dtype = np.result_type(np.min_scalar_type(values.min()), np.min_scalar_type(values.max()))
    return dtype if dtype.str in DTYPES else np.dtype(np.int64)


def _inflate(column: Column) -> bytes:
    """The bytes of a column, of exactly the claimed length, never more than that in memory."""
    if column.codec not in CODECS:
        raise RecordingError(f"has the unknown coding {column.codec[:20]!r}")
    if column.codec == "raw":
        raw = column.blob
    else:
        inflater = zlib.decompressobj()
        try:
            raw = inflater.decompress(column.blob, column.nbytes + 1)
        except zlib.error as error:
            raise RecordingError(f"cannot be inflated: {error}") from None
    if len(raw) != column.nbytes:
        raise RecordingError(f"claims {column.nbytes:,} bytes and does not hold exactly that")
    return raw


def _tagged(obj: Any) -> Any:
    """What JSON has no form for, as {tag: content}; other dicts as pairs, so that no key is a tag."""
    if obj is None or isinstance(obj, (bool, int, str)):
        return obj
    if isinstance(obj, float):
        return obj if np.isfinite(obj) else {"float": repr(float(obj))}
    if isinstance(obj, np.generic):
        return _tagged(obj.item())
    if isinstance(obj, list):
        return [_tagged(item) for item in obj]
    if isinstance(obj, tuple):
        return {"tuple": [_tagged(item) for item in obj]}
    if isinstance(obj, Mapping):
        return {"dict": [[_tagged(key), _tagged(value)] for key, value in obj.items()]}
    if isinstance(obj, slice):
        return {"slice": [_tagged(part) for part in (obj.start, obj.stop, obj.step)]}
    if isinstance(obj, np.ndarray) and obj.dtype.newbyteorder("<").str in DTYPES:
        return {"array": [obj.dtype.newbyteorder("<").str, list(obj.shape), _tagged(obj.ravel().tolist())]}
    return {"ellipsis": None} if isinstance(obj, EllipsisType) else {"other": repr(obj)[:200]}


def _untagged(obj: Any) -> Any:
    if isinstance(obj, list):
        return [_untagged(item) for item in obj]
    if not isinstance(obj, dict):
        return obj
    ((tag, content),) = obj.items()
    return _UNTAG[tag](content)


def _array(content: list[Any]) -> np.ndarray:
    dtype, shape, values = content
    if dtype not in DTYPES:
        raise ValueError(f"unknown type {str(dtype)[:20]!r}")
    return np.array(_untagged(values), dtype).reshape(shape)


_UNTAG: dict[str, Any] = {
    "float": float,
    "tuple": lambda content: tuple(_untagged(content)),
    "dict": lambda content: {_untagged(key): _untagged(value) for key, value in content},
    "slice": lambda content: slice(*_untagged(content)),
    "array": _array,
    "other": str,
    "ellipsis": lambda content: ...,
}
