"""A header and arrays in one piece of bytes that proves itself: how segments, results and compiled programs are kept.

Layout: 8 bytes of magic; length of the header, 8 bytes, little-endian; the header, JSON in UTF-8; each array in NumPy's
own format (``.npy``, never pickled) in the order of the header's ``arrays``; the SHA-256 of everything before it.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DamagedError

MAGIC = b"qctl\x00\x01\r\n"
MOST_HEADER = 64 * 2**20
_SUM = 32
_LENGTH = slice(8, 10)  # where an array of NumPy says how long its head is, little-endian
Arrays = Mapping[str, NDArray[Any]]


def pack(header: Mapping[str, object], arrays: Arrays) -> bytes:
    """Return header and arrays as bytes; the same content gives the same bytes."""
    return b"".join(pieces(header, arrays))


def pieces(header: Mapping[str, object], arrays: Arrays) -> Iterator[bytes | memoryview]:
    """Yield what `pack` returns piece by piece, without a copy of any array that lies in one piece already."""
    text = json.dumps(
        {"header": header, "arrays": list(arrays)}, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()
    total = hashlib.sha256()
    for piece in _content(text, arrays):
        total.update(piece)
        yield piece
    yield total.digest()


def _content(header: bytes, arrays: Arrays) -> Iterator[bytes | memoryview]:
    yield MAGIC + len(header).to_bytes(8, "little") + header
    for array in arrays.values():
        whole, head = np.ascontiguousarray(array), io.BytesIO()
        if whole.dtype.hasobject:
            raise ValueError("Object arrays are never stored")
        np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(whole))
        yield head.getvalue()
        yield whole.reshape(-1).view(np.uint8).data


def unpack(data: bytes | memoryview, where: str = "") -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return header and arrays.

    Raises
    ------
    DamagedError
        When the bytes are not what `pack` made.
    """
    view = memoryview(data)
    body, found = view[:-_SUM], bytes(view[-_SUM:])
    if bytes(view[: len(MAGIC)]) != MAGIC or len(view) < len(MAGIC) + 8 + _SUM:
        raise DamagedError("it does not begin as a container does", where=where)
    if hashlib.sha256(body).digest() != found:
        raise DamagedError("its content does not have the hash at its end", where=where)
    try:
        return _parts(body)
    except (ValueError, KeyError, TypeError, EOFError) as reason:
        raise DamagedError(f"its parts cannot be read ({reason})", where=where) from reason


def _parts(body: memoryview) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    start = len(MAGIC) + 8
    n_header = int.from_bytes(body[len(MAGIC) : start], "little")
    if n_header > MOST_HEADER:
        raise ValueError(f"a header of {n_header} bytes")
    found = json.loads(bytes(body[start : start + n_header]))
    rest = body[start + n_header :]
    arrays: dict[str, NDArray[Any]] = {}
    for name in found["arrays"]:
        arrays[name], rest = _array(rest)
    if len(rest):
        raise ValueError(f"{len(rest)} bytes too many")
    header: dict[str, Any] = found["header"]
    return header, arrays


def _array(data: memoryview) -> tuple[NDArray[Any], memoryview]:
    """Return the array that some bytes begin with, a view into them, and the rest."""
    start = _LENGTH.stop + int.from_bytes(data[_LENGTH], "little")
    shape, dtype = _described(bytes(data[:start]))
    size = math.prod(shape) * dtype.itemsize
    if start + size > len(data):
        raise ValueError(f"{len(data) - start} bytes of {size}")
    return np.frombuffer(data[start : start + size], dtype).reshape(shape), data[start + size :]


@lru_cache(maxsize=1024)
def _described(head: bytes) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and kind of an array from the bytes before it; the same ones come again and again."""
    stream = io.BytesIO(head)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"an array of format {version}")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.hasobject or fortran:
        raise ValueError(f"an array of {dtype}")
    return shape, dtype
