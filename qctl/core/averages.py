"""Means over shots, kept as they come in: memory for the grid, however many shots there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .axis import Axis, n_points
from .errors import UsageError
from .program import Register
from .result import Result

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Averages:
    """What many shots say on average, at each point of a sweep.

    Parameters
    ----------
    axes : of the grid; the arrays below run over its points, the last axis fastest
    registers : the program's, by name
    shots : int64, shape (n_points,), that count
    ones : int64, shape (n_points, n_bits), how often each bit was 1
    columns : physical qubit and bit of each measurement
    points : complex128, shape (n_points, n_measurements), sum of what states were told from (V, photons)
    squares : float64, alike, sum of the squared distances from 0
    """

    axes: tuple[Axis, ...]
    registers: Mapping[str, Register]
    shots: NDArray[np.int64]
    ones: NDArray[np.int64]
    columns: tuple[tuple[int, int], ...]
    points: NDArray[np.complex128]
    squares: Floats

    @classmethod
    def of(cls, result: Result) -> Averages:
        """Return the averages of a result."""
        kept = np.ones(result.bits.shape[:2], bool) if result.kept is None else result.kept
        heard = np.where(kept[:, :, None], np.nan_to_num(result.iq), 0)
        return cls(
            result.axes,
            {register.name: register for register in result.registers},
            kept.sum(axis=1),
            np.einsum("psb,ps->pb", result.bits, kept, dtype=np.int64),
            result.measured,
            heard.sum(axis=1),
            (np.abs(heard) ** 2).sum(axis=1),
        )

    def __add__(self, other: Averages) -> Averages:
        """Return the averages of the shots of both; the program is the same."""
        return replace(
            self,
            shots=self.shots + other.shots,
            ones=self.ones + other.ones,
            points=self.points + other.points,
            squares=self.squares + other.squares,
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the lengths of the axes; of a mere row of points, their number."""
        lengths = tuple(map(len, self.axes))
        return lengths if n_points(self.axes) == len(self.shots) else (len(self.shots),)

    def mean(self, name: str | int = 0) -> Floats:
        """Return how often a bit was 1, from 0 to 1; of a register of several bits, how often each was.

        Parameters
        ----------
        name : of a register, or the number of a bit

        Returns
        -------
        float64 of the shape of the axes, for a register with its bits as one more axis; NaN where no shot counts
        """
        return self._formed(self.ones / np.where(self.shots, self.shots, np.nan)[:, None], self._bits(name))

    def error(self, name: str | int = 0) -> Floats:
        """Return the standard error of `mean`, by the rule of succession: never 0, even where all shots agree."""
        total = self.shots[:, None]
        share = (self.ones + 1) / (total + 2)
        return self._formed(np.sqrt(share * (1 - share) / (total + 3)), self._bits(name))

    def iq(self, qubit: int = 0) -> NDArray[np.complex128]:
        """Return the mean point of a measurement, by its number: V in the IQ plane, or photons."""
        means = self.points / np.where(self.shots, self.shots, np.nan)[:, None]
        return np.asarray(means[:, qubit].reshape(self.shape))

    def spread(self, qubit: int = 0) -> Floats:
        """Return the standard error of `iq` along each of its axes, if it is alike along both."""
        total = np.where(self.shots, self.shots, np.nan)
        variance = self.squares[:, qubit] / total - np.abs(self.points[:, qubit] / total) ** 2
        return np.asarray(np.sqrt(np.maximum(variance, 0) / 2 / total).reshape(self.shape))

    def _repr_html_(self) -> str:
        """Return curves or a field for a notebook."""
        from .picture.result import averages  # only notebooks draw

        return averages(self)

    def _bits(self, name: str | int) -> slice | int:
        if isinstance(name, str):
            if name not in self.registers:
                raise UsageError(f"the bits {name!r}", allowed=", ".join(self.registers) or "numbers of bits")
            register = self.registers[name]
            return register.start if register.size == 1 else slice(register.start, register.start + register.size)
        if not 0 <= name < self.ones.shape[1]:
            raise UsageError(f"bit {name}", allowed=f"0 to {self.ones.shape[1] - 1}")
        return name

    def _formed(self, values: Floats, bits: slice | int) -> Floats:
        found = values[:, bits]
        return np.asarray(found.reshape(self.shape + found.shape[1:]))
