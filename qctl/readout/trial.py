"""What shots say whose answer is known beforehand: how many atoms are in 1 that should be, or should not."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.parameters import Parameters
from qctl.core.result import Result

ENOUGH = 6  # looks from which a share is believed: of seven that fail once in twenty, half do once in 10^4
Shots = NDArray[np.bool_]


@dataclass(frozen=True)
class Looks:
    """Atoms that were there and stayed, in the order of their bits, all sweep points in a row.

    Parameters
    ----------
    here : bool, shape (shots, n_bits); there in the first image and in the last one
    ones : bool, shape (shots, n_bits); seen in 1
    """

    here: Shots
    ones: Shots

    @classmethod
    def of(cls, result: Result, known: Parameters) -> Looks:
        """Return what a result of an array of atoms shows."""
        order = np.argsort([bit for _, bit in result.measured])
        names = [result.qubits[result.measured[k][0]] for k in order]
        seen = result.iq[:, :, order].reshape(-1, len(order))
        bright, present = (np.array([known[f"{n}.readout.{what}"] for n in names]) for what in ("counts", "present"))
        return cls(~np.isnan(seen.real) & (seen.imag > present), seen.real > bright)

    def share(self, atoms: Seq[int]) -> float | None:
        """Return how often some atoms are in 1; None from too few looks."""
        return _share(self.ones[:, list(atoms)], self.here[:, list(atoms)])

    def contrast(self, pairs: Seq[tuple[int, int]], turned: Seq[int]) -> float | None:
        """Return how much oftener targets are in 1 whose control is there and was turned; None from too few looks."""
        with_one, with_none = ([pair for pair in pairs if (pair[0] in turned) is yes] for yes in (True, False))
        if not with_one or not with_none:
            return None
        both = np.stack([self.here[:, a] & self.here[:, b] for a, b in with_one], axis=1)
        high = _share(self.ones[:, [b for _, b in with_one]], both)
        low = self.share([b for _, b in with_none])
        return None if high is None or low is None else high - low


def _share(ones: Shots, of: Shots) -> float | None:
    n = int(of.sum())
    return float((ones & of).sum() / n) if n >= ENOUGH else None
