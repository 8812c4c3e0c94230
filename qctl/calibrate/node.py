"""A step of calibration: what it finds, what it needs, what it occupies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Parameters

from .drift import Walk
from .experiment import Check, Experiment

Make = Callable[[Laboratory, tuple[str, ...], Parameters], Experiment]
MakeCheck = Callable[[Laboratory, tuple[str, ...], Parameters], Check]
Curvature = Callable[[Parameters, str], float]
Slopes = Callable[[Parameters, str], Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What a node finds of each target, and what is plausible.

    Parameters
    ----------
    name : behind the target's name, as ``frequency`` or ``x180.amplitude``; a ``*`` at its end stands for the rest of
        it, as in ``readout.weight_*``
    low, high : physically possible, SI
    floor : a jump up to this size is always plausible, SI
    curvature : gate error of the target per square of an error of this quantity (1 / SI^2); 0 where gates do not care
    follows : where the same scan read it: its slope against other quantities of the step, by their names. A value read
        at another place has not moved when it lies on the slope, and its error is that at its place
    walk : a day's step until somebody has learned it; what is usual by its name where None
    """

    name: str
    low: float
    high: float
    floor: float
    curvature: Curvature = lambda known, target: 0.0
    follows: Slopes = lambda known, target: {}
    walk: Walk | None = None

    def means(self, name: str) -> bool:
        """Say whether a name behind the target's name is this quantity."""
        return name.startswith(self.name[:-1]) if self.name.endswith("*") else name == self.name

    def names(self, target: str, known: Iterable[str]) -> tuple[str, ...]:
        """Return the full names of it, those among ``known`` where a ``*`` stands for their rest."""
        if not self.name.endswith("*"):
            return (f"{target}.{self.name}",)
        return tuple(name for name in known if name.startswith(f"{target}.{self.name[:-1]}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step.

    Parameters
    ----------
    name : unique; of its experiment
    kind : what its targets are
    finds : quantities it writes
    make : its experiment for some targets at once
    needs : nodes that must have succeeded before: for the same target, for the qubits of a coupling, for the
        qubits and the feedline that a qubit's readout and drive hang on
    after : nodes that come first where they can, though it goes without them; they may be missing from the list
    claims : what a target occupies meanwhile: two targets whose claims meet do not run at the same time. Names of
        qubits, couplings and lines
    check : how a candidate is compared with the old value; None where there is nothing to compare with
    sees_drive : it succeeds where what a qubit's drive line plays reaches this qubit, and only there
    least_contrast : swing of the fit in standard deviations of a point, below which nothing was seen
    applies : which targets have it at all; steps that need it pass over the others
    largest_error : of a candidate, relative to the size of its quantity (or to `floor` where that is larger)
    """

    name: str
    kind: Target
    finds: tuple[Quantity, ...]
    make: Make
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    claims: Callable[[Laboratory, Parameters, str], frozenset[str]]
    check: MakeCheck | None = None
    applies: Callable[[Laboratory, str], bool] = lambda laboratory, target: True
    sees_drive: bool = False
    least_contrast: float = 3.0
    largest_error: float = 0.5

    def quantity(self, target: str, name: str) -> Quantity | None:
        """Return which of its quantities the parameter ``name`` of ``target`` is; None when it is none of them."""
        if not name.startswith(f"{target}."):
            return None
        rest = name.removeprefix(f"{target}.")
        return next((one for one in self.finds if one.means(rest)), None)

    def slopes(self, target: str, known: Parameters) -> dict[str, dict[str, float]]:
        """Return what each quantity of a target was read at and its slope against that, by full names."""
        found = {f"{target}.{one.name}": one.follows(known, target) for one in self.finds}
        return {name: {f"{target}.{n}": s for n, s in places.items()} for name, places in found.items() if places}
