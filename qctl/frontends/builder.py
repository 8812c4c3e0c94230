"""A program under construction: what its names mean, and the events so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.program import Note, Op, Program, Register
from qctl.core.pulse import Pulse

from .definition import NO_MODIFIERS, Modifiers
from .expression import Names, Parameter
from .finish import Outputs, finished
from .gate import Gate, LibraryGate
from .limits import ReadLimits
from .machine import Machine
from .source import Source
from .stream import EventStream
from .tape import Tape
from .values import CONSTANTS, Value


@dataclass(frozen=True, slots=True)
class Qubits:
    """Qubits behind a name or an operand; ``single`` ones are repeated when others are a register."""

    indices: Sequence[int]
    single: bool = False


@dataclass(frozen=True, slots=True)
class Bits:
    """Classical bits behind a name or an operand."""

    indices: Sequence[int]
    single: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A named value; ``fixed`` ones were declared const, so sizes may depend on them."""

    value: Value
    fixed: bool = True


@dataclass(frozen=True, slots=True)
class Opaque:
    """A gate that was declared without saying what it does."""

    n_parameters: int
    n_qubits: int


Durations = Callable[[Op, tuple[int, ...], tuple[float, ...]], float]
"""How long an event on physical qubits lasts, s; a `Machine` knows more."""

Entity = Qubits | Bits | Constant | Opaque | Gate


def kind_of(entity: Entity) -> str:
    """Return what a name stands for, in words."""
    words = {Qubits: "a quantum register", Bits: "a classical register", Constant: "a value", Opaque: "an opaque gate"}
    return next((text for kind, text in words.items() if isinstance(entity, kind)), "a gate")


class ProgramBuilder:
    """Declarations and events in the order of the text.

    Parameters
    ----------
    source, limits : the text, and how large its program may become
    fallback : gates that are known without a declaration, and that a declaration may replace
    inputs : values of the program's inputs, by name
    durations : how long events last, for programs that ask
    """

    def __init__(
        self,
        source: Source,
        limits: ReadLimits,
        fallback: dict[str, Gate] | None = None,
        inputs: Mapping[str, object] | None = None,
        durations: Durations | None = None,
    ) -> None:
        self.source, self.limits, self.durations = source, limits, durations
        self.placement: Sequence[int] | None = None  # of declared qubits, once it is known
        self.is_draft = False  # lengths do not matter yet
        self.machine = durations if isinstance(durations, Machine) else None
        self._inputs = dict(inputs or {})
        self._open_inputs = set(self._inputs)
        self.stream = EventStream(source, limits)
        self.tape = Tape(self.stream)
        self.notes: list[Note] = []
        self._pulses: dict[Pulse, int] = {}
        self.names: dict[str, Entity] = {}
        self.values: dict[str, Value | Parameter | None] = dict(CONSTANTS)
        self._fallback = fallback or {}
        self._fixed: dict[str, Value | Parameter | None] = dict(CONSTANTS)
        self._replaceable: set[str] = set()
        self._qubits: list[Register] = []
        self._bits: list[Register] = []
        self._n_qubits = self._n_bits = self._n_names = 0
        self._physical = False

    def fixed_values(self) -> Names:
        """Return the values that were declared const: all that sizes and modifiers may depend on."""
        return self._fixed

    def find(self, name: str, start: int) -> Entity:
        """Return what a name stands for; raise ProgramError when it stands for nothing."""
        entity = self.known_gate(name)
        if entity is None:
            raise self.source.wrong(f"{name!r} is not defined here", start, "a name declared above")
        return entity

    def known_gate(self, name: str) -> Entity | None:
        """Return what a name stands for where a gate is expected, or None."""
        return self.names.get(name) or self._fallback.get(name)

    def find_gate(self, name: str, start: int) -> Gate:
        """Return a gate that can be applied."""
        entity = self.known_gate(name)
        if entity is None:
            remedy = "define it, or include the library that does"
            raise self.source.wrong(f"the gate {name!r} is not defined here", start, remedy=remedy)
        if isinstance(entity, Opaque):
            raise self.source.unsupported(f"the gate {name!r}, declared opaque", start, "give it a body")
        if isinstance(entity, (Qubits, Bits, Constant)):
            raise self.source.wrong(f"{name!r} is {kind_of(entity)}", start, "a gate")
        return entity

    def declare(self, name: str, entity: Entity, start: int) -> None:
        """Give a name a meaning; raise ProgramError when it has one."""
        self._n_names += 1
        if self._n_names > self.limits.names:
            raise self.source.too_large("or more declarations", self._n_names, self.limits.names, start)
        self._name(name, entity, start)

    def _name(self, name: str, entity: Entity, start: int) -> None:
        if name in self.names and name not in self._replaceable:
            raise self.source.wrong(f"{name!r} is already defined as {kind_of(self.names[name])}", start)
        self._replaceable.discard(name)
        self.names[name] = entity
        if isinstance(entity, Constant):
            self.values[name] = entity.value
            if entity.fixed:
                self._fixed[name] = entity.value

    def include(self, gates: dict[str, LibraryGate], replaceable: dict[str, LibraryGate], start: int) -> None:
        """Declare the gates of a library, some of which the program may define again."""
        for name, gate in gates.items():
            self._name(name, gate, start)
        for name, gate in replaceable.items():
            if name not in self.names:
                self._name(name, gate, start)
                self._replaceable.add(name)

    def add_qubits(self, name: str, size: int, start: int, single: bool = False) -> None:
        """Declare a quantum register."""
        if self._physical:
            raise self.source.unsupported("a program with declared and physical qubits", start, "use one kind only")
        total = self._n_qubits + size
        if total > self.limits.qubits:
            raise self.source.too_large("qubits", total, self.limits.qubits, start)
        self.declare(name, Qubits(range(self._n_qubits, total), single), start)
        self._qubits.append(Register(name, self._n_qubits, size))
        self._n_qubits = total

    def add_bits(self, name: str, size: int, start: int, single: bool = False) -> Bits:
        """Declare a classical register; return it."""
        total = self._n_bits + size
        if total > self.limits.bits:
            raise self.source.too_large("bits", total, self.limits.bits, start)
        bits = Bits(range(self._n_bits, total), single)
        self.tape.known.update(dict.fromkeys((~bit for bit in bits.indices), 0))
        self.declare(name, bits, start)
        self._bits.append(Register(name, self._n_bits, size))
        self._n_bits = total
        return bits

    @property
    def is_physical(self) -> bool:
        """Say whether the qubits used so far are physical ones."""
        return self._physical

    def reserve_bits(self, n_others: int, start: int) -> None:
        """Refuse bits beside the declared ones that would pass the limit."""
        if self._n_bits + n_others > self.limits.bits:
            raise self.source.too_large("bits", self._n_bits + n_others, self.limits.bits, start)

    def physical_qubit(self, index: int, start: int) -> Qubits:
        """Return a physical qubit, written ``$index``."""
        if self._qubits:
            raise self.source.unsupported("a program with declared and physical qubits", start, "use one kind only")
        if index >= self.limits.qubits:
            raise self.source.too_large("is the index of a qubit", index, self.limits.qubits - 1, start)
        self._physical = True
        self._n_qubits = max(self._n_qubits, index + 1)
        return Qubits((index,), single=True)

    def apply(
        self, gate: Gate, modifiers: Modifiers, angles: Sequence[float], on: Sequence[Qubits], start: int
    ) -> None:
        """Append a gate, once for each element of its registers."""
        places = self.places(gate, modifiers, len(angles), on, start)
        direct = gate.direct if isinstance(gate, LibraryGate) and modifiers is NO_MODIFIERS else None
        if direct is not None:
            self.stream.spread(len(places), start)
            self.stream.add_all(direct[0], places, angles=(*direct[1], *angles))
            return
        cost = modifiers.cost(gate.cost)
        n_events = cost.n_events() * len(places)
        (self.stream.spread if len(places) > 1 else self.stream.reserve)(n_events, start)
        rows = self.stream.expand(gate, modifiers, cost, angles, start)
        self.stream.place_all(rows, places)

    def places(
        self, gate: Gate, modifiers: Modifiers, n_angles: int, on: Sequence[Qubits], start: int
    ) -> NDArray[np.int64]:
        """Return the qubits of each application of a gate to registers, shape (n_applications, n_qubits)."""
        n_qubits = gate.n_qubits + len(modifiers.controls)
        for what, given, needed in (("angles", n_angles, gate.n_parameters), ("qubits", len(on), n_qubits)):
            if given != needed:
                raise self.source.wrong(f"a gate with {given} {what}", start, f"{needed}")
        return self._broadcast(on, start)

    def _broadcast(self, on: Sequence[Qubits], start: int) -> NDArray[np.int64]:
        singles = [operand.indices[0] for operand in on if operand.single]
        if len(singles) == len(on) and len(set(singles)) == len(singles):
            return np.array([singles], np.int64)
        sizes = {len(operand.indices) for operand in on if not operand.single}
        if len(sizes) > 1:
            raise self.source.wrong(
                f"registers of {' and '.join(map(str, sorted(sizes)))} qubits in one gate",
                start,
                "registers of one size",
            )
        n_places = sizes.pop() if sizes else 1
        self.stream.reserve(n_places, start)
        places = np.empty((n_places, len(on)), np.int64)
        for column, operand in enumerate(on):
            places[:, column] = operand.indices[0] if operand.single else operand.indices
            if np.any(places[:, :column] == places[:, column : column + 1]):
                raise self.source.wrong("a gate that uses one qubit twice", start, "different qubits")
        return places

    def measure(self, qubits: Qubits, bits: Bits, start: int) -> None:
        """Append the measurement of each qubit into its bit."""
        if len(qubits.indices) != len(bits.indices):
            asked = f"a measurement of {len(qubits.indices)} qubits into {len(bits.indices)} bits"
            raise self.source.wrong(asked, start, "as many bits as qubits")
        self.stream.spread(len(bits.indices), start)
        self.stream.measure(qubits.indices, bits.indices)
        self.tape.measured(~bit for bit in bits.indices)

    def play(self, pulse: Pulse, on: Sequence[int], start: int) -> None:
        """Append a pulse, if it plays anything; its qubits are physical ones."""
        if not pulse.tones:
            return
        if not self._physical:
            raise self.source.unsupported("a calibrated gate on declared qubits", start, "use physical qubits, $0")
        if len(on) > 2:
            raise self.source.unsupported(f"a pulse that keeps {len(on)} qubits busy", start, "at most 2")
        self.stream.reserve(1, start)
        number = self._pulses.setdefault(pulse, len(self._pulses))
        self.stream.add(Op.PULSE, tuple(on), number)

    def input(self, name: str, start: int) -> object:
        """Return the value of an input from outside."""
        if name not in self._inputs:
            others = f"; values are given for {', '.join(sorted(self._open_inputs))}" if self._open_inputs else ""
            raise self.source.wrong(
                f"the input {name!r} without a value{others}",
                start,
                remedy=f"give one: inputs={{{name!r}: ...}}, or --input",
            )
        self._open_inputs.discard(name)
        return self._inputs[name]

    def note(self, text: str) -> None:
        """Keep a pragma or an annotation; it stands before the next event."""
        self.notes.append(Note(text, len(self.stream)))

    def reset(self, qubits: Qubits, start: int) -> None:
        """Append the reset of each qubit."""
        self.stream.spread(len(qubits.indices), start)
        self.stream.add_all(Op.RESET, _column(qubits))

    def all_qubits(self, start: int) -> Qubits:
        """Return all qubits declared so far, for a wait that names none."""
        if self._physical or not self._n_qubits:
            raise self.source.unsupported("a delay without qubits", start, "name the qubits that wait, or declare some")
        return Qubits(range(self._n_qubits))

    def wait(self, seconds: float, on: Sequence[Qubits], start: int) -> None:
        """Append a wait of some seconds on each qubit."""
        if self.is_draft:
            seconds = max(seconds, 0.0)
        if seconds < 0:
            raise self.source.wrong(f"a delay of {seconds:g} s", start, "durations of 0 and more")
        for operand in on:
            self.stream.spread(len(operand.indices), start)
            self.stream.add_all(Op.DELAY, _column(operand), angles=(seconds,))

    def barrier(self, on: Sequence[Qubits] | None, start: int) -> None:
        """Append one barrier over the operands, or over all qubits."""
        everything = range(self._n_qubits)
        self.stream.spread(len(everything) if on is None else sum(len(operand.indices) for operand in on), start)
        qubits = everything if on is None else dict.fromkeys(index for operand in on for index in operand.indices)
        self.stream.barrier(qubits)

    def program(self, outputs: Outputs | None = None) -> Program:
        """Return the finished program.

        Parameters
        ----------
        outputs : what results show, by name, where the program names it: registers of bits, and terms; else all bits
        """
        self.stream.reserve(0, len(self.source.text))
        if self._open_inputs:
            taken = ", ".join(sorted(set(self._inputs) - self._open_inputs)) or "none"
            unknown = ", ".join(sorted(self._open_inputs))
            raise self.source.wrong(f"values for {unknown}", 0, f"inputs of the program: {taken}")
        registers = [Register("$", 0, self._n_qubits)] if self._physical else self._qubits
        program = Program(
            self.stream.events(), self._n_qubits, self._n_bits, bits=tuple(self._bits), qubits=tuple(registers),
            physical=self._physical, notes=tuple(self.notes), pulses=tuple(self._pulses),
        )  # fmt: skip
        return finished(program, self.tape, outputs)


def _column(qubits: Qubits) -> NDArray[np.int64]:
    """Return qubits as one place each, shape (n, 1)."""
    return np.array(qubits.indices, np.int64).reshape(-1, 1)
