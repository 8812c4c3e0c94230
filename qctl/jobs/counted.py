"""Counts of a run by sweep point, as arrays: how segments and results keep them, values beside bits included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ProgramError
from qctl.core.operators import Number
from qctl.core.outputs import element, shown, tallied
from qctl.core.result import tally

WIDTH = 9  # bytes of a value: one of _KINDS, then eight
_KINDS = (np.dtype("<i8"), np.dtype("<f8"), np.dtype("<u8"))


@dataclass(frozen=True)
class Counted:
    """Which keys came how often; where values beside bits are shown, which keys with which values.

    Parameters
    ----------
    keys : uint8, shape (n_keys, n_bytes); bits of each key, packed, first bit first, then each value in `WIDTH` bytes
    numbers : int64, shape (n_keys,)
    starts : int64, shape (n_points + 1,); keys ``starts[p]:starts[p + 1]`` are those of sweep point ``p``
    n_bits : of each key
    names : of the values, elements of arrays one by one
    """

    keys: NDArray[np.uint8]
    numbers: NDArray[np.int64]
    starts: NDArray[np.int64]
    n_bits: int
    names: tuple[str, ...] = ()

    @property
    def n_points(self) -> int:
        """Return the number of sweep points."""
        return len(self.starts) - 1

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a container keeps."""
        return {"keys": self.keys, "numbers": self.numbers, "starts": self.starts}

    def shots(self) -> int:
        """Return the shots of one sweep point; all have the same number but where shots did not count."""
        return int(self.numbers.sum() // max(1, self.n_points))

    def of(self, point: int) -> dict[str, int]:
        """Return how often each key came at one sweep point; character i is bit i."""
        here = slice(self.starts[point], self.starts[point + 1])
        found = Counter[str]()
        for key, number in zip(self._keys(here), self.numbers[here].tolist(), strict=True):
            found[key] += number
        return dict(found)

    def ends(self, point: int) -> list[tuple[str, dict[str, Number], int]]:
        """Return keys with their values by name, and how often they came together, at one sweep point."""
        here = slice(self.starts[point], self.starts[point + 1])
        words = self.keys[here, -(-self.n_bits // 8) :].reshape(-1, len(self.names), WIDTH)
        values = [dict(zip(self.names, map(_value, row), strict=True)) for row in words]
        return list(zip(self._keys(here), values, self.numbers[here].tolist(), strict=True))

    def outputs(self, point: int) -> dict[str, dict[str, int]]:
        """Return by name how often each value came at one sweep point, as `qctl.core.outputs.key_of` writes it."""
        ends = self.ends(point)
        columns = shown(self.names, [values for _, values, _ in ends], np.arange(len(ends)))
        return {name: tallied(column, (number for *_, number in ends)) for name, column in columns.items()}

    def _keys(self, here: slice) -> list[str]:
        rows = np.unpackbits(self.keys[here, : -(-self.n_bits // 8)], axis=1, count=self.n_bits)
        return ["".join(map(str, row)) for row in rows.tolist()]


def count(
    bits: NDArray[np.uint8],
    kept: NDArray[np.bool_] | None = None,
    outputs: Mapping[str, NDArray[np.generic]] | None = None,
) -> Counted:
    """Return the counts of bits, shape (n_points, shots, n_bits); of the shots that are kept, where that is said.

    Parameters
    ----------
    outputs : values beside them by name, shape (n_points, shots, ...)
    """
    n_bits = bits.shape[2]
    columns = _columns(outputs or {})
    parts = []
    for point, of_point in enumerate(bits):
        here = slice(None) if kept is None else kept[point]
        if columns:
            rows = np.hstack([np.packbits(of_point[here], axis=1), *(_words(c[point][here]) for c in columns.values())])
            parts.append(np.unique(rows, axis=0, return_counts=True))
        else:
            states, numbers = tally(of_point[here])
            parts.append((np.packbits(states, axis=1), numbers))
    starts = np.cumsum([0, *(len(numbers) for _, numbers in parts)])
    width = -(-n_bits // 8) + WIDTH * len(columns)
    return Counted(
        np.concatenate([keys for keys, _ in parts]) if parts else np.zeros((0, width), np.uint8),
        np.concatenate([numbers for _, numbers in parts]) if parts else np.zeros(0, np.int64),
        starts.astype(np.int64),
        n_bits,
        tuple(columns),
    )


def from_arrays(arrays: Mapping[str, NDArray[Any]], n_bits: int, names: Iterable[str] = ()) -> Counted:
    """Return the counts that a container keeps."""
    return Counted(arrays["keys"], arrays["numbers"], arrays["starts"], n_bits, tuple(names))


def read_counts(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Counted:
    """Return the counts of a container; those that were stored before values were do not name any."""
    return from_arrays(arrays, header["n_bits"], header.get("shown", ()))


def total(parts: Iterable[Counted]) -> Counted:
    """Return the counts of all parts together; they have the same points, bits and values."""
    found = list(parts)
    first = found[0]
    keys, numbers, starts = [], [], [0]
    for point in range(first.n_points):
        here = [(one.keys[a:b], one.numbers[a:b]) for one in found for a, b in [one.starts[point : point + 2]]]
        rows, which = np.unique(np.concatenate([k for k, _ in here]), axis=0, return_inverse=True)
        summed = np.zeros(len(rows), np.int64)
        np.add.at(summed, which.reshape(-1), np.concatenate([n for _, n in here]))
        keys.append(rows)
        numbers.append(summed)
        starts.append(starts[-1] + len(rows))
    starts_of = np.array(starts, np.int64)
    return Counted(np.concatenate(keys), np.concatenate(numbers), starts_of, first.n_bits, first.names)


def _columns(outputs: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """Return values by name, each of shape (n_points, shots)."""
    return {
        element(name, index): values[(slice(None), slice(None), *index)]
        for name, values in outputs.items()
        for index in np.ndindex(values.shape[2:])
    }


def _words(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return values as bytes, shape (n, WIDTH): exactly, whichever of the three kinds each is."""
    found = np.zeros((len(values), WIDTH), np.uint8)
    if values.dtype.kind == "O":
        if beyond := [value for value in values.tolist() if not -(2**63) <= value < 2**64]:
            raise ProgramError(f"an output of {beyond[0]:.3g}", allowed="whole numbers of at most 64 bits")
        large = np.array([value >= 2**63 for value in values.tolist()], bool)
        for kind, rows in ((0, ~large), (2, large)):
            found[rows, 0] = kind
            found[rows, 1:] = values[rows].astype(_KINDS[kind]).view(np.uint8).reshape(-1, 8)
        return found
    kind = 1 if values.dtype.kind == "f" else 0
    found[:, 0], found[:, 1:] = kind, values.astype(_KINDS[kind]).view(np.uint8).reshape(-1, 8)
    return found


def _value(word: NDArray[np.uint8]) -> Number:
    found: Number = word[1:].copy().view(_KINDS[int(word[0])])[0].item()
    return found
