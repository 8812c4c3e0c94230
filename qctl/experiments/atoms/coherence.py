"""Quarter turns that wait as long as programs last: frequencies to a fraction of a hertz, and how much they wander."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import half, indices, wait
from .raman import fringe_quantities
from .seen import asking, bright

Floats = NDArray[np.float64]
PHASES = np.arange(4) * pi / 2
SHORTEST = 0.4e-3  # s: all atoms have their first turn in it, one after the other
WAITS = SHORTEST + np.array([0.0, 3e-3, 8e-3, 16e-3, 24e-3])  # s
WIDE = 40.0  # Hz; further from what is believed no frequency is looked for


@dataclass(frozen=True, slots=True)
class FringesLong:
    """Each wait is read at four phases of the second turn: what is left of the coherence, and where it points.

    Every atom's frequency is another one in each shot, and stays in it: ``C exp(-(s t)^2 / 2 + 2 pi i d t)``.
    """

    name: ClassVar[str] = "fringes_long"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 250

    def scan(self, known: Parameters) -> Scan:
        """Return one circuit for each wait and phase, phases fastest."""
        qubits, circuits = indices(self.laboratory, self.targets), []
        for seconds in WAITS.tolist():
            first = [row for q in qubits for row in (half(q), wait(q, seconds))]
            circuits += [[*first, *(half(q, float(phase)) for q in qubits)] for phase in PHASES]
        return Scan(asking(self.laboratory, self.targets, circuits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the frequency of each target and its T2*."""
        p, sigma = (part.reshape(len(WAITS), len(PHASES), -1) for part in bright(result, known))
        # A qubit above its frame turns the way in which the second pulse's phase runs: P = (1 + C cos(phase + x)) / 2.
        both = np.stack([p[:, 0] - p[:, 2], p[:, 3] - p[:, 1]])
        errors = np.stack([np.hypot(sigma[:, 0], sigma[:, 2]), np.hypot(sigma[:, 3], sigma[:, 1])])
        return tuple(self._outcome(t, fringe(both[..., k], errors[..., k]), known) for k, t in enumerate(self.targets))

    def _outcome(self, target: str, fit: Fit, known: Parameters) -> Outcome:
        names = tuple(f"{seconds * 1e3:.0f} {part}" for part in ("re", "im") for seconds in WAITS)
        figures = (drawn(f"long fringes of {target}", fit, "wait, ms", y_label="coherence", names=names),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no fringe seen: {fit.reason}")
        value = known[f"{target}.frequency"] + fit.value("offset")
        spread, error = max(abs(fit.value("spread")), fit.error("spread")), fit.error("spread")
        found = {
            f"{target}.frequency": Estimate(value, max(fit.error("offset"), 0.1), "Hz", run=self.name),
            f"{target}.t2_ramsey": Estimate(sqrt(2) / spread, sqrt(2) * error / spread**2, "s", run=self.name),
        }
        return Outcome(target, found, (fit,), figures)


def fringe(both: Floats, errors: Floats) -> Fit:
    """Fit contrast, offset (Hz) and spread (rad/s) to quadratures of shape (2, n_waits)."""

    def curve(v: Floats) -> Floats:
        turned = v[0] * np.exp(-((v[2] * WAITS) ** 2) / 2 + 2j * pi * v[1] * WAITS)
        return np.concatenate([turned.real, turned.imag])

    offsets = np.linspace(-WIDE, WIDE, 321)
    overlap = np.abs(np.exp(-2j * pi * offsets[:, None] * WAITS) @ (both[0] + 1j * both[1]))
    starts = [(0.9, float(offsets[int(np.argmax(overlap))]), spread) for spread in (5.0, 30.0)]
    bounds = ([0.2, -1.2 * WIDE, -300.0], [1.3, 1.2 * WIDE, 300.0])  # a spread may come out of either sign
    x = np.arange(float(2 * len(WAITS)))
    return fit_any_curve(
        "long fringes", ("contrast", "offset", "spread"), curve, starts, bounds, x, both.ravel(), errors.ravel()
    )


NODE = Node(
    name=FringesLong.name,
    kind=Target.QUBIT,
    finds=fringe_quantities(1e-2),  # s: a program of ten gates takes 20 ms
    make=lambda laboratory, targets, known: FringesLong(laboratory, targets),
    needs=("fringes", "fine_flop"),
    claims=lambda laboratory, known, target: frozenset({target}),
    largest_error=2.0,
)
