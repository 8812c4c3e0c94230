"""Where the deflector points at each ion: light that it lets through to an ion takes the ion's superposition away."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result
from qctl.platforms.ion_known import FOCUS

from ..drawn import drawn
from ..rows import Row, half, indices, play, program
from ..signal import excited
from .beams import alone, on_ticks

Floats = NDArray[np.float64]
EDGE = 4e-6  # s


@dataclass(frozen=True, slots=True)
class IonPointing:
    """Two quarter turns that undo each other, and between them a little light on each ion, from beside it to beside it.

    A photon that an ion scatters tells where it is, so of a superposition ``exp(-n / 2)`` is left by ``n`` of them in
    the mean, and n follows the beam, a Gaussian. All ions are asked at once, each by a tone of its own.

    Parameters
    ----------
    reach : Hz, to either side of what is believed
    share : of the intensity that measures; a few photons are enough
    duration : s
    """

    name: ClassVar[str] = "ion_pointing"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 240e3
    share: float = 0.005
    duration: float = 64e-6
    n_points: int = 15
    shots: int = 200

    def offsets(self) -> Floats:
        """Return how far from where each ion is believed to be light is pointed, Hz."""
        return np.linspace(-self.reach, self.reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return both turns of all targets, and light between them, for each offset."""
        qubits, pulses, circuits = indices(self.laboratory, self.targets), list[Pulse](), list[list[Row]]()
        for offset in self.offsets():
            rows = list[Row]()
            for qubit, target in zip(qubits, self.targets, strict=True):
                rows += [half(qubit), play([qubit], len(pulses)), half(qubit, pi)]
                pulses.append(self._light(known, target, float(offset)))
            circuits.append(rows)
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def _light(self, known: Parameters, target: str, offset: float) -> Pulse:
        tone = Tone(
            line=FOCUS,
            amplitude=self.share**0.5 * known[f"{target}.focus.amplitude"],
            duration=float(on_ticks(self.duration)),
            edge=EDGE,
            frequency=known[f"{target}.focus.frequency"] + offset,
        )
        return Pulse((tone,))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the tone that points at each target."""
        p, sigma = excited(result, known)
        return tuple(
            self._outcome(target, self._fit(p[:, place], sigma[:, place]), known)
            for place, target in enumerate(self.targets)
        )

    def _fit(self, seen: Floats, sigma: Floats) -> Fit:
        x = self.offsets()

        def ones(p: Floats) -> Floats:
            photons = p[2] * np.exp(-2 * ((x - p[0]) / p[1]) ** 2)
            return np.asarray(p[3] + (0.5 - p[3]) * (1 - np.exp(-photons / 2)))

        highest = float(x[np.argmax(seen)])
        return fit_any_curve(
            "beam", ("centre", "width", "photons", "floor"), ones,
            [(highest, 2e5, n, 0.02) for n in (1.0, 4.0)],
            ((x[0], 3e4, 0.05, -0.1), (x[-1], 1e6, 50.0, 0.3)), x, seen, np.maximum(sigma, 0.01),
        )  # fmt: skip

    def _outcome(self, target: str, fit: Fit, known: Parameters) -> Outcome:
        figures = (drawn(f"light pointed at {target}", fit, "offset (Hz)", y_label="P(1)"),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no light reaches {target}: {fit.reason}")
        value = known[f"{target}.focus.frequency"] + fit.value("centre")
        found = Estimate(value, fit.error("centre"), "Hz", run=self.name)
        note = f"the beam is {fit.value('width') / 1e3:.0f} kHz of the deflector wide (1/e^2 of its intensity)"
        return Outcome(target, {f"{target}.focus.frequency": found}, (fit,), figures, notes=(note,))


NODE = Node(
    name=IonPointing.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="focus.frequency", low=1e6, high=31e6, floor=100e3),),
    make=lambda laboratory, targets, known: IonPointing(laboratory, targets),
    needs=("ion_readout",),
    claims=alone,
    applies=lambda laboratory, target: FOCUS in laboratory.lines and laboratory.lines[FOCUS].output is not None,
)
