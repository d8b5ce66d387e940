"""One column of a recording as bytes: narrow, split into planes, compressed, and without code in it.

Integers are kept in the narrowest type, as differences where that is smaller. Numbers are split into planes
of bytes, so that signs and exponents, which repeat, stand together; planes of digits, which do not, are kept
as they are: quicker to write and to read. What is inflated never grows beyond its claimed length.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from types import EllipsisType
from typing import Any

import numpy as np

from gradviz.errors import RecordingError
from gradviz.frozen import Frozen
from gradviz.numbers import dumps, loads

DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<f2", "<f4", "<f8")
JSON = "json"
CODECS = ("raw", "fill", "zlib", "planes", "steps", "shuffle", "delta")  # the last two are those of version 1
DIFFERENCES = ("steps", "delta")
LEVEL = 1  # zlib's fastest: level 6 takes three times as long for a tenth of the size
SMALL = 64  # bytes; less than this is not worth a look
SAMPLE = 1 << 15  # elements, from the middle, that tell how a column compresses
WORTH = 0.75  # a plane that shrinks to more than this is kept as it is: there, a byte less costs most time


class Column(Frozen):
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
    """Code a column of numbers, in the way that makes it small."""
    values = np.ravel(values)
    if len(values) and _is_constant(values):
        dtype = values.dtype.newbyteorder("<").str
        return Column(dtype, len(values), "fill", values[:1].astype(dtype).tobytes())
    if values.dtype.kind not in "iu":
        return _coded(values, "planes")
    narrow = values.astype(_narrowest(values))
    steps = np.diff(values.astype(np.int64), prepend=np.int64(0))
    tight = steps.astype(_narrowest(steps))
    trials = [(narrow, "planes"), (tight, "steps")]
    return _coded(*min(trials, key=lambda trial: len(_coded(_middle(trial[0]), trial[1]).blob)))


def unpack(column: Column) -> np.ndarray:
    """Decode a column of numbers; it cannot be written to.

    Raises:
        RecordingError: it is damaged; the message says how.
    """
    if column.dtype not in DTYPES:
        raise RecordingError(f"has the unknown type {column.dtype[:20]!r}")
    if column.codec not in CODECS:
        raise RecordingError(f"has the unknown coding {column.codec[:20]!r}")
    values = _decoded(column, np.dtype(column.dtype))
    if values.dtype.kind == "b" and len(values) and values.view(np.uint8).max() > 1:
        raise RecordingError("holds truth values that are neither 0 nor 1")
    if column.codec in DIFFERENCES:
        values = np.cumsum(values, dtype=np.int64)
    values.flags.writeable = False
    return values


def pack_json(obj: Any) -> Column:
    """Code plain types, tuples, slices and small arrays."""
    text = json_text(obj).encode("utf-8", "surrogatepass")
    return Column(JSON, len(text), "zlib", zlib.compress(text, LEVEL))


def json_text(obj: Any) -> str:
    """Give what ``pack_json`` compresses. It differs where anything does: 1 is neither 1.0 nor True."""
    return dumps(_tagged(obj))


def unpack_json(column: Column) -> Any:
    """Decode what ``pack_json`` coded.

    Raises:
        RecordingError: it is damaged; the message says how.
    """
    if column.dtype != JSON:
        raise RecordingError(f"has the type {column.dtype[:20]!r} where text was expected")
    try:
        raw = _exactly(_inflate(column.blob, column.length), column.length)
        return _untagged(loads(raw.decode("utf-8", "surrogatepass")))
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise RecordingError(f"is not readable text: {error}") from None


def _coded(values: np.ndarray, codec: str) -> Column:
    """A column by "planes" or "steps", unless it is as small as it is."""
    dtype = values.dtype.newbyteorder("<").str
    raw = np.ascontiguousarray(values, dtype).view(np.uint8).reshape(-1, values.itemsize)
    if raw.nbytes <= SMALL and codec == "planes":
        return Column(dtype, len(values), "raw", raw.tobytes())
    planes = [_deflated(np.ascontiguousarray(plane), digits=values.dtype.kind == "f") for plane in raw.T]
    sizes = np.array([len(plane) for plane in planes], "<u4").tobytes()
    return Column(dtype, len(values), codec, b"".join((sizes, *planes)))


def _deflated(plane: np.ndarray, digits: bool) -> bytes:
    """A plane compressed, or as it is where that gains little. Digits may repeat, but follow no pattern."""
    raw = plane.tobytes()
    strategy = zlib.Z_RLE if digits else zlib.Z_DEFAULT_STRATEGY
    if digits and _shrinks_to(_middle(plane)) >= WORTH:
        return raw
    for part in (_middle(plane).tobytes(), raw) if len(raw) > SAMPLE and not digits else (raw,):
        deflater = zlib.compressobj(LEVEL, strategy=strategy)
        packed = deflater.compress(part) + deflater.flush()
        if len(packed) >= WORTH * len(part):
            return raw
    return packed


def _shrinks_to(plane: np.ndarray) -> float:
    """Estimate the share of its bytes that is left: those that repeat go, or all shrink to their entropy."""
    changes = np.count_nonzero(plane[1:] != plane[:-1]) / len(plane)
    if changes < WORTH:
        return changes
    counts = np.bincount(plane)
    share = counts[counts > 0] / len(plane)
    return float(-(share * np.log2(share)).sum() / 8)


def _middle(values: np.ndarray) -> np.ndarray:
    start = max(0, len(values) - SAMPLE) // 2
    return values[start : start + SAMPLE]


def _is_constant(values: np.ndarray) -> bool:
    """Whether all elements have the same bits."""
    bits = np.ascontiguousarray(values).view(f"u{values.itemsize}")
    return bool(bits[0] == bits[-1] and (bits == bits[0]).all())


def _decoded(column: Column, dtype: np.dtype[Any]) -> np.ndarray:
    if column.codec == "fill":
        if len(column.blob) != dtype.itemsize:
            raise RecordingError(f"is filled with {len(column.blob)} bytes of {dtype.itemsize}")
        return np.repeat(np.frombuffer(column.blob, dtype), column.length)
    if column.codec in ("raw", "zlib"):
        raw = column.blob if column.codec == "raw" else _inflate(column.blob, column.nbytes)
        return np.frombuffer(_exactly(raw, column.nbytes), dtype).copy()
    out = np.empty((column.length, dtype.itemsize), np.uint8)
    for i, plane in enumerate(_planes(column, dtype.itemsize)):
        out[:, i] = np.frombuffer(plane, np.uint8)
    return out.view(dtype)[:, 0]


def _planes(column: Column, count: int) -> Iterator[bytes]:
    """The planes of bytes, the lowest first, each of the claimed length."""
    if column.codec in ("shuffle", "delta"):  # all of them compressed as one
        raw = _exactly(_inflate(column.blob, column.nbytes), column.nbytes)
        yield from (raw[i * column.length : (i + 1) * column.length] for i in range(count))
        return
    at = 4 * count
    if len(column.blob) < at:
        raise RecordingError("does not say how long its planes are")
    for size in np.frombuffer(column.blob, "<u4", count).tolist():
        part = column.blob[at : at + size]
        at += size
        yield part if len(part) == column.length else _exactly(_inflate(part, column.length), column.length)
    if at != len(column.blob):
        raise RecordingError("has planes that do not fill it")


def _narrowest(values: np.ndarray) -> np.dtype[Any]:
    if not len(values):
        return np.dtype(np.uint8)
    dtype = np.result_type(np.min_scalar_type(values.min()), np.min_scalar_type(values.max()))
    return dtype if dtype.str in DTYPES else np.dtype(np.int64)


def _inflate(packed: bytes, length: int) -> bytes:
    """Inflate, but never to more than one byte beyond ``length``."""
    try:
        return zlib.decompressobj().decompress(packed, length + 1)
    except zlib.error as error:
        raise RecordingError(f"cannot be inflated: {error}") from None


def _exactly(raw: bytes, length: int) -> bytes:
    if len(raw) != length:
        raise RecordingError(f"claims {length:,} bytes and does not hold exactly that")
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
