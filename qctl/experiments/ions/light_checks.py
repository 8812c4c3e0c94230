"""Whether cooling light and electrodes are where they should be: a few points, before anybody relies on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.result import Result
from qctl.platforms.ion_known import COOLING

from ..rows import half, indices, program
from .photons import cooling_photons
from .presence import FEWEST

Floats = NDArray[np.float64]
Score = tuple[float, float]
LINEWIDTH = 19.6e6  # Hz, natural, of 171Yb+ at 369 nm (S. Olmschenk et al., Phys. Rev. A 76, 052314, table I)
UNLIT = (1.0, 1.0)  # of a check that sees no light at all


@dataclass(frozen=True, slots=True)
class CoolingCheck:
    """Light at three frequencies: where it cools, just red of the resonance, and beyond it, where ions are heated.

    Parameters
    ----------
    aside : Hz, from the resonance to either side
    """

    name: ClassVar[str] = "cooling_check"
    laboratory: Laboratory
    targets: tuple[str, ...]
    aside: float = 3e6
    shots: int = 20

    def scan(self, known: Parameters) -> Scan:
        """Return a shot in which nothing is played at each of them."""
        best = known[f"{COOLING}.tone.frequency"]
        saturation = known.get(f"{COOLING}.saturation", 1.0)
        resonance = best + LINEWIDTH * (1 + saturation) ** 0.5 / 2
        settings = tuple(
            {f"{COOLING}.tone.frequency": float(f)} for f in (best, resonance - self.aside, resonance + self.aside)
        )
        qubits = indices(self.laboratory, self.laboratory.qubit_names)
        return Scan(program(self.laboratory, [[]], qubits, self.shots), settings, traces=True)

    def score(self, result: Result, known: Parameters) -> dict[str, Score]:
        """Return the light beyond the resonance over that in front of it; hardly any, where it is right."""
        light, sigma = cooling_photons(result)
        front, share = float(light[1]), float(light[2] / max(light[1], 1e-9))
        score = min(share, 1.0), float(np.hypot(sigma[2], share * sigma[1])) / max(front, 1e-9)
        return dict.fromkeys(self.targets, score if front >= FEWEST else UNLIT)


@dataclass(frozen=True, slots=True)
class AlongCheck:
    """Cooling light at three voltages of the electrode along it: as much to one side as to the other.

    Parameters
    ----------
    aside : V
    """

    name: ClassVar[str] = "micromotion_light_check"
    laboratory: Laboratory
    targets: tuple[str, ...]
    aside: float = 2.0
    shots: int = 30

    def scan(self, known: Parameters) -> Scan:
        """Return a shot in which nothing is played under each of them."""
        qubits = indices(self.laboratory, self.laboratory.qubit_names)
        return Scan(
            program(self.laboratory, [[]], qubits, self.shots), _around(self.targets, self.aside, known), traces=True
        )

    def score(self, result: Result, known: Parameters) -> dict[str, Score]:
        """Return by how much both sides differ, over the light in the middle."""
        light, sigma = cooling_photons(result)
        middle = float(light[1])
        return dict.fromkeys(self.targets, _balance(light, sigma, middle) if middle >= FEWEST else UNLIT)


@dataclass(frozen=True, slots=True)
class AcrossCheck:
    """Rows of quarter turns at three voltages of the electrode across the beams: as bright on one side as on the other.

    Parameters
    ----------
    aside : V
    turns : quarter turns in a row
    """

    name: ClassVar[str] = "micromotion_check"
    laboratory: Laboratory
    targets: tuple[str, ...]
    aside: float = 0.6
    turns: int = 9
    shots: int = 60

    def scan(self, known: Parameters) -> Scan:
        """Return a row of quarter turns of all ions under each of them."""
        qubits = indices(self.laboratory, self.laboratory.qubit_names)
        rows = [half(q) for q in qubits for _ in range(self.turns)]
        return Scan(program(self.laboratory, [rows], qubits, self.shots), _around(self.targets, self.aside, known))

    def score(self, result: Result, known: Parameters) -> dict[str, Score]:
        """Return by how much both sides differ in the share of bright ions."""
        bits = [result.kept_bits(point) for point in range(3)]
        share = np.array([(one.sum() + 0.5) / (one.size + 1) for one in bits])
        sigma = np.sqrt(share * (1 - share) / np.array([one.size + 1 for one in bits]))
        return dict.fromkeys(self.targets, _balance(share, sigma, 1.0))


def _around(targets: tuple[str, ...], aside: float, known: Parameters) -> tuple[dict[str, float], ...]:
    (electrode,) = targets
    return tuple({f"{electrode}.voltage": known[f"{electrode}.voltage"] + k * aside} for k in (-1, 0, 1))


def _balance(seen: Floats, sigma: Floats, whole: float) -> Score:
    return abs(float(seen[2] - seen[0])) / whole, float(np.hypot(sigma[0], sigma[2])) / whole
