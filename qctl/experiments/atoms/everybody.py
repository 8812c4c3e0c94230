"""How strong light on all atoms is, and about which axis it turns them: beside local light it is a beam of its own."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import fit_cosine
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result
from qctl.platforms.tweezers.layer import LINE
from qctl.platforms.tweezers.plays import EDGE

from ..drawn import drawn
from ..rabi import turning_point
from ..rows import Row, barrier, half, play
from .rydberg import pooled
from .seen import asking, left, ones, there

Floats = NDArray[np.float64]
GUESS = 0.25  # of full scale, about a quarter turn: its axis does not depend on how far it turns


@dataclass(frozen=True, slots=True)
class GlobalTurn:
    """Sweep the amplitude of one pulse on all atoms; then let local quarter turns of many axes follow it.

    Behind a turn by t about the axis a, a local quarter turn about b leaves ``P(1) = 1/2 + sin(t) cos(a - b) / 2``: the
    fringe says about which axis the global pulse turned. Its carrier is the mean frequency of all atoms, which differ
    by some ten hertz, so all are counted together.

    Parameters
    ----------
    highest : amplitude
    """

    name: ClassVar[str] = "global_turn"
    laboratory: Laboratory
    targets: tuple[str, ...]
    highest: float = 0.95
    n_amplitudes: int = 21
    n_axes: int = 12
    shots: int = 60

    @property
    def amplitudes(self) -> Floats:
        """Return the amplitudes of the pulse."""
        return np.linspace(0, self.highest, self.n_amplitudes)

    @property
    def axes(self) -> Floats:
        """Return the axes of the local quarter turns, rad."""
        return np.linspace(0, 2 * pi, self.n_axes, endpoint=False)

    def scan(self, known: Parameters) -> Scan:
        """Return one point for each amplitude, then one for each axis."""
        (array,) = self.targets
        names = self.laboratory.qubit_names
        everybody, duration = list(range(len(names))), known[f"{array}.global.duration"]
        carrier = float(np.mean([known[f"{name}.frequency"] for name in names]))
        pulses = tuple(
            Pulse((Tone(line=LINE, amplitude=float(a), duration=duration, edge=EDGE, frequency=carrier),))
            for a in (*self.amplitudes, GUESS)
        )
        circuits: list[list[Row]] = [[play([0], k)] for k in range(self.n_amplitudes)]
        for axis in self.axes:
            local = [half(q, float(axis)) for q in everybody]
            circuits.append([play([0], self.n_amplitudes), *barrier(everybody, 1), *local])
        return Scan(asking(self.laboratory, names, circuits, self.shots, pulses))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the amplitude of a quarter turn, and the phase at which light turns about the axis 0."""
        (array,) = self.targets
        p, sigma = pooled(ones(result, known), there(result) & left(result, known))
        n = self.n_amplitudes
        (flop,) = fit_cosine(self.amplitudes, p[None, :n], sigma[None, :n])
        (fringe,) = fit_cosine(self.axes / (2 * pi), p[None, n:], sigma[None, n:], frequency=1.0)
        figures = (
            drawn("global pulse", flop, "amplitude", y_label="P(1)"),
            drawn("local quarter turn behind it", fringe, "axis (turns)", y_label="P(1)"),
        )
        if not (flop.ok and fringe.ok):
            reason = f"light on all atoms turns none: {flop.reason or fringe.reason}"
            return (Outcome(array, fits=(flop, fringe), figures=figures, reason=reason),)
        turn, error = turning_point(flop)
        axis = -fringe.value("phase")  # where it is highest; light of phase p turns about -p, so this phase undoes it
        found = {
            f"{array}.global.amplitude": Estimate(turn / 2, error / 2, run=self.name),
            f"{array}.global.phase": Estimate(axis, fringe.error("phase"), "rad", run=self.name),
        }
        return (Outcome(array, found, (flop, fringe), figures),)


NODE = Node(
    name=GlobalTurn.name,
    kind=Target.LINE,
    finds=(
        Quantity(name="global.amplitude", low=0.01, high=0.6, floor=0.2),
        Quantity(name="global.phase", low=-pi - 0.1, high=pi + 0.1, floor=0.5),
    ),
    make=lambda laboratory, targets, known: GlobalTurn(laboratory, targets),
    needs=("states",),
    claims=lambda laboratory, known, target: frozenset({target, *laboratory.qubits}),
    applies=lambda laboratory, target: target == next(iter(laboratory.qubits.values())).readout,
)
