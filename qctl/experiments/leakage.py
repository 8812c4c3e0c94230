"""How much of |11> a CZ leaves outside, at its set-point: several in a row, with waits that keep them from interfering.

Between |11> and |20> waits of a few half nanoseconds turn the phase by anything (they are the anharmonicity less the
distance of the qubits apart): chosen at random, losses of n gates add up instead of their amplitudes. The same with the
coupler shut tells what decay takes. Leakage is averaged over the four states, of which only |11> leaks: L / 4
(Wood and Gambetta, PRA 97, 032306, eq. 2).
"""

from __future__ import annotations

from dataclasses import dataclass
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
from qctl.core.result import Result

from .drawn import drawn
from .pairs import Pair, claims, each_pair, gate_pulse, pairs_of, qubits_of, tunable
from .rows import Row, barrier, flip, play, program, wait
from .signal import excited

Floats = NDArray[np.float64]
GATES = (0, 2, 4, 6)
STEP = 0.5e-9  # s


@dataclass(frozen=True)
class Leakage:
    """Loss of |11> against the number of CZ, less the loss with the coupler shut."""

    name: ClassVar[str] = "leakage"
    laboratory: Laboratory
    targets: tuple[str, ...]
    patterns: int = 4
    shots: int = 400

    def scan(self, known: Parameters) -> Scan:
        """Return numbers of gates, then random waits, then the coupler open and shut, fastest last."""
        pairs = pairs_of(self.laboratory, known, self.targets)
        qubits, circuits, rng = qubits_of(pairs), list[list[Row]](), np.random.default_rng(seed=20)
        pulses = [gate_pulse(known, p, coupler=c) for c in (None, 0.0) for p in pairs]
        for n in GATES:
            for _ in range(self.patterns):
                waits = 8e-9 + STEP * rng.integers(16, size=n)
                for first in (0, len(pairs)):
                    rows = [flip(q) for q in qubits]
                    for k, pause in enumerate(waits):
                        rows += [*barrier(qubits, 2 * k + 1), *(wait(q, float(pause)) for q in qubits)]
                        rows += barrier(qubits, 2 * k + 2)
                        rows += [play((p.high, p.low), first + j) for j, p in enumerate(pairs)]
                    circuits.append(rows)
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the leakage of each CZ."""
        ones, sigma = (part.reshape(len(GATES), self.patterns, 2, -1) for part in excited(result, known))
        each = ones[:, :, 1] - ones[:, :, 0]
        lost, scatter = each.mean(axis=1), each.std(axis=1, ddof=1) / np.sqrt(self.patterns)
        errors = np.maximum(np.sqrt((sigma**2).sum(axis=(1, 2))) / self.patterns, scatter)

        def read(k: int, pair: Pair) -> Outcome:
            return self._outcome(pair.name, by_gate(lost[:, 2 * k], errors[:, 2 * k]))

        return each_pair(self.laboratory, known, self.targets, read)

    def _outcome(self, name: str, fit: Fit) -> Outcome:
        figure = drawn(f"loss of |11> of {name}", fit, "CZ in a row", y_label="more than with the coupler shut")
        if not fit.ok:
            return Outcome(name, fits=(fit,), figures=(figure,), reason=fit.reason)
        found = Estimate(max(fit.value("loss"), 0.0) / 4, fit.error("loss") / 4, run=self.name)
        return Outcome(name, {f"{name}.cz.leakage": found}, (fit,), (figure,))


def by_gate(lost: Floats, sigma: Floats) -> Fit:
    """Return the loss of one gate: n of them leave ``(1 - (1 - 2 L)^n) / 2``, since what was lost may come back."""
    n = np.array(GATES, float)
    return fit_any_curve(
        "loss by gate", ("loss",), lambda p: (1 - (1 - 2 * np.clip(p[0], -0.4, 0.4)) ** n) / 2, [(0.01,)],
        ([-0.2], [0.45]), n, lost, sigma, least_contrast=0.0,
    )  # fmt: skip


NODE = Node(
    name=Leakage.name,
    kind=Target.COUPLING,
    finds=(Quantity(name="cz.leakage", low=-1e-9, high=0.25, floor=5e-3),),
    make=lambda laboratory, targets, known: Leakage(laboratory, targets),
    needs=("cz",),
    claims=claims,
    applies=tunable,
    least_contrast=0.0,
)
