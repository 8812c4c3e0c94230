"""What is left of superpositions that are refocused: atoms remember for longer than their frequencies stay the same."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..echo import echo
from ..rows import Row, indices
from .seen import asking, bright

Floats = NDArray[np.float64]

SHORT, LONG = 0.4e-3, 40e-3  # s: all atoms are turned within the first; two slots of a program in parts


@dataclass(frozen=True, slots=True)
class AtomEcho:
    """Echoes after a short and a long wait, towards 0 and towards 1: what is left of their difference.

    No T2 is said: within a shot nearly nothing is lost, and what bounds a T2 from below is no T2 to predict with.

    Parameters
    ----------
    longest : wait, s
    """

    name: ClassVar[str] = "atom_echo"
    laboratory: Laboratory
    targets: tuple[str, ...]
    longest: float = LONG
    shots: int = 300

    def scan(self, known: Parameters) -> Scan:
        """Return both waits with both ends, the ends fastest."""
        qubits, circuits = indices(self.laboratory, self.targets), list[list[Row]]()
        for seconds in (SHORT, self.longest):
            circuits += [[row for q in qubits for row in echo(q, seconds, last)] for last in (0.0, pi)]
        return Scan(asking(self.laboratory, self.targets, circuits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return what is left of each target's superposition."""
        p, sigma = bright(result, known)
        contrast, errors = np.abs(p[0::2] - p[1::2]), np.hypot(sigma[0::2], sigma[1::2])
        return tuple(self._outcome(t, contrast[:, k], errors[:, k]) for k, t in enumerate(self.targets))

    def _outcome(self, target: str, contrast: Floats, errors: Floats) -> Outcome:
        figure = Figure(
            f"echoes of {target}", np.array([SHORT, self.longest]), contrast, "wait (s)", "contrast", errors
        )
        if contrast[0] < 0.5:
            return Outcome(target, figures=(figure,), reason=f"an echo leaves a contrast of {contrast[0]:.2f}")
        left = float(contrast[1] / contrast[0])
        error = float(np.hypot(errors[1], left * errors[0]) / contrast[0])
        return Outcome(target, {f"{target}.echo": Estimate(left, error, run=self.name)}, figures=(figure,))


NODE = Node(
    name=AtomEcho.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="echo", low=-0.01, high=1.5, floor=0.5),),
    make=lambda laboratory, targets, known: AtomEcho(laboratory, targets),
    needs=("fine_flop",),
    claims=lambda laboratory, known, target: frozenset({target}),
)
