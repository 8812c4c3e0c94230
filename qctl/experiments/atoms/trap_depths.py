"""Traps made alike: who swings faster than the others gets less of the light."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .raman import WALK
from .trap_frequency import TrapFrequency, differing, relative_depths

Floats = NDArray[np.float64]

UNFAITHFUL = 0.25  # share of a correction that a display may leave, or add
LIGHT = 500.0  # Hz by which trap light of full depth shifts a qubit, at most: light that is compensated


@dataclass(frozen=True)
class TrapDepths(TrapFrequency):
    """Measure how fast atoms swing everywhere; share the light anew, each weight in proportion to what its trap lacks.

    Depths go as squares of frequencies: ``log w' = log w - log(U / mean U)``. Trap light shifts qubits: frequencies are
    less sure afterwards, by what a trap's change may do, and steps that find them are worth their time again.
    """

    name: ClassVar[str] = "trap_depths"

    def asked(self) -> tuple[str, ...]:
        """Return all qubits: each trap is compared with all others."""
        return self.laboratory.qubit_names

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the weights of traps, and how sure frequencies are with them."""
        fits = self.fits(result, known)
        good = [q for q, fit in fits.items() if fit.ok]
        if len(good) < 2:
            return tuple(Outcome(t, fits=(fits[t],), reason=f"no swing seen: {fits[t].reason}") for t in self.targets)
        depths, errors = relative_depths([fits[q] for q in good])
        old = np.array([known[f"{q}.site.weight"] for q in good])
        new = old / depths
        new *= old.mean() / new.mean()
        figure = Figure(
            "depths of traps",
            np.arange(float(len(good))),
            depths,
            "trap",
            "over the mean of all",
            errors,
            names=tuple(good),
        )
        rows = zip(good, old.tolist(), new.tolist(), errors.tolist(), strict=True)
        found = {q: self._outcome_of(q, fits[q], before, after, sure, known) for q, before, after, sure in rows}
        lost = {t: Outcome(t, fits=(fits[t],), reason=f"no swing seen: {fits[t].reason}") for t in self.targets}
        outcomes = [found.get(t, lost[t]) for t in self.targets]
        first = outcomes[0]
        outcomes[0] = Outcome(
            first.target, first.found, first.fits, (figure,), first.reason, differing([fits[q] for q in good])
        )
        return tuple(outcomes)

    def _outcome_of(self, target: str, fit: Fit, old: float, new: float, error: float, known: Parameters) -> Outcome:
        step = math.log(new / old)
        sure = new * math.hypot(error, UNFAITHFUL * step)
        found = {f"{target}.site.weight": Estimate(float(new), float(sure), run=self.name)}
        name = f"{target}.frequency"
        if math.isfinite(known.estimates[name].error):
            wide = math.hypot(known.estimates[name].error, LIGHT * step)
            found[name] = Estimate(known[name], wide, "Hz", run=self.name)
        return Outcome(target, found, (fit,))


class TrapDepthsFine(TrapDepths):
    """The same again: displays do not follow weights in proportion, and what the first round left is small."""

    name: ClassVar[str] = "trap_depths_fine"


_FINDS = (
    Quantity(name="site.weight", low=0.1, high=10.0, floor=0.5),
    Quantity(name="frequency", low=1e6, high=40e6, floor=2e3, walk=WALK),
)


def _shaped(laboratory: Laboratory, target: str) -> bool:
    """Say whether anything displays weights of traps."""
    return any(line.shaped_by is not None for line in laboratory.lines.values())


NODE = Node(
    name=TrapDepths.name,
    kind=Target.QUBIT,
    finds=_FINDS,
    make=lambda laboratory, targets, known: TrapDepths(laboratory, targets),
    needs=("presence",),
    claims=lambda laboratory, known, target: frozenset({target}),
    applies=_shaped,
    largest_error=0.1,
)
FINE = Node(
    name=TrapDepthsFine.name,
    kind=Target.QUBIT,
    finds=_FINDS,
    make=lambda laboratory, targets, known: TrapDepthsFine(laboratory, targets, shots=400),
    needs=("trap_depths",),
    claims=lambda laboratory, known, target: frozenset({target}),
    applies=_shaped,
    largest_error=0.1,
)
