"""How long a superposition lives when what is slow is refocused (Hahn echo)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .decays import decay_outcome, shuffled, unshuffled, waits_for
from .rows import Row, flip, half, indices, late, program, wait
from .signal import projected

STEP = 8e-9  # s; a wait is cut into halves


@dataclass(frozen=True, slots=True)
class Echo:
    """A quarter turn, a wait with half a turn in its middle, a quarter turn back.

    Parameters
    ----------
    longest : wait in units of the T2 that is believed
    """

    name: ClassVar[str] = "echo"
    laboratory: Laboratory
    targets: tuple[str, ...]
    longest: float = 2.5
    n_points: int = 13
    shots: int = 300

    def scan(self, known: Parameters) -> Scan:
        """Return one wait after another, on all targets at once: what neighbours shift is refocused too."""
        qubits = indices(self.laboratory, self.targets)
        waits = [waits_for(self.laboratory, known, f"{t}.t2", self.longest, self.n_points, STEP) for t in self.targets]
        circuits = []
        for k in shuffled(self.n_points):
            own = [times[k] for times in waits]
            circuits.append(late(qubits, [echo(q, t) for q, t in zip(qubits, own, strict=True)], own))
        return Scan(program(self.laboratory, circuits, qubits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return T2 of each target."""
        waits = [waits_for(self.laboratory, known, f"{t}.t2", self.longest, self.n_points, STEP) for t in self.targets]
        signal, sigma = (unshuffled(part) for part in projected(result))
        outcomes = decay_outcome(self.name, "t2", "echo", self.targets, waits, signal.T, sigma.T)
        return tuple(replace(o, found=with_limit(o, known)) if o.found else o for o in outcomes)


def with_limit(outcome: Outcome, known: Parameters) -> dict[str, Estimate]:
    """Return what was found and the error of a gate that follows from coherence alone, until it is benchmarked.

    ``duration (1 / T1 + 2 / T2) / 6`` of a quarter turn, to first order (average over states of what T1 and T2 do).
    """
    target, t2 = outcome.target, outcome.found[f"{outcome.target}.t2"]
    t1, duration = known.estimates[f"{target}.t1"], known[f"{target}.x90.duration"]
    value = duration * (1 / t1.value + 2 / t2.value) / 6
    by_t1 = min(t1.error, t1.value) / t1.value**2
    error = duration / 6 * float(np.hypot(by_t1, 2 * t2.error / t2.value**2))
    return {**outcome.found, f"{target}.error": Estimate(value, error, run=f"{Echo.name}: coherence limit")}


def echo(qubit: int, seconds: float, last: float = 0.0) -> list[Row]:
    """Return the sequence that ends in 0 where nothing is lost in ``seconds``; with a ``last`` phase of pi in 1."""
    return [half(qubit), wait(qubit, seconds / 2), flip(qubit), wait(qubit, seconds / 2), half(qubit, last)]


NODE = Node(
    name=Echo.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="t2", low=100e-9, high=10e-3, floor=60e-6),
        Quantity(name="error", low=0, high=0.5, floor=0.01),
    ),
    make=lambda laboratory, targets, known: Echo(laboratory, targets),
    needs=("t1",),
    claims=lambda laboratory, known, target: frozenset({target}),
)
