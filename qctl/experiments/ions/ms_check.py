"""How wrong gates of pairs work now: rows of them that should leave both ions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.result import Result

from .pairs import both, played, shares_of_each, xx

NUMBERS = (2, 4)


@dataclass(frozen=True, slots=True)
class MsCheck:
    """Two gates flip both ions, four leave them as they were; what else is seen is wrong."""

    name: ClassVar[str] = "ion_ms_check"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 150

    def scan(self, known: Parameters) -> Scan:
        """Return two and four gates of each target."""
        circuits = [xx(both(self.laboratory, target), n) for target in self.targets for n in NUMBERS]
        return Scan(played(self.laboratory, self.targets, circuits, self.shots))

    def score(self, result: Result, known: Parameters) -> dict[str, tuple[float, float]]:
        """Return the share of wrong answers of each target and its standard error."""
        scores = {}
        for target, found, errors in shares_of_each(result, known, self.laboratory, self.targets):
            wrong = ((1 - found[0, 2]) + (1 - found[1, 0])) / 2
            scores[target] = (float(wrong), float(np.hypot(errors[0, 2], errors[1, 0]) / 2))
        return scores
