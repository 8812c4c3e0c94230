"""Three states: where shots of 0, 1 and 2 lie, and how often each is taken for another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_three_states
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .drive import rotation
from .rows import flip, indices, play, program

STATES = (0, 1, 2)
SHOWN = 300  # shots of each state in a figure


@dataclass(frozen=True)
class ThreeStates:
    """Prepare 0, 1 and 2 and tell the clouds apart.

    From 1 to 2 goes a pulse at the frequency of that transition, of the root of a half of the amplitude of a pi pulse:
    its matrix element is larger by as much (Koch et al., Phys. Rev. A 76, 042319).
    """

    name: ClassVar[str] = "three_states"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 1000

    def scan(self, known: Parameters) -> Scan:
        """Return one point for each state."""
        qubits = indices(self.laboratory, self.targets)
        pulses = tuple(
            rotation(
                self.laboratory, known, target, "x180",
                amplitude=known[f"{target}.x180.amplitude"] / sqrt(2),
                frequency=known[f"{target}.frequency"] + known[f"{target}.anharmonicity"],
            )
            for target in self.targets
        )  # fmt: skip
        up = [flip(q) for q in qubits]
        circuits = [[], up, [*up, *(play([q], number) for number, q in enumerate(qubits))]]
        return Scan(program(self.laboratory, circuits, qubits, self.shots, pulses))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the centres of the three clouds of each qubit."""
        order = np.argsort([bit for _, bit in result.measured])
        return tuple(
            self._outcome(target, result.iq[:, :, column]) for target, column in zip(self.targets, order, strict=True)
        )

    def _outcome(self, target: str, shots: NDArray[np.complex128]) -> Outcome:
        fit = fit_three_states(*shots)
        seen = shots[:, :SHOWN].ravel() * 1e3
        figure = Figure("shots of 0, 1 and 2", seen.real, seen.imag, "I (mV)", "Q (mV)")
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=(figure,), reason=fit.reason)
        found = {
            f"{target}.readout.centre_{name}_{state + 1}": Estimate(
                fit.value(f"{axis}{state}"), fit.error(f"{axis}{state}"), "V", run=self.name
            )
            for state, (name, axis) in product(STATES, (("re", "i"), ("im", "q")))
        }
        return Outcome(target, found, (fit,), (figure,), notes=(_confusion(fit),))


def _confusion(fit: Fit) -> str:
    """Return in words how often each state is read as each."""
    rows = [
        f"{state} as " + ", ".join(f"{100 * fit.value(f'p{state}{other}'):.1f} % {other}" for other in STATES)
        for state in STATES
    ]
    return f"read {'; '.join(rows)}"


NODE = Node(
    name=ThreeStates.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="readout.centre_*", low=-10.0, high=10.0, floor=10.0),),
    make=lambda laboratory, targets, known: ThreeStates(laboratory, targets),
    needs=("single_shots",),
    claims=lambda laboratory, known, qubit: frozenset({qubit}),
)
