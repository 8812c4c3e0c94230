"""The words of `qctl.core` as plain data and arrays, so that they cross process borders without being pickled.

Only the dataclasses of ``KINDS`` are written, and nothing but they can be read: text from another process chooses among
them, it never names code.
"""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qctl.core.branching import Branching, Decision, Telling
from qctl.core.gathering import Gathering, Piece
from qctl.core.parameters import Estimate, Parameters
from qctl.core.played import Played
from qctl.core.port import Port
from qctl.core.program import Register
from qctl.core.record import Counts, Images, Record, Timing, Told, Trace
from qctl.core.sequence import Counting, Digital, Exposing, Listening, Playlist, Sequence, Track, Waveform
from qctl.core.tree import Tree

from .container import pack, pieces, unpack
from .errors import DamagedError
from .request import Candidate, Claims

_CLASSES: tuple[type[Any], ...] = (
    *(Sequence, Track, Listening, Digital, Counting, Exposing, Playlist, Waveform),
    *(Branching, Decision, Telling, Told, Tree, Played, Gathering, Piece),
    *(Record, Trace, Counts, Images, Timing, Register, Estimate, Parameters, Candidate, Claims),
)
KINDS = {kind.__name__: kind for kind in _CLASSES}
SMALL = 4096  # bytes; arrays up to here lie together, one after the other: most are of a few numbers


class _Arrays:
    """Arrays on their way into a container."""

    def __init__(self) -> None:
        self.large: dict[str, NDArray[Any]] = {}
        self._small: dict[str, list[NDArray[Any]]] = {}
        self._sizes: dict[str, int] = {}

    def keep(self, array: NDArray[Any]) -> dict[str, object]:
        """Take an array; return where it will be found."""
        if array.nbytes > SMALL or not array.dtype.isbuiltin:
            name = str(len(self.large))
            self.large[name] = array
            return {"array": name}
        kind = array.dtype.str
        start = self._sizes.get(kind, 0)
        self._sizes[kind] = start + array.size
        self._small.setdefault(kind, []).append(array.reshape(-1))
        return {"small": [kind, start, list(array.shape)]}

    def all(self) -> dict[str, NDArray[Any]]:
        """Return all of them by name."""
        return {**self.large, **{kind: np.concatenate(parts) for kind, parts in self._small.items()}}


def encode(value: object) -> bytes:
    """Return words of the core, in mappings and tuples as they come, as a container."""
    return pack(*_parts(value))


def decode(data: bytes | bytearray | memoryview | mmap.mmap, where: str = "") -> Any:  # noqa: ANN401 (whatever was encoded)
    """Return what `encode` was given; raise DamagedError when these are not its bytes."""
    header, arrays = unpack(memoryview(data), where)
    try:
        return _value(header["value"], arrays)
    except (KeyError, TypeError, ValueError, IndexError) as reason:
        raise DamagedError(f"its words cannot be read ({reason})", where=where) from reason


def write(path: Path, value: object) -> None:
    """Encode into a file for another process, all of it or nothing; it need not survive anything."""
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("wb", buffering=0) as out:
        for piece in pieces(*_parts(value)):
            out.write(piece)
    unfinished.rename(path)


def write_encoded(path: Path, data: bytes) -> None:
    """Write what `encode` returned, all of it or nothing."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_bytes(data)
    unfinished.rename(path)


def read(path: Path) -> Any:  # noqa: ANN401 (whatever was written)
    """Return what `write` was given; large arrays stay in the file's pages until they are looked at."""
    handle = os.open(path, os.O_RDONLY)
    try:
        return decode(mmap.mmap(handle, 0, access=mmap.ACCESS_COPY), str(path))
    finally:
        os.close(handle)


def _parts(value: object) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
    arrays = _Arrays()
    plain = _plain(value, arrays)
    return {"value": plain}, arrays.all()


def _plain(value: object, arrays: _Arrays) -> object:
    if isinstance(value, Enum):
        return _plain(value.value, arrays)
    if value is None or isinstance(value, bool | int | float | str):
        return {"float": value.hex()} if isinstance(value, float) else value
    if isinstance(value, np.ndarray):
        return arrays.keep(value)
    if isinstance(value, Fraction):
        return {"fraction": [value.numerator, value.denominator]}
    if isinstance(value, Port):
        return {"port": [value.instrument, value.number, value.marker]}
    if isinstance(value, Mapping) and not isinstance(value, Parameters):
        return {"mapping": [[_plain(key, arrays), _plain(item, arrays)] for key, item in value.items()]}
    if isinstance(value, tuple | list):
        return {"tuple": [_plain(item, arrays) for item in value]}
    if isinstance(value, frozenset):
        return {"set": sorted(_plain(item, arrays) for item in value)}  # type: ignore[type-var]
    if type(value) in KINDS.values():
        content = {one.name: _plain(getattr(value, one.name), arrays) for one in fields(value) if one.init}  # type: ignore[arg-type]
        return {"kind": type(value).__name__, "fields": content}
    if isinstance(value, np.generic):
        return _plain(value.item(), arrays)
    raise TypeError(f"{type(value).__name__} is no word of the core")


def _value(plain: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:  # noqa: ANN401 (plain data)
    if not isinstance(plain, dict):
        return plain
    if "kind" in plain:
        content = {name: _value(item, arrays) for name, item in plain["fields"].items()}
        return KINDS[plain["kind"]](**content)
    ((word, content),) = plain.items()
    if word == "float":
        return float.fromhex(content)
    if word == "array":
        return arrays[content]
    if word == "small":
        kind, start, shape = content
        return arrays[kind][start : start + math.prod(shape)].reshape(shape)
    if word == "fraction":
        return Fraction(*content)
    if word == "port":
        return Port(*content)
    if word == "mapping":
        return {_value(key, arrays): _value(item, arrays) for key, item in content}
    if word == "tuple":
        return tuple(_value(item, arrays) for item in content)
    if word == "set":
        return frozenset(content)
    raise ValueError(f"no word {word!r}")
