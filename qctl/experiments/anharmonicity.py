"""The distance of the transition 1-2 from 0-1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, sqrt
from typing import ClassVar

import numpy as np

from qctl.calibrate.fits import Fit
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .drawn import drawn
from .lines import Comb, centre_of, circuits_of, comb, lines_of, rival
from .rows import flip, indices, program
from .signal import projected
from .walks import ANHARMONICITY


@dataclass(frozen=True, slots=True)
class Anharmonicity:
    """Spectroscopy from level 1: excite, play a smooth pulse, excite back; what went to level 2 does not come back.

    Parameters
    ----------
    span : to either side of a guess; what is measured is looked for within 6 of its errors, Hz
    least_span : Hz
    """

    name: ClassVar[str] = "anharmonicity"
    laboratory: Laboratory
    targets: tuple[str, ...]
    span: float = 24e6
    least_span: float = 10e6
    n_points: int = 25
    shots: int = 120

    def asked(self, known: Parameters) -> Comb:
        """Return which frequencies are asked; the transition 1-2 answers sqrt 2 times as strongly as 0-1."""
        found = [known.estimates[f"{target}.anharmonicity"] for target in self.targets]
        spans = np.clip([6 * f.error for f in found], self.least_span, self.span)
        centres = np.array([known[f"{t}.frequency"] + f.value for t, f in zip(self.targets, found, strict=True)])
        return replace(comb(known, self.targets, centres, spans, self.n_points), turns=(0.9 * pi / sqrt(2),))

    def scan(self, known: Parameters) -> Scan:
        """Return the sequence on every target at once, for each frequency."""
        circuits, pulses = circuits_of(self.laboratory, known, self.targets, self.asked(known))
        qubits = indices(self.laboratory, self.targets)
        there = [flip(q) for q in qubits]
        return Scan(program(self.laboratory, [[*there, *c, *there] for c in circuits], qubits, self.shots, pulses))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the anharmonicity of each target."""
        (fits,) = lines_of(self.asked(known), *projected(result))
        return tuple(self._outcome(target, fit, known) for target, fit in zip(self.targets, fits, strict=True))

    def _outcome(self, target: str, fit: Fit, known: Parameters) -> Outcome:
        figures = (drawn(f"transition 1-2 of {target}", fit, "frequency (Hz)", marks=(fit.value("centre"),)),)
        reason = "" if fit.ok else f"no line of 1-2 seen: {fit.reason}"
        if fit.ok and (second := rival(fit)) is not None:
            reason = f"two lines alike, at {fit.value('centre') / 1e9:.4f} and {second / 1e9:.4f} GHz: not told apart"
        if reason:
            return Outcome(target, fits=(fit,), figures=figures, reason=reason)
        value, error = centre_of(fit)
        below = known.estimates[f"{target}.frequency"]
        error = float(np.hypot(error, below.error))
        found = {f"{target}.anharmonicity": Estimate(value - below.value, error, "Hz", run=self.name)}
        return Outcome(target, found, (fit,), figures)


NODE = Node(
    name=Anharmonicity.name,
    kind=Target.QUBIT,
    # Gates do not care: it only sets the scale of their drag, which is tuned behind it.
    finds=(Quantity(name="anharmonicity", low=-1e9, high=-50e6, floor=24e6, walk=ANHARMONICITY),),
    make=lambda laboratory, targets, known: Anharmonicity(laboratory, targets),
    needs=("ramsey",),
    claims=lambda laboratory, known, target: frozenset({target}),
)
