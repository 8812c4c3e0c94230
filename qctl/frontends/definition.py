"""Gates that a program defines: a body of calls, whose price is known before it is expanded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qctl.core.program import Op

from .expression import Formula, Term, evaluate, real
from .gate import Census, Cost, Gate
from .source import Source
from .steps import PHASE, Shape, Step, controlled, power, scales


@dataclass(frozen=True, slots=True)
class Modifiers:
    """What stands before a gate's name.

    Parameters
    ----------
    controls : in order of the operands; True for ctrl, False for negctrl
    exponents : in the order they are applied, which is from the gate to the left; inv is -1
    """

    controls: tuple[bool, ...] = ()
    exponents: tuple[float, ...] = ()

    def apply(self, steps: list[Step]) -> list[Step]:
        """Return the modified steps; the control qubits come first, the gate's own qubits move up behind them."""
        for exponent in self.exponents:
            steps = power(steps, exponent)
        n = len(self.controls)
        if not n:
            return steps
        moved = [step._replace(qubits=tuple(qubit + n for qubit in step.qubits)) for step in steps]
        return controlled(moved, list(enumerate(self.controls)))

    def cost(self, cost: Cost) -> Cost:
        """Return what the modified gate takes; raise ValueError for a power that has no form here."""
        for exponent in self.exponents:
            cost = _power_cost(cost, exponent)
        n = len(self.controls)
        if not n:
            return cost
        census: Census = Counter({(kind, inner + n): number for (kind, inner), number in cost.census.items()})
        census[Op.X, 0] += 2 * self.controls.count(False)
        shape = None
        if cost.shape is not None and all(self.controls):
            target = None if cost.shape.target is None else cost.shape.target + n
            shape = Shape(frozenset(range(n)) | {control + n for control in cost.shape.controls}, target)
        return Cost(census, cost.work + census.total(), cost.depth, shape)


NO_MODIFIERS = Modifiers()


def _power_cost(cost: Cost, exponent: float) -> Cost:
    whole = float(exponent).is_integer()
    if whole and abs(exponent) <= 1:
        return cost
    if whole and cost.n_steps == 1 and all(scales(kind) for kind, _ in cost.census):
        return cost
    if cost.shape is not None:
        n = len(cost.shape.controls)
        return Cost(Counter({(PHASE, n): 1, (int(Op.U), n): 1}), cost.work + cost.n_steps, cost.depth, cost.shape)
    if not whole:
        raise ValueError("a fractional power of a gate that is no controlled one-qubit gate")
    times = abs(int(exponent))
    census: Census = Counter({key: number * times for key, number in cost.census.items()})
    return Cost(census, cost.work + census.total(), cost.depth, None)


@dataclass(frozen=True, slots=True)
class Call:
    """One gate application within a gate's body; ``qubits`` are those of the gate being defined."""

    gate: Gate
    modifiers: Modifiers
    arguments: tuple[Term, ...]
    qubits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DefinedGate:
    """A gate with a body."""

    source: Source
    n_parameters: int
    n_qubits: int
    calls: tuple[Call, ...]
    cost: Cost

    def steps(self, angles: Sequence[float]) -> list[Step]:
        """Return the gate on its own qubits 0, 1, ..."""
        out: list[Step] = []
        for call in self.calls:
            values = [real(evaluate(self.source, term, angles)) for term in call.arguments]
            inner = call.modifiers.apply(call.gate.steps(values))
            out.extend(step._replace(qubits=tuple(call.qubits[qubit] for qubit in step.qubits)) for step in inner)
        return out


def body_cost(calls: Sequence[Call]) -> Cost:
    """Return what expanding a body takes."""
    census: Census = Counter()
    work, depth = 0, 0
    shape: Shape | None = Shape(frozenset(), None)
    for index, call in enumerate(calls):
        cost = call.modifiers.cost(call.gate.cost)
        census.update(cost.census)
        work += cost.work + cost.n_steps + sum(len(t.items) for t in call.arguments if isinstance(t, Formula))
        depth = max(depth, cost.depth)
        own = None if cost.shape is None else cost.shape.placed(call.qubits)
        shape = own if index == 0 else None if shape is None or own is None else shape.merged(own)
    return Cost(census, work, depth + 1, shape)


@dataclass(frozen=True, slots=True)
class PhaseGate:
    """gphase: multiplies the state by exp(i angle)."""

    n_parameters: int = 1
    n_qubits: int = 0

    @property
    def cost(self) -> Cost:
        """Return one step, which is no event unless something controls it."""
        return Cost(Counter({(PHASE, 0): 1}), 1, 1, Shape(frozenset(), None))

    def steps(self, angles: Sequence[float]) -> list[Step]:
        """Return the phase."""
        return [Step(PHASE, 0, (), tuple(angles))]


@dataclass(frozen=True, slots=True)
class BarrierGate:
    """A barrier within a gate's body."""

    n_qubits: int
    n_parameters: int = 0

    @property
    def cost(self) -> Cost:
        """Return one event for each qubit."""
        return Cost(Counter({(int(Op.BARRIER), 0): self.n_qubits}), self.n_qubits, 1, None)

    def steps(self, angles: Sequence[float]) -> list[Step]:
        """Return the barrier."""
        return [Step(Op.BARRIER, 0, tuple(range(self.n_qubits)), tuple(angles))]
