"""Static shift of a coupling at rest, f(11) - f(10) - f(01) + f(00), by an echo on both qubits.

Half a turn of both in the middle (JAZZ; Garbow et al., Chem. Phys. Lett. 93, 504; Ku et al., PRL 125, 200504) takes out
what shifts either qubit alone, slow noise too: of the low qubit's phase, the difference between the high one starting
in 0 and in 1 is left, ``2 pi zz t``. The high qubit decays meanwhile: a Markov chain of two states says by how much
that dilutes the phase. Couplings next to each other take turns: the low qubit feels all its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .pairs import Pair, each_pair, pairs_of, qubits_of, tunable, wide_claims
from .phases import ANGLES, LEAST_CONTRAST, phase_of
from .rows import Row, barrier, flip, half, program, wait
from .signal import excited

Floats = NDArray[np.float64]
WAITS = (1e-6, 3e-6, 7e-6)  # s; each tells how often the next has turned, and little decays in the last
DILUTED = 0.05  # of the shift: the high qubit starts in the wrong state, or is flipped badly, at times
REACH = 400e3  # Hz


@dataclass(frozen=True)
class Zz:
    """Phase of the low qubit after three waits, with the high qubit in 0 and in 1."""

    name: ClassVar[str] = "zz"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 500

    def scan(self, known: Parameters) -> Scan:
        """Return waits, then states of the high qubit, then axes, fastest last."""
        pairs = pairs_of(self.laboratory, known, self.targets)
        qubits, circuits = qubits_of(pairs), list[list[Row]]()
        low, high = [p.low for p in pairs], [p.high for p in pairs]
        for total in WAITS:
            idle = [wait(q, total / 2) for q in qubits]
            for start in ([], [flip(q) for q in high]):
                middle = [*barrier(qubits, 2), *idle, *barrier(qubits, 3), *(flip(q) for q in qubits)]
                rows = [*start, *barrier(qubits, 1), *(half(q) for q in low), *middle, *barrier(qubits, 4), *idle]
                circuits += [[*rows, *barrier(qubits, 5), *(half(q, float(a)) for q in low)] for a in ANGLES]
        return Scan(program(self.laboratory, circuits, qubits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the static shift of each coupling."""
        ones, sigma = (part.reshape(len(WAITS), 2, len(ANGLES), -1) for part in excited(result, known))
        phase, error, contrast = phase_of(ones, sigma)

        def read(k: int, pair: Pair) -> Outcome:
            here = phase[:, :, 2 * k], error[:, :, 2 * k], contrast[:, :, 2 * k]
            return self._outcome(pair.name, *here, known[f"{pair.high_name}.t1"])

        return each_pair(self.laboratory, known, self.targets, read)

    def _outcome(self, name: str, phase: Floats, error: Floats, contrast: Floats, t1: float) -> Outcome:
        if np.min(contrast[0]) < LEAST_CONTRAST:
            return Outcome(name, reason="no interference is seen: readout or pulses are wrong")
        turned, sigma = phase[:, 0] - phase[:, 1], np.hypot(error[:, 0], error[:, 1])
        # Cosine and sine know nothing of whole turns; each of both is worth the error of the phase across it.
        y = np.concatenate([np.cos(turned), np.sin(turned)])
        errors = np.tile(np.maximum(sigma, 0.01), 2)

        def curve(p: Floats) -> Floats:
            angles = np.array([echoed(float(p[0]), t, 1 / t1) for t in WAITS])
            return np.concatenate([np.cos(angles), np.sin(angles)])

        tried = np.arange(-REACH, REACH, 8e3)
        cost = [float(np.sum(((curve(np.array([z])) - y) / errors) ** 2)) for z in tried]
        start = float(tried[int(np.argmin(cost))])
        x = np.tile(np.array(WAITS), 2)
        fit = fit_any_curve(
            "static shift",
            ("zz",),
            curve,
            [(start,)],
            ([start - 16e3], [start + 16e3]),
            x,
            y,
            errors,
            least_contrast=0.0,
        )
        figure = Figure(f"conditional phase of {name} at rest", np.array(WAITS), turned, "wait (s)", "rad", sigma)
        if not fit.ok:
            return Outcome(name, fits=(fit,), figures=(figure,), reason=fit.reason)
        return Outcome(
            name, {f"{name}.zz": Estimate(fit.value("zz"), fit.error("zz"), "Hz", run="zz")}, (fit,), (figure,)
        )


def echoed(zz: float, total: float, rate: float) -> float:
    """Return the phase by which the low qubit's echoes differ, high starting in 0 and in 1, rad.

    Parameters
    ----------
    zz : Hz
    total : of both waits, s
    rate : at which the high qubit decays, 1/s
    """
    late = _waited(2 * pi * zz, total / 2, rate) @ np.array([[0, 1], [1, 0]]) @ _waited(-2 * pi * zz, total / 2, rate)
    both = late.sum(axis=0)  # whatever state the high qubit ends in; columns: where it started
    return float(np.angle(both[0] * np.conj(both[1])))


def _waited(omega: float, seconds: float, rate: float) -> NDArray[np.complex128]:
    """Return what happens to the low qubit's coherence beside a high qubit in 0 and in 1, which decays."""
    stays = np.exp((1j * omega - rate) * seconds)
    return np.array([[1, rate * (1 - stays) / (rate - 1j * omega)], [0, stays]], np.complex128)


NODE = Node(
    name=Zz.name,
    kind=Target.COUPLING,
    # Idle gates of a duration T feel an error e of it as a conditional phase 2 pi e T: 0.15 (2 pi T)^2 with T = 48 ns.
    finds=(
        Quantity(
            name="zz", low=-1e6, high=1e6, floor=50e3, curvature=lambda known, target: 0.15 * (2 * pi * 48e-9) ** 2
        ),
    ),
    make=lambda laboratory, targets, known: Zz(laboratory, targets),
    needs=("fine_amplitude", "single_shots", "t1"),
    claims=wide_claims,
    applies=tunable,
    least_contrast=0.0,
)
