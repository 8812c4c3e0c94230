"""Counts of a run by sweep point, as arrays: how segments and results keep them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qctl.core.result import tally


@dataclass(frozen=True)
class Counted:
    """Which keys came how often.

    Parameters
    ----------
    keys : uint8, shape (n_keys, n_bytes); bits of each key, packed, first bit first
    numbers : int64, shape (n_keys,)
    starts : int64, shape (n_points + 1,); keys ``starts[p]:starts[p + 1]`` are those of sweep point ``p``
    n_bits : of each key
    """

    keys: NDArray[np.uint8]
    numbers: NDArray[np.int64]
    starts: NDArray[np.int64]
    n_bits: int

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
        rows = np.unpackbits(self.keys[here], axis=1, count=self.n_bits)
        keys = ["".join(map(str, row)) for row in rows.tolist()]
        return dict(zip(keys, self.numbers[here].tolist(), strict=True))


def count(bits: NDArray[np.uint8], kept: NDArray[np.bool_] | None = None) -> Counted:
    """Return the counts of bits, shape (n_points, shots, n_bits); of the shots that are kept, where that is said."""
    n_bits = bits.shape[2]
    parts = [tally(of_point if kept is None else of_point[kept[k]]) for k, of_point in enumerate(bits)]
    keys = [np.packbits(rows, axis=1) for rows, _ in parts]
    starts = np.cumsum([0, *(len(numbers) for _, numbers in parts)])
    width = -(-n_bits // 8)
    return Counted(
        np.concatenate(keys) if keys else np.zeros((0, width), np.uint8),
        np.concatenate([numbers for _, numbers in parts]) if parts else np.zeros(0, np.int64),
        starts.astype(np.int64),
        n_bits,
    )


def from_arrays(arrays: Mapping[str, NDArray[Any]], n_bits: int) -> Counted:
    """Return the counts that a container keeps."""
    return Counted(arrays["keys"], arrays["numbers"], arrays["starts"], n_bits)


def total(parts: Iterable[Counted]) -> Counted:
    """Return the counts of all parts together; they have the same points and bits."""
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
    return Counted(np.concatenate(keys), np.concatenate(numbers), np.array(starts, np.int64), first.n_bits)
