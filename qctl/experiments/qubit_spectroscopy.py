"""Find the transition 0-1 around a guess: at which frequency a pulse moves the qubit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .drawn import drawn
from .drive import frequency_curvature
from .lines import Comb, centre_of, circuits_of, comb, lines_of, rival
from .rows import indices, program
from .signal import projected

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class QubitSpectroscopy:
    """Play a smooth pulse at many frequencies; the qubit answers in resonance.

    Pulses of a limited angle instead of a saturating tone: what is 20 times weaker on the chip (the image of a mixer,
    a neighbour's line), needs two photons or a qubit that is excited already (0-2 / 2, 1-2) does not answer to them.
    Where the pi pulse is not measured yet, each frequency is asked with a weak and a strong one.

    Parameters
    ----------
    span : to either side of a guess; what is measured is looked for within 6 of its errors, Hz
    least_span : Hz
    """

    name: ClassVar[str] = "qubit_spectroscopy"
    laboratory: Laboratory
    targets: tuple[str, ...]
    span: float = 60e6
    least_span: float = 15e6
    n_points: int = 23
    shots: int = 100

    def asked(self, known: Parameters) -> Comb:
        """Return which frequencies are asked."""
        found = [known.estimates[f"{target}.frequency"] for target in self.targets]
        spans = np.clip([6 * f.error for f in found], self.least_span, self.span)
        return comb(known, self.targets, np.array([f.value for f in found]), spans, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return one pulse on every target at once, for each frequency."""
        circuits, pulses = circuits_of(self.laboratory, known, self.targets, self.asked(known))
        return Scan(program(self.laboratory, circuits, indices(self.laboratory, self.targets), self.shots, pulses))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the frequency of each target."""
        asked = self.asked(known)
        (fits,) = lines_of(asked, *projected(result))
        return tuple(self._outcome(*both) for both in zip(self.targets, fits, asked.frequencies, strict=True))

    def _outcome(self, target: str, fit: Fit, asked: Floats) -> Outcome:
        figures = (drawn(f"spectroscopy of {target}", fit, "frequency (Hz)", marks=(fit.value("centre"),)),)
        where = f"between {asked[0] / 1e9:.4f} and {asked[-1] / 1e9:.4f} GHz"
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no line seen {where}: {fit.reason}")
        second = rival(fit)
        if second is not None:
            both = f"{fit.value('centre') / 1e9:.4f} and {second / 1e9:.4f} GHz"
            return Outcome(target, fits=(fit,), figures=figures, reason=f"two lines alike, at {both}: not told apart")
        value, error = centre_of(fit)
        found = {f"{target}.frequency": Estimate(value, error, "Hz", run=self.name)}
        return Outcome(target, found, (fit,), figures)


NODE = Node(
    name=QubitSpectroscopy.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="frequency", low=1e9, high=12e9, floor=60e6, curvature=frequency_curvature),),
    make=lambda laboratory, targets, known: QubitSpectroscopy(laboratory, targets),
    needs=("resonators",),
    claims=lambda laboratory, known, target: frozenset({target}),
    sees_drive=True,
)
