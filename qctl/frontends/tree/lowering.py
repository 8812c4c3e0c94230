"""Programs with control flow, from the syntax tree to a Program: what is known is run, the rest becomes its flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from openqasm3 import ast

from qctl.core.flow import Expression, Term, Turn, combine, statements
from qctl.core.program import Op, Program, Register

from ..builder import Durations, ProgramBuilder
from ..library import BUILT_IN, STDGATES
from ..limits import ReadLimits
from ..machine import Machine
from ..openqasm3 import Reader3
from ..source import Source
from ..tape import ComplexLater, Signal, is_late
from ..tokens import OPENQASM_3, Cursor
from ..values import as_output
from .calibrations import Calibrations
from .classical import Classical
from .context import Context
from .control import Control, LeavesProgram
from .expressions import Expressions
from .flat_run import FlatRun, FlatRuns
from .names import Extern, Subroutine
from .operands import Operands
from .parse import parse
from .pulses import ASKS, CAPTURES, FUNCTIONS, TYPES, Pulses
from .references import read, whole
from .timing import NotPlaced, Timing
from .waveforms import NAMES as WAVEFORMS


class Lowering:
    """Runs a syntax tree.

    Parameters
    ----------
    source, limits : the text, and how large its program may become
    inputs : values of its inputs, by name
    durations : how long events last, for programs that ask
    placement : of declared qubits, where durations depend on it
    is_draft : without lengths, so that a placement can be found
    """

    def __init__(
        self,
        source: Source,
        limits: ReadLimits,
        inputs: Mapping[str, object],
        durations: Durations | None,
        placement: Sequence[int] | None = None,
        *,
        is_draft: bool = False,
    ) -> None:
        builder = ProgramBuilder(source, limits, dict(STDGATES), inputs, durations)
        builder.names.update(BUILT_IN)
        builder.placement, builder.is_draft = placement, is_draft
        reader = Reader3(Cursor(source, OPENQASM_3, limits, len(source.text)), builder)
        self._context = Context(source, limits, builder, reader, builder.tape)
        self._context.run = self._run
        self._expressions = Expressions(self._context)
        self._operands = Operands(self._context, self._expressions)
        self._classical = Classical(self._context, self._expressions, self._operands)
        self._control = Control(self._context, self._expressions, self._operands, self._classical)
        self._pulses = Pulses(self._context, self._expressions)
        self._calibrations = Calibrations(
            self._context, self._expressions, self._operands, self._classical, self._pulses
        )
        self._expressions.others = dict.fromkeys(CAPTURES, self._calibrations.capture) | dict.fromkeys(
            ASKS, self._pulses.asked
        )
        self._timing = Timing(self._context, self._control.block)
        self._expressions.duration_of = self._timing.duration_of
        self._classical.stretch = self._timing.new_stretch
        self._flat = FlatRuns(self._context, lambda first, last: parse(source, limits, first, last).statements)
        self._rules = self._all_rules()

    def program(self, tree: ast.Program) -> Program:
        """Return the program of a tree."""
        end = self._context.names.frame.end
        self._context.tape.scope(end, lambda: self._run(tree.statements))
        with self._context.at(tree):
            self._timing.resolve()
        found = self._classical.outputs
        if not found:
            return self._context.builder.program()
        terms: dict[str, Term | None] = {}
        for name, variable in found.items():
            if variable.places[0] < 0:
                terms[name] = None  # a register of bits
            else:
                terms.update(as_output(name, read(self._context.tape, whole(variable))))
        return self._context.builder.program(terms)

    def _all_rules(self) -> dict[type, Callable[[Any], Signal]]:
        control, classical = self._control, self._classical

        def quiet(act: Callable[[Any], object]) -> Callable[[Any], Signal]:
            def run(node: Any) -> Signal:  # noqa: ANN401 - a node of the tree
                act(node)
                return None

            return run

        return {
            ast.BranchingStatement: control.branch, ast.SwitchStatement: control.switch, ast.WhileLoop: control.loop,
            ast.ForInLoop: control.count, ast.BreakStatement: control.leave, ast.ContinueStatement: control.leave,
            ast.ReturnStatement: control.give_back, ast.EndStatement: lambda _: control.end(),
            ast.CompoundStatement: lambda node: control.block(node.statements),
            ast.ClassicalDeclaration: quiet(self._declare), ast.ConstantDeclaration: quiet(classical.declare),
            ast.QubitDeclaration: quiet(classical.qubits), ast.IODeclaration: quiet(classical.input_or_output),
            ast.AliasStatement: quiet(classical.alias), ast.ClassicalAssignment: quiet(classical.assign),
            ast.QuantumMeasurementStatement: quiet(classical.measure), ast.ExpressionStatement: quiet(self._expression),
            ast.QuantumGate: quiet(self._operands.gate), ast.QuantumPhase: quiet(self._operands.gate),
            ast.QuantumGateDefinition: quiet(self._define), ast.QuantumReset: quiet(self._reset),
            ast.QuantumBarrier: quiet(self._barrier), ast.DelayInstruction: quiet(self._delay),
            FlatRun: quiet(self._flat.run),
            ast.SubroutineDefinition: quiet(self._subroutine), ast.ExternDeclaration: quiet(self._extern),
            ast.CalibrationGrammarDeclaration: quiet(self._pulses.grammar),
            ast.Include: quiet(self._include), ast.Pragma: quiet(self._pragma), ast.Box: self._box,
        }  # fmt: skip

    def _run(self, nodes: Sequence[Any]) -> Signal:
        context = self._context
        for node in nodes:
            context.pay(1, node)
            rule = self._rules.get(type(node)) or self._calibration(node)
            if rule is None:
                raise context.unsupported(node, f"the statement {type(node).__name__}")
            for annotation in () if context.in_calibration else getattr(node, "annotations", ()):
                context.builder.note(
                    f"@{annotation.keyword}" + (f" {annotation.command}" if annotation.command else "")
                )
            try:
                with context.at(node):
                    signal = rule(node)
            except LeavesProgram as leaving:
                signal = leaving.signal
            except ComplexLater as reason:
                raise context.unsupported(node, "a complex number that depends on measured bits") from reason
            if signal is not None:
                return signal
        return None

    def _calibration(self, node: Any) -> Callable[[Any], Signal] | None:  # noqa: ANN401 - a node of another tree
        act = {
            "CalibrationStatement": self._calibrations.block,
            "CalibrationDefinition": self._calibrations.define,
        }.get(type(node).__name__)
        if act is None:
            return None
        act(node)
        return lambda _: None

    def _declare(self, node: ast.ClassicalDeclaration) -> None:
        (self._pulses if type(node.type).__name__ in TYPES else self._classical).declare(node)

    def _pragma(self, node: ast.Pragma) -> None:
        self._context.builder.note(f"pragma {node.command}")

    def _expression(self, node: ast.ExpressionStatement) -> None:
        call = node.expression
        if (
            isinstance(call, ast.FunctionCall)
            and call.name.name in FUNCTIONS
            and self._context.names.find(call.name.name) is None
        ):
            self._pulses.call(call)
        elif isinstance(call, ast.FunctionCall) and call.name.name in self._expressions.others:
            self._expressions.value(call)
        elif isinstance(call, ast.FunctionCall) and isinstance(
            self._context.names.find(call.name.name), (Subroutine, Extern)
        ):
            self._context.call(call)
        elif not (isinstance(node.expression, ast.Identifier) and node.expression.name == "nop"):
            self._expressions.value(node.expression)

    def _define(self, node: ast.QuantumGateDefinition) -> None:
        """Let the reader of gate streams read a definition."""
        if not self._context.names.is_global:
            raise self._context.wrong(
                node, "a gate that is defined within a block", "definitions outside of all blocks"
            )
        self._context.reader.cursor.move(self._context.start(node))
        self._context.reader.define_gate()

    def _include(self, node: ast.Include) -> None:
        self._context.reader.cursor.move(self._context.start(node))
        self._context.reader.statement()

    def _subroutine(self, node: ast.SubroutineDefinition) -> None:
        if not self._context.names.is_global:
            raise self._context.wrong(node, "a subroutine within a block", "definitions outside of all blocks")
        if not self._context.names.declare(node.name.name, Subroutine(node)):
            raise self._context.wrong(node, f"{node.name.name!r} is already defined")

    def _extern(self, node: ast.ExternDeclaration) -> None:
        known = FUNCTIONS | ASKS | CAPTURES | WAVEFORMS
        if not (self._context.in_calibration and node.name.name in known):
            self._context.names.declare(node.name.name, Extern(node))

    def _reset(self, node: ast.QuantumReset) -> None:
        start = self._context.start(node)
        places = [self._operands.qubits(node.qubits)]
        self._operands.each(places, lambda on: self._context.builder.reset(on[0], start))

    def _barrier(self, node: ast.QuantumBarrier) -> None:
        if node.qubits and self._pulses.is_pulse(node.qubits[0]):
            self._pulses.align(node)
            return
        on = [self._operands.known_qubits(qubit, "a barrier") for qubit in node.qubits]
        self._context.builder.barrier(on or None, self._context.start(node))

    def _delay(self, node: ast.DelayInstruction) -> None:
        if node.qubits and self._pulses.is_pulse(node.qubits[0]):
            self._pulses.wait(node)
            return
        length = self._expressions.value(node.duration)
        start = self._context.start(node)
        if length.type.kind != "duration":
            raise self._context.wrong(node, "a delay without a unit", "durations such as 100ns")
        seconds = length.term
        places = [self._operands.qubits(qubit) for qubit in node.qubits]
        places = places or [self._context.builder.all_qubits(start)]
        if isinstance(seconds, Expression) and not is_late(seconds):
            self._operands.each(places, lambda on: self._stretch(on, seconds, start))
        elif isinstance(seconds, Expression):
            self._operands.each(places, lambda on: self._wait(on, seconds))
        else:
            self._operands.each(places, lambda on: self._context.builder.wait(float(seconds), on, start))

    def _stretch(self, on: Sequence[Any], seconds: Expression, start: int) -> None:
        self._timing.wait(seconds, [qubit for operand in on for qubit in operand.indices], start)

    def _wait(self, on: Sequence[Any], seconds: Expression) -> None:
        for operand in on:
            for qubit in operand.indices:
                self._context.tape.add(Turn(int(Op.DELAY), (qubit,), (combine("float", seconds),)))

    def _box(self, node: ast.Box) -> Signal:
        """Run a box: nothing moves across its borders."""
        seconds = None
        if node.duration is not None:
            length = self._expressions.value(node.duration)
            if length.type.kind != "duration" or not isinstance(length.data, Fraction):
                raise self._context.wrong(node, "the length of a box", "a duration known before the program runs")
            seconds = length.data
        start, stream = self._context.start(node), self._context.builder.stream
        self._context.builder.barrier(None, start)
        first = len(stream)
        signal = self._control.block(node.body)
        with self._context.at(node):
            self._timing.box(first, seconds, start)
        self._context.builder.barrier(None, start)
        return signal


def lower(
    tree: ast.Program,
    source: Source,
    limits: ReadLimits,
    inputs: Mapping[str, object],
    durations: Durations | None = None,
) -> Program:
    """Return the program of a syntax tree."""
    try:
        try:
            return Lowering(source, limits, inputs, durations).program(tree)
        except NotPlaced:
            return _placed(tree, source, limits, inputs, durations)
    except RecursionError as reason:
        raise source.too_large("or more levels of blocks and calls", limits.depth, limits.depth, 0) from reason


def _placed(
    tree: ast.Program,
    source: Source,
    limits: ReadLimits,
    inputs: Mapping[str, object],
    durations: Durations | None,
) -> Program:
    """Return a program on physical qubits: read as a draft, placed, and read again with the durations found there."""
    assert isinstance(durations, Machine)
    draft = Lowering(source, limits, inputs, durations, is_draft=True).program(tree)
    placement = durations.placed(draft)
    found = Lowering(source, limits, inputs, durations, placement).program(tree)
    if any(isinstance(each, Turn) for block in found.flow for each in statements(block)):
        raise source.unsupported(
            "durations beside angles or waits that depend on measured bits", 0, "physical qubits, $0"
        )
    # Qubits that the laboratory lacks have barriers alone: those hold for others anyway.
    somebody = max([*placement, 0])
    where = np.array([*(q if q >= 0 else somebody for q in placement), -1], np.int32)  # the last: no qubit
    events, n = found.events.copy(), somebody + 1
    events["q"] = where[events["q"]]
    return replace(found, events=events, n_qubits=n, physical=True, qubits=(Register("$", 0, n),))
