"""OpenPulse: ports, frames and waveforms, and gates that ``defcal`` makes pulses of.

Source: OpenQASM 3 specification, "Pulse-level descriptions of gates and measurement" and the OpenPulse grammar. A port
is a line of the laboratory: ``@line q0-q1.flux`` before its declaration names it, otherwise its own name does, with
``.`` for ``_``. Waveforms are those that qctl plays: ``constant``, ``flat_top_cosine`` and ``raised_cosine``.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from openqasm3 import ast

from qctl.core.errors import ProgramError
from qctl.core.flow import Expression
from qctl.core.pulse import Pulse, Shape, Tone

from ..builder import Qubits
from ..tape import Place
from .classical import Classical
from .context import Context
from .expressions import Expressions
from .names import Frame, PulseEntity
from .operands import Operands
from .values import COMPLEX, DURATION, FLOAT, Value, cast, radians


@dataclass(frozen=True, slots=True)
class Port(PulseEntity):
    """A line of the laboratory."""

    line: str


@dataclass(eq=False, slots=True)
class Carrier(PulseEntity):
    """A frame: a carrier on a port; frequency (Hz) and phase (rad) are variables, since branches may change them."""

    port: Port
    frequency: Place
    phase: Place


@dataclass(frozen=True, slots=True)
class Waveform(PulseEntity):
    """An envelope: a tone on no line yet."""

    tone: Tone


@dataclass(slots=True)
class _Playing:
    """What one calibrated gate plays: its tones, and how late it is in each frame, s; sums of decimals are exact."""

    tones: list[Tone]
    clock: dict[Carrier, Fraction]


TYPES = ("PortType", "FrameType", "WaveformType")
_SHAPES: dict[str, tuple[int, int]] = {"constant": (2, 2), "flat_top_cosine": (3, 3), "raised_cosine": (2, 3)}
_PHASES = frozenset(["set_phase", "shift_phase", "set_frequency", "shift_frequency"])
FUNCTIONS = _PHASES | {"play", "capture", "capture_v0", "capture_v1", "capture_v2", "capture_v3", "capture_v4"}


class Pulses:
    """Lowers calibrations.

    Parameters
    ----------
    context, expressions, operands, classical : of the lowering
    """

    def __init__(self, context: Context, expressions: Expressions, operands: Operands, classical: Classical) -> None:
        self._context, self._expressions, self._operands = context, expressions, operands
        self._classical = classical
        self._definitions: list[Any] = []
        self._playing: _Playing | None = None
        self._on: tuple[str, ...] = ()
        operands.calibrated = self.apply

    def grammar(self, node: ast.CalibrationGrammarDeclaration) -> None:
        """Take the name of the calibration grammar."""
        if node.name != "openpulse":
            raise self._context.unsupported(node, f"the calibration grammar {node.name[:40]!r}", "'openpulse' is known")

    def block(self, node: Any) -> None:  # noqa: ANN401 - a node of the tree
        """Run a ``cal`` block: its names are those of the program."""
        with Inside(self._context, node):
            self._context.run(node.body)

    def define(self, node: Any) -> None:  # noqa: ANN401
        """Keep a ``defcal``; later ones go before earlier ones."""
        if not self._context.names.is_global:
            raise self._context.wrong(node, "a calibration within a block", "definitions outside of all blocks")
        self._definitions.insert(0, node)

    def declare(self, node: ast.ClassicalDeclaration) -> None:
        """Declare a port, a frame or a waveform."""
        kind, name = type(node.type).__name__, node.identifier.name
        if kind == "PortType":
            lines = [each.command for each in node.annotations if each.keyword == "line" and each.command]
            entity: PulseEntity = Port(lines[0].strip() if lines else name.replace("_", "."))
        elif node.init_expression is None:
            raise ProgramError(f"{name!r} without a value", allowed="newframe(...), or a waveform")
        else:
            entity = self._entity(node.init_expression)
        wanted = {"PortType": Port, "FrameType": Carrier, "WaveformType": Waveform}[kind]
        if not isinstance(entity, wanted):
            raise ProgramError(f"{name!r} of another type than its value")
        self._context.names.declare(name, entity)

    def is_pulse(self, node: Any) -> bool:  # noqa: ANN401
        """Say whether a name stands for a port, frame or waveform."""
        return isinstance(node, ast.Identifier) and isinstance(self._context.names.find(node.name), PulseEntity)

    def _entity(self, node: Any) -> PulseEntity:  # noqa: ANN401
        if isinstance(node, ast.Identifier):
            found = self._context.names.find(node.name)
            if isinstance(found, PulseEntity):
                return found
        if isinstance(node, ast.FunctionCall):
            return self._frame(node) if node.name.name == "newframe" else self._waveform(node)
        raise ProgramError("this is no port, frame or waveform", allowed="one declared above")

    def _frame(self, node: ast.FunctionCall) -> Carrier:
        if len(node.arguments) != 3:
            raise ProgramError(f"newframe of {len(node.arguments)} arguments", allowed="port, frequency and phase")
        port = self._entity(node.arguments[0])
        if not isinstance(port, Port):
            raise ProgramError("a frame on what is no port", allowed="a port")
        values = [self._number(argument) for argument in node.arguments[1:]]
        frequency, phase = (self._context.tape.new_cell(value) for value in values)
        return Carrier(port, frequency, phase)

    def _number(self, node: Any) -> float:  # noqa: ANN401
        value = radians(self._expressions.value(node))
        if isinstance(value, Expression):
            raise ProgramError("a pulse that depends on measured bits", allowed="numbers known before the program runs")
        return float(value)

    def _seconds(self, node: Any) -> float:  # noqa: ANN401
        value = cast(self._expressions.value(node), DURATION)
        if not value.known:
            raise ProgramError(
                "a pulse that depends on measured bits", allowed="durations known before the program runs"
            )
        return float(value.term)  # type: ignore[arg-type]

    def _waveform(self, node: ast.FunctionCall) -> Waveform:
        name = node.name.name
        if name in ("scale", "phase_shift"):
            return self._changed(node)
        if name not in _SHAPES:
            raise ProgramError(
                f"the waveform {name!r}", allowed=", ".join(sorted(_SHAPES)), remedy="this is not supported"
            )
        least, most = _SHAPES[name]
        if not least <= len(node.arguments) <= most:
            raise ProgramError(f"{name} of {len(node.arguments)} arguments", allowed=f"{least} to {most}")
        size = cast(self._expressions.value(node.arguments[0]), COMPLEX).data
        assert isinstance(size, complex)
        amplitude, phase = (size.real, 0.0) if size.imag == 0 else cmath.polar(size)
        tone = Tone(line="", amplitude=amplitude, duration=self._seconds(node.arguments[1]), phase=phase)
        if name == "flat_top_cosine":
            tone = replace(tone, edge=self._seconds(node.arguments[2]))
        if name == "raised_cosine":
            slope = self._seconds(node.arguments[2]) if len(node.arguments) == 3 else 0.0
            tone = replace(tone, shape=Shape.COSINE, slope=slope)
        return Waveform(tone)

    def _changed(self, node: ast.FunctionCall) -> Waveform:
        if len(node.arguments) != 2:
            raise ProgramError(
                f"{node.name.name} of {len(node.arguments)} arguments", allowed="a waveform and a number"
            )
        wave, by = self._entity(node.arguments[0]), self._number(node.arguments[1])
        if not isinstance(wave, Waveform):
            raise ProgramError("this is no waveform", allowed="a waveform")
        if node.name.name == "scale":
            return Waveform(replace(wave.tone, amplitude=wave.tone.amplitude * by))
        return Waveform(replace(wave.tone, phase=wave.tone.phase + by))

    def call(self, node: ast.FunctionCall) -> None:
        """Play, or turn a frame."""
        name = node.name.name
        if name.startswith("capture"):
            raise ProgramError(
                f"the function {name!r}",
                allowed="measure",
                remedy="this is not supported: readout is calibrated by qctl",
            )
        if len(node.arguments) != 2:
            raise ProgramError(f"{name} of {len(node.arguments)} arguments", allowed="2")
        frame = self._entity(node.arguments[0])
        if not isinstance(frame, Carrier):
            raise ProgramError(f"{name} on what is no frame", allowed="a frame")
        if name == "play":
            self._play(frame, node.arguments[1])
            return
        place = frame.phase if name.endswith("phase") else frame.frequency
        value = self._number(node.arguments[1])
        before = self._held(place) if name.startswith("shift") else 0.0
        self._context.tape.assign(place, before + value)

    def _held(self, place: Place) -> float:
        value = self._context.tape.number(place)
        if isinstance(value, Expression):
            raise ProgramError("a frame that depends on measured bits", allowed="frames known before the program runs")
        return float(value)

    def _play(self, frame: Carrier, node: Any) -> None:  # noqa: ANN401
        wave = self._entity(node)
        if not isinstance(wave, Waveform):
            raise ProgramError("play of what is no waveform", allowed="a waveform")
        if self._playing is None:
            raise ProgramError(
                "play outside of a calibration", allowed="play in a defcal, which says which qubits are busy"
            )
        start = self._playing.clock.get(frame, Fraction(0))
        frequency, phase = self._held(frame.frequency), self._held(frame.phase)
        total = phase + wave.tone.phase
        if frequency == 0 and total:
            raise ProgramError(
                f"a phase of {total:g} rad on {frame.port.line}, whose frame has no frequency", allowed="0"
            )
        tone = replace(
            wave.tone,
            line=frame.port.line,
            start=float(start),
            frequency=frequency or None,
            phase=total if frequency else 0.0,
        )
        self._playing.tones.append(tone)
        self._playing.clock[frame] = start + exact(tone.duration)

    def wait(self, node: ast.DelayInstruction) -> None:
        """Let time pass in frames."""
        length = self._seconds(node.duration)
        for frame in self._frames(node.qubits):
            assert self._playing is not None
            self._playing.clock[frame] = self._playing.clock.get(frame, Fraction(0)) + exact(length)

    def align(self, node: ast.QuantumBarrier) -> None:
        """Let frames wait for each other."""
        frames = self._frames(node.qubits)
        assert self._playing is not None
        latest = max(self._playing.clock.get(frame, Fraction(0)) for frame in frames)
        self._playing.clock.update(dict.fromkeys(frames, latest))

    def _frames(self, nodes: list[Any]) -> list[Carrier]:
        if self._playing is None:
            raise ProgramError("a wait in frames outside of a calibration", allowed="waits in a defcal")
        found = [self._entity(node) for node in nodes]
        return [frame for frame in found if isinstance(frame, Carrier)]

    def apply(self, node: ast.QuantumGate) -> bool:
        """Play a gate if it is calibrated for these qubits; say whether it was."""
        if not self._definitions or node.modifiers:
            return False
        qubits = [self._operands.qubits(qubit) for qubit in node.qubits]
        if not all(isinstance(q, Qubits) and len(q.indices) == 1 for q in qubits):
            return False
        on = [q.indices[0] for q in qubits if isinstance(q, Qubits)]
        values = [self._expressions.exact(argument) for argument in node.arguments]
        for definition in self._definitions:
            if definition.name.name == node.name.name and self._fits(definition, on, values):
                self._run(definition, on, values, node)
                return True
        return False

    def _fits(self, definition: Any, on: list[int], values: list[Value]) -> bool:  # noqa: ANN401
        wanted = [qubit.name for qubit in definition.qubits]
        if len(wanted) != len(on) or len(definition.arguments) != len(values):
            return False
        if any(name.startswith("$") and name != f"${qubit}" for name, qubit in zip(wanted, on, strict=True)):
            return False
        return all(
            isinstance(argument, ast.ClassicalArgument) or self._number(argument) == _known(value)
            for argument, value in zip(definition.arguments, values, strict=True)
        )

    def _run(self, definition: Any, on: list[int], values: list[Value], node: Any) -> None:  # noqa: ANN401
        context = self._context
        frame = Frame([{}])
        for argument, value in zip(definition.arguments, values, strict=True):
            if isinstance(argument, ast.ClassicalArgument):
                kind = self._expressions.type_of(argument.type)
                variable = self._classical.new(kind)
                self._classical.fill(variable, cast(value, kind))
                frame.scopes[0][argument.name.name] = variable
        outer, self._playing = self._playing, _Playing([], {})
        context.names.frames.append(frame)
        try:
            with Inside(context, node):
                context.run(definition.body)
            playing = self._playing
        finally:
            context.names.frames.pop()
            self._playing = outer
        pulse = Pulse(tuple(playing.tones))
        context.builder.play(pulse, on, context.start(node))
        ends = [exact(tone.start) + exact(tone.duration) for tone in playing.tones]
        rest = max(playing.clock.values(), default=Fraction(0)) - max(ends, default=Fraction(0))
        if rest > 0:
            context.builder.wait(float(rest), [Qubits(tuple(on))], context.start(node))


def exact(seconds: float) -> Fraction:
    """Return the decimal number that a text would show for a duration."""
    return Fraction(repr(seconds))


class Inside:
    """Errors within a calibration have the place of the statement that holds or plays it: its own are relative."""

    def __init__(self, context: Context, node: Any) -> None:  # noqa: ANN401
        self._context, self._node, self._outer = context, node, context.in_calibration

    def __enter__(self) -> None:
        self._context.in_calibration = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._context.in_calibration = self._outer
        if isinstance(error, ProgramError):
            wrong: Callable[..., ProgramError] = self._context.wrong
            raise wrong(self._node, f"in a calibration: {error.asked}", error.allowed, error.remedy) from error


def _known(value: Value) -> float | None:
    term = cast(value, FLOAT).term
    return None if isinstance(term, Expression) else float(term)
