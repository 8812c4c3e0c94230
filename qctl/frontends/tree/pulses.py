"""OpenPulse: ports, frames and what is played on them, in ``cal`` blocks and calibrated gates.

Source: OpenQASM 3 specification, "Pulse-level descriptions of gates and measurement" and the OpenPulse grammar. A port
is a line of the laboratory: ``@line q0-q1.flux`` before its declaration names it, otherwise its own name does, with
``.`` for ``_``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from openqasm3 import ast

from qctl.core.errors import ProgramError
from qctl.core.flow import Expression
from qctl.core.operators import exact
from qctl.core.pulse import Pulse, Tone

from ..builder import Qubits
from ..tape import Place
from ..values import FLOAT, Type, Value, cast
from .context import Context
from .expressions import Expressions
from .names import PulseEntity
from .waveforms import Waveform, Waveforms


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


@dataclass(slots=True)
class Playing:
    """What one calibration plays.

    Parameters
    ----------
    tones : not yet part of the program; they count from ``base``
    clock : how late it is in each frame, s from the start of the calibration; sums of decimals are exact
    base : s from the start of the calibration until the last measurement in it was over
    measures : the qubit that it measures, and the bit that takes the answer
    """

    tones: list[Tone] = field(default_factory=list)
    clock: dict[Carrier, Fraction] = field(default_factory=dict)
    base: Fraction = Fraction(0)
    measures: tuple[int, Place] | None = None
    has_measured: bool = False

    def now(self, frame: Carrier) -> Fraction:
        """Return how late it is in a frame."""
        return self.clock.get(frame, Fraction(0))


TYPES = ("PortType", "FrameType", "WaveformType")
_CHANGES = frozenset(["set_phase", "shift_phase", "set_frequency", "shift_frequency"])
ASKS = frozenset(["get_phase", "get_frequency"])
FUNCTIONS = _CHANGES | {"play"}


class Pulses:
    """Lowers what happens in frames.

    Parameters
    ----------
    context, expressions : of the lowering
    """

    def __init__(self, context: Context, expressions: Expressions) -> None:
        self._context, self._expressions = context, expressions
        self.waveforms = Waveforms(expressions, self.waveform)
        self.playing: Playing | None = None

    def grammar(self, node: ast.CalibrationGrammarDeclaration) -> None:
        """Take the name of the calibration grammar."""
        if node.name != "openpulse":
            raise self._context.unsupported(node, f"the calibration grammar {node.name[:40]!r}", "'openpulse' is known")

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

    def is_pulse(self, node: Any) -> bool:  # noqa: ANN401 - a node of the tree
        """Say whether a name stands for a port, frame or waveform."""
        return isinstance(node, ast.Identifier) and isinstance(self._context.names.find(node.name), PulseEntity)

    def _entity(self, node: Any) -> PulseEntity:  # noqa: ANN401
        if isinstance(node, ast.Identifier):
            found = self._context.names.find(node.name)
            if isinstance(found, PulseEntity):
                return found
        if isinstance(node, ast.ArrayLiteral):
            return self.waveforms.samples(node)
        if isinstance(node, ast.FunctionCall):
            if node.name.name in _INSTEAD:
                raise refused(node.name.name)
            return self._frame(node) if node.name.name == "newframe" else self.waveforms.made(node)
        raise ProgramError("this is no port, frame or waveform", allowed="one declared above")

    def waveform(self, node: Any) -> Waveform:  # noqa: ANN401
        """Return the waveform that an expression stands for."""
        found = self._entity(node)
        if not isinstance(found, Waveform):
            raise ProgramError("this is no waveform", allowed="a waveform")
        return found

    def frame(self, node: Any) -> Carrier:  # noqa: ANN401
        """Return the frame that an expression stands for."""
        found = self._entity(node)
        if not isinstance(found, Carrier):
            raise ProgramError("this is no frame", allowed="a frame")
        return found

    def _frame(self, node: ast.FunctionCall) -> Carrier:
        if len(node.arguments) != 3:
            raise ProgramError(f"newframe of {len(node.arguments)} arguments", allowed="port, frequency and phase")
        port = self._entity(node.arguments[0])
        if not isinstance(port, Port):
            raise ProgramError("a frame on what is no port", allowed="a port")
        values = [self.waveforms.number(argument) for argument in node.arguments[1:]]
        frequency, phase = (self._context.tape.new_cell(value) for value in values)
        now = Carrier(port, frequency, phase)
        if self.playing is not None:
            self.playing.clock[now] = self.playing.base
        return now

    def call(self, node: ast.FunctionCall) -> None:
        """Play, or turn a frame."""
        name = node.name.name
        if len(node.arguments) != 2:
            raise ProgramError(f"{name} of {len(node.arguments)} arguments", allowed="2")
        frame = self.frame(node.arguments[0])
        if name == "play":
            self._play(frame, self.waveform(node.arguments[1]))
            return
        place = frame.phase if name.endswith("phase") else frame.frequency
        value = self.waveforms.number(node.arguments[1])
        before = self._held(place) if name.startswith("shift") else 0.0
        self._context.tape.assign(place, before + value)

    def asked(self, node: ast.FunctionCall) -> Value:
        """Return phase or frequency of a frame."""
        name = node.name.name
        if len(node.arguments) != 1:
            raise ProgramError(f"{name} of {len(node.arguments)} arguments", allowed="1, a frame")
        frame = self.frame(node.arguments[0])
        if name == "get_frequency":
            return Value(FLOAT, self._held(frame.frequency))
        return cast(Value(FLOAT, self._held(frame.phase)), Type("angle", 64))

    def _held(self, place: Place) -> float:
        value = self._context.tape.number(place)
        if isinstance(value, Expression):
            raise ProgramError("a frame that depends on measured bits", allowed="frames known before the program runs")
        return float(value)

    def _play(self, frame: Carrier, wave: Waveform) -> None:
        playing, line = self.now(), frame.port.line
        machine = self._context.builder.machine
        tone = wave.on(None if machine is None else machine.rate(line))
        start = playing.now(frame) - playing.base
        if start < 0:
            raise ProgramError(
                f"a pulse on {line} during the capture", allowed="pulses before it or, behind a barrier, after it"
            )
        frequency, phase = self._held(frame.frequency), self._held(frame.phase)
        total = phase + tone.phase
        if frequency == 0 and total:
            raise ProgramError(f"a phase of {total:g} rad on {line}, whose frame has no frequency", allowed="0")
        tone = replace(
            tone, line=line, start=float(start), frequency=frequency or None, phase=total if frequency else 0.0
        )
        playing.tones.append(tone)
        playing.clock[frame] = playing.base + start + exact(tone.duration)

    def now(self) -> Playing:
        """Return the calibration that is played."""
        if self.playing is None:
            raise ProgramError("a pulse outside of a calibration", allowed="cal blocks, and calibrated gates")
        return self.playing

    def wait(self, node: ast.DelayInstruction) -> None:
        """Let time pass in frames."""
        playing, length = self.now(), exact(self.waveforms.seconds(node.duration))
        if length < 0:
            raise ProgramError(f"a delay of {float(length):g} s", allowed="durations of 0 and more")
        for each in node.qubits:
            frame = self.frame(each)
            playing.clock[frame] = playing.now(frame) + length

    def align(self, node: ast.QuantumBarrier) -> None:
        """Let frames wait for each other."""
        playing, frames = self.now(), [self.frame(each) for each in node.qubits]
        latest = max(playing.now(frame) for frame in frames)
        playing.clock.update(dict.fromkeys(frames, latest))

    def put(self, on: Sequence[int], start: int, until: Fraction | None = None) -> None:
        """Append what was played so far on some qubits, and wait there until all frames are that late."""
        playing, builder = self.now(), self._context.builder
        builder.play(Pulse(tuple(playing.tones)), on, start)
        latest = max(playing.clock.values(), default=Fraction(0)) if until is None else until
        ends = [exact(tone.start) + exact(tone.duration) for tone in playing.tones]
        rest = latest - playing.base - max(ends, default=Fraction(0))
        if rest > 0:
            builder.wait(float(rest), [Qubits(tuple(on))], start)
        playing.tones = []


_INSTEAD = {
    "capture_v0": "measure; capture_v2 in a defcal of measure is known",
    "capture_v1": "measure; mean points (V) of the readout are Pulses.averages(...).iq() in Python",
    "capture_v2": "a defcal of measure that returns it",
    "capture_v3": "measure; mean traces of feedlines are kept by Pulses.capture(...) in Python",
    "capture_v4": "measure, which tells states from what is counted",
    "capture": "measure; capture_v2 in a defcal of measure is known",
}
"""Captures by name, and what does instead where they cannot be."""

CAPTURES = frozenset(_INSTEAD)


def refused(name: str, why: str = "no program here can compute with what it returns") -> ProgramError:
    """Return the error for a capture that cannot be."""
    return ProgramError(f"the function {name!r}", allowed=_INSTEAD[name], remedy=f"this is not supported: {why}")
