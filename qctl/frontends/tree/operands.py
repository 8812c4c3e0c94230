"""Qubits that statements act on, and the gates that act on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from math import prod
from typing import Any

from openqasm3 import ast

from qctl.core.errors import ProgramError
from qctl.core.flow import Expression, Fail, Term, Turn
from qctl.core.program import Op

from ..builder import Qubits
from ..definition import NO_MODIFIERS, Modifiers
from ..gate import Gate
from ..openqasm3 import GPHASE
from ..synthesis import rows
from ..values import gate_angle
from .context import Context
from .expressions import Expressions
from .names import Variable
from .references import Choice, choose

Place = Qubits | Choice[Any]
_MOST_WAYS = 4096


class Operands:
    """Finds qubits and applies gates to them.

    Parameters
    ----------
    context, expressions : of the lowering
    """

    def __init__(self, context: Context, expressions: Expressions) -> None:
        self._context, self._expressions = context, expressions
        self.calibrated: Callable[[ast.QuantumGate], bool] = lambda _: False

    def qubits(self, node: Any) -> Place:  # noqa: ANN401 - a node of the tree
        """Return the qubits that an operand stands for."""
        with self._context.at(node):
            if isinstance(node, ast.Identifier):
                return self._named(node)
            if isinstance(node, ast.IndexedIdentifier):
                found: Place = self._named(node.name)
                for element in node.indices:
                    found = self._part(node, found, element)
                return found
            if isinstance(node, ast.IndexExpression):
                return self._part(node, self.qubits(node.collection), node.index)
            if isinstance(node, ast.Concatenation):
                return self._joined(node)
            raise self._context.wrong(node, "this is no register or qubit", "qubits")

    def known_qubits(self, node: Any, what: str) -> Qubits:  # noqa: ANN401
        """Return qubits that do not depend on anything measured."""
        found = self.qubits(node)
        if isinstance(found, Choice):
            raise self._context.unsupported(node, f"{what} of a qubit that is chosen by measured bits")
        return found

    def are_qubits(self, node: Any) -> bool:  # noqa: ANN401
        """Say whether an operand begins with the name of qubits."""
        while not isinstance(node, ast.Identifier):
            node = (
                node.name if isinstance(node, ast.IndexedIdentifier) else getattr(node, "collection", None) or node.lhs
            )
        return node.name.startswith("$") or isinstance(self._context.names.find(node.name), Qubits)

    def _named(self, node: ast.Identifier) -> Qubits:
        if node.name.startswith("$"):
            return self._context.builder.physical_qubit(int(node.name[1:]), self._context.start(node))
        found = self._context.names.find(node.name)
        if not isinstance(found, Qubits):
            what = "a classical variable" if isinstance(found, Variable) else "not defined here"
            raise self._context.wrong(node, f"{node.name!r} is {what}", "a quantum register or qubit")
        return found

    def _part(self, node: Any, of: Place, element: Any) -> Place:  # noqa: ANN401
        if isinstance(of, Choice):
            return Choice(of.index, tuple(self._part(node, way, element) for way in of.ways))
        if of.single:
            raise self._context.wrong(node, "an index of a single qubit", "registers")
        if not isinstance(element, ast.DiscreteSet) and len(element) != 1:
            raise self._context.wrong(node, f"{len(element)} indices of a register", "one")
        (index,) = self._expressions.indices(element, [len(of.indices)])
        if isinstance(index, int):
            return Qubits((of.indices[index],), single=True)
        if isinstance(index, tuple):
            return Qubits(tuple(of.indices[k] for k in index))
        return Choice(index, tuple(Qubits((qubit,), single=True) for qubit in of.indices))

    def _joined(self, node: ast.Concatenation) -> Qubits:
        parts = [self.known_qubits(each, "an alias") for each in (node.lhs, node.rhs)]
        found = tuple(chain.from_iterable(each.indices for each in parts))
        if len(set(found)) < len(found):
            raise self._context.wrong(node, "an alias that names one element twice")
        return Qubits(found)

    def each(self, places: Sequence[Place], act: Callable[[list[Qubits]], None], *, chosen: bool = False) -> None:
        """Act on some operands; where measured bits choose one, once for every choice.

        Parameters
        ----------
        chosen : some were chosen already; a choice of one qubit twice is an error of the run, not of the text
        """
        tape = self._context.tape
        n_ways = prod(len(place.ways) for place in places if isinstance(place, Choice))
        if n_ways > _MOST_WAYS:
            raise ProgramError(f"a statement that measured bits choose from {n_ways} ones", allowed=f"{_MOST_WAYS}")
        number = next((k for k, place in enumerate(places) if isinstance(place, Choice)), None)
        if number is None:
            on = [place for place in places if isinstance(place, Qubits)]
            singles = [place.indices[0] for place in on if place.single]
            if chosen and len(set(singles)) < len(singles):
                tape.add(Fail("a gate that uses one qubit twice"))
            else:
                act(on)
            return
        place = places[number]
        assert isinstance(place, Choice)
        ways, before, after = place.ways, places[:number], places[number + 1 :]
        choose(
            tape,
            place.index,
            len(ways),
            lambda k: self.each([*before, ways[k], *after], act, chosen=True),
            "a qubit that its register does not have",
        )

    def gate(self, node: ast.QuantumGate | ast.QuantumPhase) -> None:
        """Apply a gate, or a phase."""
        context, start = self._context, self._context.start(node)
        if isinstance(node, ast.QuantumGate) and node.name.name == "nop" and context.builder.known_gate("nop") is None:
            for qubit in node.qubits:  # does nothing, but to qubits that exist
                self.qubits(qubit)
            return
        if isinstance(node, ast.QuantumGate) and self.calibrated(node):
            return
        if isinstance(node, ast.QuantumPhase):
            gate: Gate = GPHASE
            arguments = [node.argument]
        else:
            gate, arguments = context.builder.find_gate(node.name.name, start), node.arguments
            if node.duration is not None:
                raise context.unsupported(node, "a gate with a duration")
        modifiers = self._modifiers(node.modifiers)
        context.reader.price(gate, modifiers, start)
        angles: list[Term] = []
        for argument in arguments:
            with context.at(argument):
                angles.append(gate_angle(self._expressions.exact(argument)))
        places = [self.qubits(qubit) for qubit in node.qubits]
        self.each(places, lambda on: self._apply(gate, modifiers, angles, on, start))

    def _apply(self, gate: Gate, modifiers: Modifiers, angles: list[Term], on: list[Qubits], start: int) -> None:
        builder = self._context.builder
        if not any(isinstance(angle, Expression) for angle in angles):
            builder.apply(gate, modifiers, [float(angle) + 0.0 for angle in angles], on, start)  # type: ignore[arg-type]
            return
        places = builder.places(gate, modifiers, len(angles), on, start)
        try:
            steps = modifiers.apply(gate.steps(angles))  # type: ignore[arg-type]
            local = [row for step in steps for row in rows(step)]
        except (TypeError, ValueError) as reason:
            remedy = "compute the angle before the gate, and use gates that take it as it is"
            raise self._context.source.unsupported(
                "a gate whose angle depends on measured bits", start, remedy
            ) from reason
        for place in places.tolist():
            for op, *qubits, a, b, c in local:
                self._turn(Op(int(op)), tuple(place[int(q)] for q in qubits if q >= 0), (a, b, c), start)

    def _turn(self, op: Op, qubits: tuple[int, ...], angles: tuple[Term, ...], start: int) -> None:
        if any(isinstance(angle, Expression) for angle in angles):
            self._context.tape.add(Turn(int(op), qubits, angles))
        else:
            self._context.builder.stream.reserve(1, start)
            self._context.builder.stream.add(op, qubits, angles=angles)  # type: ignore[arg-type]

    def _modifiers(self, nodes: list[ast.QuantumGateModifier]) -> Modifiers:
        controls: list[bool] = []
        exponents: list[float] = []
        for node in nodes:
            word = node.modifier.name
            if word in ("ctrl", "negctrl"):
                n = (
                    1
                    if node.argument is None
                    else self._expressions.whole_number(node.argument, "a number of controls")
                )
                if n < 1:
                    raise self._context.wrong(node, f"{n} controls", "whole numbers from 1")
                if len(controls) + n > self._context.limits.controls:
                    most = self._context.limits.controls
                    raise self._context.source.too_large(
                        "control qubits of one gate", len(controls) + n, most, self._context.start(node)
                    )
                controls += [word == "ctrl"] * n
            else:
                exponents.append(-1 if word == "inv" else self._exponent(node))
        return Modifiers(tuple(controls), tuple(reversed(exponents))) if nodes else NO_MODIFIERS

    def _exponent(self, node: ast.QuantumGateModifier) -> float:
        value = self._expressions.exact(node.argument)
        if not value.known:
            raise self._context.unsupported(node, "a power that depends on measured bits")
        with self._context.at(node):
            term = gate_angle(value)
        if isinstance(term, Expression):
            raise ProgramError("a power that is not known")
        return term if isinstance(term, int) else float(term)
