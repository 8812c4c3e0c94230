"""How wrong single-qubit gates on atoms work now: rows about random axes, counted where atoms were and stayed."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from qctl.core.parameters import Parameters
from qctl.core.result import Result

from ..gate_check import GateCheck
from .seen import bright


class AtomCheck(GateCheck):
    """The rows of `GateCheck`; images tell 0 from 1 by a threshold, so no references are needed beside them."""

    name: ClassVar[str] = "atom_check"

    def score(self, result: Result, known: Parameters) -> dict[str, tuple[float, float]]:
        """Return the share of wrong answers of each target and its standard error."""
        p, sigma = bright(result, known)
        excited = np.arange(2 * self.rows)[:, None] % 2 == 1
        wrong = np.where(excited, 1 - p[2:], p[2:])
        share, errors = wrong.mean(axis=0), np.sqrt((sigma[2:] ** 2).sum(axis=0)) / (2 * self.rows)
        return {t: (float(s), float(min(e, 1.0))) for t, s, e in zip(self.targets, share, errors, strict=True)}
