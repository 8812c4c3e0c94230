"""Branches, loops and subroutines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from openqasm3 import ast

from qctl.core.flow import Expression, Term, combine

from ..builder import Qubits
from ..tape import Signal, Target
from ..values import Type, Value, cast
from .classical import Classical
from .context import Context
from .cost import changed_names, n_steps
from .expressions import Expressions
from .names import Extern, Frame, Subroutine, Variable
from .operands import Operands
from .references import Choice, read, whole, write

NESTED = 25  # statements that a call counts as for each call that it is made in: subroutines double fast


class Crossed(Exception):  # noqa: N818 - no error: the loop is read again in another way
    """A loop that was being unrolled can be left by a measured bit."""


class Control:
    """Lowers statements that decide what is done next.

    Parameters
    ----------
    context, expressions, operands, classical : of the lowering
    """

    def __init__(self, context: Context, expressions: Expressions, operands: Operands, classical: Classical) -> None:
        self._context, self._expressions, self._operands = context, expressions, operands
        self._classical = classical
        context.call = self.call

    def block(self, nodes: Sequence[Any]) -> Signal:
        """Run statements in a scope of their own."""
        scopes, tape = self._context.names.frame.scopes, self._context.tape
        counts = tape.n_cells, tape.n_hidden
        scopes.append({})
        try:
            return self._context.run(nodes)
        finally:
            scopes.pop()
            tape.forget(counts)

    def branch(self, node: ast.BranchingStatement) -> Signal:
        """Run ``if`` and ``else``."""
        condition = self._expressions.truth(node.condition)
        return self._context.tape.branch(
            condition, lambda: self.block(node.if_block), lambda: self.block(node.else_block), self._context.where(node)
        )

    def switch(self, node: ast.SwitchStatement) -> Signal:
        """Run ``switch``: the first case that fits, or the default."""
        value = self._expressions.value(node.target)
        if value.type.kind not in ("int", "uint", "bit", "bool"):
            raise self._context.wrong(node, f"a switch over {value.type}", "a whole number")
        cell = value.term
        if isinstance(cell, Expression):
            held = self._context.tape.new_cell(0)
            self._context.tape.assign(held, cell)
            cell = self._context.tape.number(held)
        cases = [({self._label(label) for label in labels}, body.statements) for labels, body in node.cases]
        labels = [label for found, _ in cases for label in found]
        if len(set(labels)) < len(labels):
            raise self._context.wrong(node, "a switch with two cases of one label", "different labels")
        return self._case(node, cell, cases)

    def _label(self, node: Any) -> int:  # noqa: ANN401 - a node of the tree
        return self._expressions.whole_number(node, "a label")

    def _case(self, node: ast.SwitchStatement, value: Term, cases: list[tuple[set[int], list[Any]]]) -> Signal:
        if not cases:
            return None if node.default is None else self.block(node.default.statements)
        (labels, body), *others = cases
        fits: Term = 0
        for label in sorted(labels):
            fits = combine("or", fits, combine("==", value, label))
        return self._context.tape.branch(
            fits, lambda: self.block(body), lambda: self._case(node, value, others), self._context.where(node)
        )

    def leave(self, node: ast.BreakStatement | ast.ContinueStatement) -> Signal:
        """Leave a loop, or a round of it."""
        loops = self._context.names.frame.loops
        if not loops:
            word = "break" if isinstance(node, ast.BreakStatement) else "continue"
            raise self._context.wrong(node, f"{word!r} outside of a loop", "loops around it")
        return loops[-1][0 if isinstance(node, ast.BreakStatement) else 1]

    def _round(self, behind: Target, own: Target, body: Callable[[], Signal]) -> Signal:
        loops = self._context.names.frame.loops
        loops.append((behind, own))
        try:
            return body()
        finally:
            loops.pop()

    def loop(self, node: ast.WhileLoop) -> Signal:
        """Run ``while``: round by round as long as its condition is known, in the flow from there on."""
        tape, here = self._context.tape, self._context.tape.here()
        behind = Target()
        try:
            return tape.scope(behind, lambda: self._unrolled(node, behind))
        except Crossed:
            tape.go_back(here)
            return self._in_flow(node)

    def _in_flow(self, node: ast.WhileLoop) -> Signal:
        behind = Target()
        return self._context.tape.loop(
            behind,
            lambda: self._expressions.truth(node.while_condition),
            lambda own: self._round(behind, own, lambda: self.block(node.block)),
            self._context.where(node),
        )

    def _unrolled(self, node: ast.WhileLoop, behind: Target) -> Signal:
        tape, most = self._context.tape, self._context.limits.rounds
        for n_rounds in range(1, most + 1):
            before = dict(tape.known) if n_rounds & (n_rounds - 1) == 0 else None  # looked at now and then
            counts = tape.n_cells, tape.n_hidden
            n_before = tape.length
            condition = self._expressions.truth(node.while_condition)
            if isinstance(condition, Expression):
                if tape.length != n_before:
                    raise Crossed
                return self._in_flow(node)
            if not condition:
                return None
            own = Target()
            signal = tape.scope(own, lambda own=own: self._round(behind, own, lambda: self.block(node.block)))  # type: ignore[misc]
            if behind.crossed or behind.exits:
                raise Crossed
            if signal is not None:
                return signal
            tape.forget(counts)
            if before == tape.known:
                raise self._context.wrong(
                    node, "a loop that never ends: nothing that it asks ever changes", "loops that end"
                )

        raise self._context.source.too_large("or more rounds of one loop", most + 1, most, self._context.start(node))

    def count(self, node: ast.ForInLoop) -> Signal:
        """Run ``for``."""
        kind = self._expressions.type_of(node.type)
        numbers = self._numbers(node, kind)
        if numbers is None:
            return self._count_in_flow(node, kind)
        behind = Target()
        return self._context.tape.scope(behind, lambda: self._each(node, kind, numbers, behind))

    def _each(self, node: ast.ForInLoop, kind: Type, numbers: Iterable[Value], behind: Target) -> Signal:
        for number in numbers:
            own = Target()
            signal = self._context.tape.scope(
                own,
                lambda own=own, number=number: self._one(node, kind, number, behind, own),  # type: ignore[misc]
            )
            if signal is not None:
                return signal
        return None

    def _one(self, node: ast.ForInLoop, kind: Type, number: Value, behind: Target, own: Target) -> Signal:
        tape = self._context.tape
        counts = tape.n_cells, tape.n_hidden
        variable = self._classical.new(kind)
        with self._context.at(node):
            write(self._context.tape, whole(variable), number)
        scopes = self._context.names.frame.scopes
        scopes.append({node.identifier.name: variable})
        try:
            return self._round(behind, own, lambda: self.block(node.block))
        finally:
            scopes.pop()
            tape.forget(counts)

    def _numbers(self, node: ast.ForInLoop, kind: Type) -> Iterable[Value] | None:
        """Return what a loop counts through; None when that depends on measured bits."""
        over = node.set_declaration
        if isinstance(over, ast.DiscreteSet):
            return [self._expressions.value(each) for each in over.values]
        if not isinstance(over, ast.RangeDefinition):
            return self._elements(over)
        if over.start is None or over.end is None:
            raise self._context.wrong(node, "a loop over a range without ends", "a first and a last number")
        ends = [self._expressions.value(each) for each in (over.start, over.end, over.step or ast.IntegerLiteral(1))]
        if any(end.type.kind not in ("int", "uint", "bit") for end in ends):
            raise self._context.wrong(node, "a range of " + ", ".join(str(end.type) for end in ends), "whole numbers")
        if not all(end.known for end in ends):
            return None
        first, last, step = (int(end.term) for end in ends)  # type: ignore[arg-type]
        if step == 0:
            raise self._context.wrong(node, "a range with step 0")
        numbers = range(first, last + (1 if step > 0 else -1), step)
        n_rounds = max(0, (last - first) // step + 1)
        changed = changed_names(node)
        price = n_rounds * max(1, n_steps(node.block, lambda inner: self._count_of(inner, changed)))
        if self._context.n_steps + price > self._context.limits.steps:
            raise self._context.source.too_large(
                "statements to run in this loop", price, self._context.limits.steps, self._context.start(node)
            )
        return (Value(Type("int", 0), number) for number in numbers)

    def _count_of(self, node: ast.ForInLoop, changed: set[str]) -> int:
        """Return how many rounds an inner loop has if that can be said already, else 0."""
        over = node.set_declaration
        if not isinstance(over, ast.RangeDefinition) or over.start is None or over.end is None:
            return 0
        ends = (over.start, over.end, over.step or ast.IntegerLiteral(1))
        first, last, step = (self._soon(each, changed) for each in ends)
        if first is None or last is None or not step:
            return 0
        return max(0, (last - first) // step + 1)

    def _soon(self, node: Any, changed: set[str]) -> int | None:  # noqa: ANN401
        """Return a whole number that will not have changed when an inner loop asks for it; None where unsure."""
        if isinstance(node, ast.IntegerLiteral):
            return node.value
        found = self._context.names.find(node.name) if isinstance(node, ast.Identifier) else None
        if not isinstance(found, Variable) or found.type.kind != "int" or found.type.shape or node.name in changed:
            return None
        value = self._context.tape.number(found.places[0])
        return value if isinstance(value, int) else None

    def _elements(self, node: Any) -> list[Value]:  # noqa: ANN401
        value = self._expressions.value(node)
        if value.type.kind == "text" or (isinstance(node, ast.Cast) and value.type.kind == "bit"):
            return [
                Value(Type("bit", 1), combine("&", combine("<<", value.term, -k), 1)) for k in range(value.type.width)
            ]
        if value.type.kind == "bit" and not value.type.shape:
            found = self._expressions.reference(node)
            assert not isinstance(found, Choice)
            return [read(self._context.tape, whole(Variable(Type("bit", 1), (place,)))) for place in found.places]
        if len(value.type.shape) != 1 or not isinstance(value.data, tuple):
            raise self._context.wrong(node, f"a loop over {value.type}", "a range, a set, or an array of one axis")
        return [Value(value.type.element, each) for each in value.data]

    def _count_in_flow(self, node: ast.ForInLoop, kind: Type) -> Signal:
        """Count in a loop of the flow: a round computes the next number first, so that it may end anywhere."""
        tape, over = self._context.tape, node.set_declaration
        assert isinstance(over, ast.RangeDefinition)
        held = []
        for each in (over.start, over.end, over.step or ast.IntegerLiteral(1)):
            cell = tape.new_cell(0)
            tape.assign(cell, self._expressions.value(each).term)
            held.append(cell)
        at, last, step = held
        by = tape.number(step)
        if isinstance(by, Expression) or by == 0:
            raise self._context.unsupported(node, "a loop whose step is 0 or depends on measured bits")
        behind = Target()

        def body(own: Target) -> Signal:
            number = Value(Type("int"), tape.number(at))
            variable = self._classical.new(kind)
            with self._context.at(node):
                write(tape, whole(variable), number)
            tape.assign(at, combine("+", tape.number(at), by))
            scopes = self._context.names.frame.scopes
            scopes.append({node.identifier.name: variable})
            try:
                return self._round(behind, own, lambda: self.block(node.block))
            finally:
                scopes.pop()

        going = "<=" if by > 0 else ">="
        return tape.loop(
            behind,
            lambda: combine(going, tape.number(at), tape.number(last)),
            body,
            self._context.where(node),
        )

    def call(self, node: ast.FunctionCall) -> Value | None:
        """Call a subroutine: its body is run here, with its own names."""
        name, context = node.name.name, self._context
        found = context.names.find(name)
        if isinstance(found, Extern):
            raise context.unsupported(
                node, f"the extern function {name!r}", "only the host could run it; measure, and compute after the run"
            )
        if not isinstance(found, Subroutine):
            raise context.wrong(node, f"{name!r} is no function here", "a subroutine defined above")
        definition = found.node
        if len(node.arguments) != len(definition.arguments):
            raise context.wrong(node, f"{name} of {len(node.arguments)} arguments", f"{len(definition.arguments)}")
        if len(context.names.frames) > context.limits.depth:
            raise context.source.too_large(
                "calls within each other", len(context.names.frames), context.limits.depth, context.start(node)
            )
        context.pay(1 + NESTED * (len(context.names.frames) - 1), node)
        frame = Frame([{}])
        for wanted, given in zip(definition.arguments, node.arguments, strict=True):
            self._bind(frame, wanted, given)
        if definition.return_type is not None:
            frame.result = self._classical.new(self._expressions.type_of(definition.return_type))
        context.names.frames.append(frame)
        try:
            signal = context.tape.scope(frame.end, lambda: context.run(definition.body))
        finally:
            context.names.frames.pop()
        if signal is not None:
            raise LeavesProgram(signal)
        return None if frame.result is None else read(context.tape, whole(frame.result))

    def _bind(self, frame: Frame, wanted: Any, given: Any) -> None:  # noqa: ANN401
        """Give an argument its value in a new frame."""
        context = self._context
        if isinstance(wanted, ast.QuantumArgument):
            qubits = self._operands.known_qubits(given, "an argument")
            size = None if wanted.size is None else self._expressions.whole_number(wanted.size, "a size of a register")
            if len(qubits.indices) != (size or 1):
                raise context.wrong(given, f"{len(qubits.indices)} qubits as {wanted.name.name!r}", f"{size or 1}")
            frame.scopes[0][wanted.name.name] = Qubits(qubits.indices, single=size is None)
            return
        if isinstance(wanted.type, ast.ArrayReferenceType):
            frame.scopes[0][wanted.name.name] = self._array(wanted, given)
            return
        kind = self._expressions.type_of(wanted.type)
        variable = self._classical.new(kind)
        with context.at(given):
            write(context.tape, whole(variable), cast(self._expressions.value(given), kind))
        frame.scopes[0][wanted.name.name] = variable

    def _array(self, wanted: Any, given: Any) -> Variable:  # noqa: ANN401
        found = self._expressions.reference(given)
        if isinstance(found, Choice) or found.word is not None or not found.type.shape:
            raise self._context.wrong(given, "this is no array", "an array, or rows of one")
        element = self._expressions.type_of(wanted.type.base_type)
        dimensions = wanted.type.dimensions
        fits = (
            tuple(self._expressions.whole_number(each, "a size") for each in dimensions) == found.type.shape
            if isinstance(dimensions, list)
            else self._expressions.whole_number(dimensions, "a number of axes") == len(found.type.shape)
        )
        if not fits or found.type.element != element:
            raise self._context.wrong(
                given, f"{found.type} as {wanted.name.name!r}", "the shape and type of the argument"
            )
        readonly = wanted.access is not None and wanted.access.name == "readonly"
        return Variable(found.type, found.places, fixed=readonly)

    def give_back(self, node: ast.ReturnStatement) -> Signal:
        """Return from a subroutine."""
        frame = self._context.names.frame
        if len(self._context.names.frames) == 1:
            raise self._context.wrong(node, "'return' outside of a subroutine")
        if (node.expression is None) is not (frame.result is None):
            raise self._context.wrong(
                node, "a return that does not fit its subroutine", "a value where one is declared"
            )
        if node.expression is not None and frame.result is not None:
            value = self._expressions.value(node.expression)
            with self._context.at(node):
                write(self._context.tape, whole(frame.result), cast(value, frame.result.type))
        return frame.end

    def end(self) -> Signal:
        """End the program."""
        return self._context.names.frames[0].end


class LeavesProgram(Exception):  # noqa: N818 - unwinds to the statement that holds the call
    """A subroutine that ends the whole program; ``signal`` says where that leads."""

    def __init__(self, signal: Target) -> None:
        super().__init__("the program ends")
        self.signal = signal
