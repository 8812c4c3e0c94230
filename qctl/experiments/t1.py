"""How long level 1 lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Parameters
from qctl.core.result import Result

from .decays import decay_outcome, shuffled, unshuffled, waits_for
from .rows import flip, indices, late, program, wait
from .signal import projected


@dataclass(frozen=True, slots=True)
class T1:
    """Excite, wait, look.

    Parameters
    ----------
    longest : wait in units of the T1 that is believed
    """

    name: ClassVar[str] = "t1"
    laboratory: Laboratory
    targets: tuple[str, ...]
    longest: float = 3.0
    n_points: int = 13
    shots: int = 300

    def scan(self, known: Parameters) -> Scan:
        """Return one wait after another, on all targets at once."""
        qubits = indices(self.laboratory, self.targets)
        waits = [waits_for(self.laboratory, known, f"{t}.t1", self.longest, self.n_points) for t in self.targets]
        circuits = []
        for k in shuffled(self.n_points):
            own = [times[k] for times in waits]
            circuits.append(late(qubits, [[flip(q), wait(q, t)] for q, t in zip(qubits, own, strict=True)], own))
        return Scan(program(self.laboratory, circuits, qubits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return T1 of each target."""
        waits = [waits_for(self.laboratory, known, f"{t}.t1", self.longest, self.n_points) for t in self.targets]
        signal, sigma = (unshuffled(part) for part in projected(result))
        return decay_outcome(self.name, "t1", "decay of level 1", self.targets, waits, signal.T, sigma.T)


NODE = Node(
    name=T1.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="t1", low=100e-9, high=10e-3, floor=60e-6),),
    make=lambda laboratory, targets, known: T1(laboratory, targets),
    needs=("ramsey", "single_shots"),
    claims=lambda laboratory, known, target: frozenset({target}),
)
