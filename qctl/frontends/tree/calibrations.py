"""Calibrations: ``cal`` blocks, gates and measurements that ``defcal`` makes pulses of.

A measurement is calibrated by playing the very readout of the laboratory and capturing it (``capture_v2``): then it is
that readout, and states are told as they are calibrated. What is played before and behind it are pulses.
"""

from __future__ import annotations

from fractions import Fraction
from math import isclose
from typing import Any

from openqasm3 import ast

from qctl.core.errors import ProgramError
from qctl.core.flow import Expression
from qctl.core.operators import exact
from qctl.core.program import Op
from qctl.core.pulse import Shape, Tone

from ..builder import Qubits
from ..machine import Machine
from ..tape import Place
from ..values import BIT, FLOAT, Value, cast
from .classical import Classical
from .context import Context
from .expressions import Expressions
from .names import Frame, Variable
from .operands import Operands
from .pulses import Playing, Pulses, refused
from .references import read, whole


class Calibrations:
    """Lowers calibrations.

    Parameters
    ----------
    context, expressions, operands, classical, pulses : of the lowering
    """

    def __init__(
        self, context: Context, expressions: Expressions, operands: Operands, classical: Classical, pulses: Pulses
    ) -> None:
        self._context, self._expressions, self._operands = context, expressions, operands
        self._classical, self._pulses = classical, pulses
        self._definitions: list[Any] = []
        operands.calibrated, classical.calibrated = self.apply, self.measure

    def block(self, node: Any) -> None:  # noqa: ANN401 - a node of the tree
        """Run a ``cal`` block: its names are those of the program; what it plays, it plays on all qubits it reaches."""
        outer, self._pulses.playing = self._pulses.playing, Playing()
        try:
            with Inside(self._context, node):
                self._context.run(node.body)
            with self._context.at(node):
                self._put_apart(self._context.start(node))
        finally:
            self._pulses.playing = outer

    def _put_apart(self, start: int) -> None:
        """Append what a block played: all lines begin together, whichever qubits they lead to."""
        playing, builder = self._pulses.now(), self._context.builder
        late = {
            frame.port.line: time for frame, time in sorted(playing.clock.items(), key=lambda each: each[1]) if time
        }
        by_line = {line: [tone for tone in playing.tones if tone.line == line] for line in late}
        if not late:
            return
        reached = {line: self._reached(line) for line in late}
        everybody = [builder.physical_qubit(q, start) for q in dict.fromkeys(q for on in reached.values() for q in on)]
        by_qubit: dict[int, list[str]] = {}
        for line, on in reached.items():
            by_qubit.setdefault(on[0], []).append(line)
        builder.barrier(everybody, start)
        for qubit, lines in by_qubit.items():
            playing.tones = [tone for line in lines for tone in by_line[line]]
            self._pulses.put((qubit,), start, until=max(late[line] for line in lines))
        builder.barrier(everybody, start)

    def _reached(self, line: str) -> tuple[int, ...]:
        machine = self._context.builder.machine
        if machine is None:
            raise ProgramError(
                f"a pulse on {line} outside of a defcal, where only a laboratory knows which qubits it keeps busy",
                allowed="programs that a laboratory runs",
            )
        found = tuple(machine.led_to(line))
        if not 1 <= len(found) <= 2:
            raise ProgramError(
                f"a pulse on {line}, which leads to {len(found)} qubits, outside of a defcal",
                allowed="lines of 1 or 2 qubits",
                remedy="play it in a defcal, which says which qubits are busy",
            )
        return found

    def define(self, node: Any) -> None:  # noqa: ANN401
        """Keep a ``defcal``; later ones go before earlier ones."""
        if not self._context.names.is_global:
            raise self._context.wrong(node, "a calibration within a block", "definitions outside of all blocks")
        self._definitions.insert(0, node)

    def apply(self, node: ast.QuantumGate) -> bool:
        """Play a gate if it is calibrated for these qubits; say whether it was."""
        if not self._definitions or node.modifiers:
            return False
        qubits = [self._operands.qubits(qubit) for qubit in node.qubits]
        if not all(isinstance(q, Qubits) and len(q.indices) == 1 for q in qubits):
            return False
        on = [q.indices[0] for q in qubits if isinstance(q, Qubits)]
        values = [self._expressions.exact(argument) for argument in node.arguments]
        definition = self._definition(node.name.name, on, values)
        if definition is None:
            return False
        frame = Frame([{}])
        for argument, value in zip(definition.arguments, values, strict=True):
            if isinstance(argument, ast.ClassicalArgument):
                kind = self._expressions.type_of(argument.type)
                variable = self._classical.new(kind)
                self._classical.fill(variable, cast(value, kind))
                frame.scopes[0][argument.name.name] = variable
        self._run(definition, frame, Playing(), on, node)
        return True

    def measure(self, qubit: int, place: Place, node: Any) -> bool:  # noqa: ANN401
        """Measure a qubit into a bit if that is calibrated; say whether it was."""
        definition = self._definition("measure", [qubit], []) if self._definitions else None
        if definition is None:
            return False
        playing = Playing(measures=(qubit, place))
        self._run(definition, Frame([{}], result=Variable(BIT, (place,))), playing, [qubit], node)
        if not playing.has_measured:
            raise self._context.wrong(node, "a calibration of measure that captures nothing", "return capture_v2(...)")
        return True

    def _definition(self, name: str, on: list[int], values: list[Value]) -> Any:  # noqa: ANN401
        fitting = (each for each in self._definitions if each.name.name == name and self._fits(each, on, values))
        return next(fitting, None)

    def _fits(self, definition: Any, on: list[int], values: list[Value]) -> bool:  # noqa: ANN401
        wanted = [qubit.name for qubit in definition.qubits]
        if len(wanted) != len(on) or len(definition.arguments) != len(values):
            return False
        if any(name.startswith("$") and name != f"${qubit}" for name, qubit in zip(wanted, on, strict=True)):
            return False
        return all(
            isinstance(argument, ast.ClassicalArgument) or self._pulses.waveforms.number(argument) == _known(value)
            for argument, value in zip(definition.arguments, values, strict=True)
        )

    def _run(self, definition: Any, frame: Frame, playing: Playing, on: list[int], node: Any) -> None:  # noqa: ANN401
        context = self._context
        outer, self._pulses.playing = self._pulses.playing, playing
        context.names.frames.append(frame)
        try:
            with Inside(context, node):
                context.tape.scope(frame.end, lambda: context.run(definition.body))
            self._pulses.put(on, context.start(node))
        finally:
            context.names.frames.pop()
            self._pulses.playing = outer

    def capture(self, node: ast.FunctionCall) -> Value:
        """Return the bit that a capture returns: the measurement of the qubit whose calibration this is."""
        name, playing = node.name.name, self._pulses.playing
        if name != "capture_v2" or playing is None or playing.measures is None:
            raise refused(name)
        if len(node.arguments) != 2:
            raise ProgramError(f"{name} of {len(node.arguments)} arguments", allowed="2, a frame and a filter")
        if playing.has_measured:
            raise refused(name, "a measurement captures once")
        qubit, place = playing.measures
        frame, weights = self._pulses.frame(node.arguments[0]), self._pulses.waveform(node.arguments[1])
        machine = self._context.builder.machine
        tone = None if machine is None else machine.readout(qubit)
        if machine is None or tone is None:
            raise refused(name, "only a laboratory that reads qubits by feedlines captures")
        start = playing.now(frame)
        self._check(tone, weights.on(machine.rate(tone.line)), frame.port.line, start, machine)
        playing.tones = [each for each in playing.tones if each.line != tone.line]
        if any(exact(each.start) + exact(each.duration) > start for each in playing.tones):
            raise refused(name, "pulses on other lines during the readout")
        at = self._context.builder.stream
        self._pulses.put([qubit], 0, until=start)
        at.reserve(1, 0)
        at.add(Op.MEASURE, (qubit,), ~place)
        self._context.tape.measured([place])
        playing.has_measured, playing.base = True, start + exact(tone.duration)
        playing.clock[frame] = playing.base
        return read(self._context.tape, whole(Variable(BIT, (place,))))

    def _check(self, tone: Tone, weights: Tone, line: str, start: Fraction, machine: Machine) -> None:
        """Refuse a capture that is not the calibrated readout, with what that would be."""
        played = [each for each in self._pulses.now().tones if each.line == tone.line]
        ours = (
            f"flat_top_cosine({tone.amplitude!r}, {tone.duration * 1e9:.12g}ns, {tone.edge * 1e9:.12g}ns) at "
            f"{tone.frequency!r} Hz on {tone.line}, captured meanwhile by another frame with "
            f"constant(1, {tone.duration * 1e9:.12g}ns)"
        )
        same = (
            len(played) == 1
            and line == tone.line
            and exact(played[0].start) == start
            and _alike(played[0], tone)
            and weights.shape is Shape.FLAT
            and not weights.edge
            and isclose(weights.duration, tone.duration, rel_tol=1e-9)
        )
        if not same:
            raise ProgramError(
                "a capture that is not the calibrated readout, by which states are told",
                allowed=ours,
                remedy="this is not supported: write it so, or leave measure to the laboratory",
            )


def _alike(a: Tone, b: Tone) -> bool:
    numbers = [(one.amplitude, one.duration, one.edge, one.frequency or 0.0) for one in (a, b)]
    return a.shape is b.shape and all(isclose(x, y, rel_tol=1e-9, abs_tol=1e-15) for x, y in zip(*numbers, strict=True))


class Inside:
    """Errors within a calibration have the place of the statement that holds or plays it: its own are relative."""

    def __init__(self, context: Context, node: Any) -> None:  # noqa: ANN401
        self._context, self._node, self._outer = context, node, context.in_calibration

    def __enter__(self) -> None:
        self._context.in_calibration = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._context.in_calibration = self._outer
        if isinstance(error, ProgramError):
            found = self._context.wrong(self._node, f"in a calibration: {error.asked}", error.allowed, error.remedy)
            raise found from error


def _known(value: Value) -> float | None:
    term = cast(value, FLOAT).term
    return None if isinstance(term, Expression) else float(term)
