"""How wrong gates of a pair work now: rows of them that should leave both ions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.result import Result

from ..rows import program
from .pairs import both, shares, xx


@dataclass(frozen=True, slots=True)
class MsCheck:
    """Two gates flip both ions, four leave them as they were; what else is seen is wrong."""

    name: ClassVar[str] = "ion_ms_check"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 150

    def scan(self, known: Parameters) -> Scan:
        """Return two and four gates of the one target."""
        (target,) = self.targets
        pair = both(self.laboratory, target)
        return Scan(program(self.laboratory, [xx(pair, 2), xx(pair, 4)], pair, self.shots))

    def score(self, result: Result, known: Parameters) -> dict[str, tuple[float, float]]:
        """Return the share of wrong answers and its standard error."""
        (target,) = self.targets
        found, errors = shares(result, known)
        wrong = ((1 - found[0, 2]) + (1 - found[1, 0])) / 2
        return {target: (float(wrong), float(np.hypot(errors[0, 2], errors[1, 0]) / 2))}
