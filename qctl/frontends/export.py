"""Programs to OpenQASM 3 text, which reads back as the same program."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import count, groupby

import numpy as np

from qctl.core.errors import ProgramError, UsageError
from qctl.core.flow import statements
from qctl.core.gates import N_ANGLES
from qctl.core.program import Note, Op, Program, Register

from .export_flow import FlowWriter
from .export_pulses import calibrations, played
from .library import STDGATES
from .openqasm3 import RESERVED

_NAMES = {
    Op.ID: "id", Op.X: "x", Op.Y: "y", Op.Z: "z", Op.H: "h", Op.S: "s", Op.SDG: "sdg", Op.T: "t", Op.TDG: "tdg",
    Op.SX: "sx", Op.SXDG: "inv @ sx", Op.RX: "rx", Op.RY: "ry", Op.RZ: "rz", Op.P: "p", Op.U: "U", Op.R: "r",
    Op.CX: "cx", Op.CY: "cy", Op.CZ: "cz", Op.CH: "ch", Op.CP: "cp", Op.CRX: "crx", Op.CRY: "cry", Op.CRZ: "crz",
    Op.SWAP: "swap", Op.ISWAP: "iswap", Op.RXX: "rxx", Op.RYY: "ryy", Op.RZZ: "rzz",
}  # fmt: skip

_DEFINITIONS = {
    Op.R: "gate r(theta, phi) a { U(theta, phi - pi / 2, pi / 2 - phi) a; }",
    Op.ISWAP: "gate iswap a, b { s a; s b; h a; cx a, b; cx b, a; h b; }",
    Op.RXX: "gate rxx(t) a, b { h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; }",
    Op.RYY: "gate ryy(t) a, b { inv @ sx a; inv @ sx b; cx a, b; rz(t) b; cx a, b; sx a; sx b; }",
    Op.RZZ: "gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; }",
}
"""Gates that stdgates.inc lacks, by gates that it has; all are exact up to a global phase."""

Names = dict[int, dict[int, str]]
"""Names in place of numbers, by row of the events and column of its angles."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE = re.compile(r"(v|input)[0-9]+")  # what the text itself declares
_OWN = frozenset({"point", "hidden", "leaving"})  # so does it these
_WORDS = frozenset(_NAMES.values()) | RESERVED | frozenset(STDGATES) | {"pi", "tau", "euler"} | _OWN


def to_openqasm(program: Program, point: int | None = None) -> str:
    """Return a program as OpenQASM 3.

    A sweep becomes an input ``point`` and a switch over it: ``inputs={"point": range(n_points)}`` reads it back.

    Parameters
    ----------
    point : one sweep point only

    Raises
    ------
    UsageError
        When there is no such point, or an output has a name that the text gives to what has none.
    ProgramError
        When the program holds what OpenQASM 3 cannot say.
    """
    if point is not None and not 0 <= point < program.n_points:
        raise UsageError(f"sweep point {point}", allowed=f"0 to {program.n_points - 1}")
    if taken := [name for name, _ in program.outputs if name in _OWN or _VARIABLE.fullmatch(name)]:
        raise UsageError(
            f"an output named {taken[0]!r} in a text that is written",
            allowed="other names than v0, input0 and so on, point, hidden and leaving",
            remedy="give it another name",
        )
    return "\n".join(_Writer(program, point).lines()) + "\n"


def to_inputs(program: Program) -> tuple[str, dict[str, list[float]]]:
    """Return a program as OpenQASM 3, and its inputs by name, a value for each sweep point: what reads back as it is.

    Points that differ in angles or waits alone are said once, with an input for each number that differs, so that the
    text does not grow with them; others become a switch.
    """
    n_points = program.n_points
    if n_points == 1:
        return to_openqasm(program), {}
    angles = program.events["angle"].reshape(n_points, -1, 3) if _alike(program) else np.zeros((n_points, 0, 3))
    rows, columns = np.nonzero(np.any(angles != angles[0], axis=0))
    if not len(rows):
        return to_openqasm(program), {"point": list(range(n_points))}
    names: Names = {}
    inputs: dict[str, list[float]] = {}
    known: dict[bytes, str] = {}
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        values = np.ascontiguousarray(angles[:, row, column])
        name = known.setdefault(values.tobytes(), f"input{len(known)}")
        inputs[name] = values.tolist()
        names.setdefault(row, {})[column] = name
    return "\n".join(_Writer(program, 0, names).lines()) + "\n", inputs


def _alike(program: Program) -> bool:
    """Say whether sweep points differ in the numbers of gates and waits alone."""
    lengths = np.diff(program.starts)
    if program.flow or program.notes or np.any(lengths != lengths[0]) or np.any(program.events["op"] == Op.PULSE):
        return False
    events = program.events.reshape(program.n_points, -1)
    bits = np.where(events["op"] == Op.BARRIER, 0, events["bit"])
    edges = (events["op"] == Op.BARRIER)[:, 1:] & (np.diff(events["bit"], axis=1) != 0)  # which barriers are one
    return all(bool(np.all(column == column[0])) for column in (events["op"], events["q"], bits, edges))


class _Writer:
    """Writes one program."""

    def __init__(self, program: Program, point: int | None, names: Names | None = None) -> None:
        self._program, self._names = program, names or {}
        self._points = range(program.n_points) if point is None else range(point, point + 1)
        self._shown = _registers(program.bits, program.n_bits - program.n_hidden, "c")
        self._bits = _elements(self._shown, program.n_bits)
        taken = {register.name for register in self._shown}
        qubits = () if program.physical else _registers(program.qubits, program.n_qubits, "q", taken)
        self._qubits = (
            [f"${k}" for k in range(program.n_qubits)] if program.physical else _elements(qubits, program.n_qubits)
        )
        self._flow = FlowWriter(self._bits, self._qubits, self._rows, gate_name)
        self._registers = qubits
        self._notes = {row: [*notes] for row, notes in groupby(program.notes, lambda note: note.row)}

    def lines(self) -> Iterator[str]:
        """Yield the lines of the text."""
        program = self._program
        yield "OPENQASM 3.0;"
        yield 'include "stdgates.inc";'
        yield from calibrations(program)
        used = set(np.unique(program.events["op"]).tolist())
        used |= {each.op for block in program.flow for each in statements(block) if hasattr(each, "op")}
        yield from (text for op, text in _DEFINITIONS.items() if op in used)
        sweep = len(self._points) > 1
        if sweep:
            yield "input int point;"
        yield from (
            f"input float {name};" for name in dict.fromkeys(n for row in self._names.values() for n in row.values())
        )
        yield from (f"qubit[{r.size}] {r.name};" for r in self._registers)
        shown = "output bit" if program.outputs else "bit"
        for register in self._shown:
            yield f"{shown}[{register.size}] {register.name};"
        yield from self._flow.declarations(program)
        if not program.n_hidden or program.outputs:
            yield from self._body()
            return
        yield "{"  # bits that are declared within a block are not shown
        yield f"  bit[{program.n_hidden}] hidden;"
        yield from ("  " + line for line in self._body())
        yield "}"

    def _body(self) -> Iterator[str]:
        if len(self._points) == 1:
            yield from self._point(self._points[0])
        else:
            yield "switch (point) {"
            for k in self._points:
                yield f"  case {k} {{"
                yield from ("    " + line for line in self._point(k))
                yield "  }"
            yield "}"
        yield from self._flow.outputs(self._program)

    def _point(self, k: int) -> Iterator[str]:
        program = self._program
        if program.flow:
            yield from self._flow.block(program.flow[k])
        else:
            yield from self._rows(int(program.starts[k]), int(program.starts[k + 1]))
        yield from self._remarks(int(program.starts[k + 1])) if k == program.n_points - 1 else ()

    def _remarks(self, row: int) -> Iterator[str]:
        notes: list[Note] = self._notes.pop(row, [])
        yield from (note.text for note in notes if note.text.startswith("pragma"))

    def _rows(self, first: int, last: int) -> Iterator[str]:
        """Yield the statements of events ``first`` to before ``last``."""
        events = self._program.events[first:last]
        columns = [events[name].tolist() for name in ("op", "q", "bit", "angle")]
        barrier: tuple[int, list[str]] | None = None
        for row, (op, q, bit, angle) in enumerate(zip(*columns, strict=True), first):
            if barrier is not None and (op != Op.BARRIER or bit != barrier[0]):
                yield f"barrier {', '.join(barrier[1])};"
                barrier = None
            if row in self._notes:
                yield from (note.text for note in self._notes.pop(row))
            if op == Op.BARRIER:
                barrier = barrier or (bit, [])
                barrier[1].append(self._qubits[q[0]])
            else:
                yield self._event(Op(op), q, bit, angle, self._names.get(row, {}))
        if barrier is not None:
            yield f"barrier {', '.join(barrier[1])};"

    def _event(self, op: Op, q: list[int], bit: int, angle: list[float], names: Mapping[int, str]) -> str:
        on = ", ".join(self._qubits[qubit] for qubit in q if qubit >= 0)
        if op == Op.MEASURE:
            return f"{self._bits[bit]} = measure {on};" if bit >= 0 else f"measure {on};"
        if op == Op.RESET:
            return f"reset {on};"
        if op == Op.DELAY:
            return f"delay[{f'{names[0]} * 1s' if names else seconds(angle[0])}] {on};"
        if op == Op.PULSE:
            return played(bit, tuple(qubit for qubit in q if qubit >= 0), angle[0])
        said = [names.get(k, repr(number)) for k, number in enumerate(angle[: N_ANGLES.get(op, 0)])]
        return f"{gate_name(op)}({', '.join(said)}) {on};" if said else f"{gate_name(op)} {on};"


def gate_name(op: Op) -> str:
    """Return how a gate is written."""
    if op not in _NAMES:
        raise ProgramError(f"the event {op.name.lower()}", allowed="gates that OpenQASM 3 can write")
    return _NAMES[op]


def seconds(value: float) -> str:
    """Return a duration, to the last bit."""
    return f"{value!r}s" if value >= 0 else f"-{-value!r}s"


def _registers(named: tuple[Register, ...], n: int, name: str, others: Collection[str] = ()) -> tuple[Register, ...]:
    """Return registers that cover all elements, under names that OpenQASM 3 takes and that no other has."""
    out, taken = [], {*_WORDS, *others}
    for k, register in enumerate(named or ((Register(name, 0, n),) if n else ())):
        free = _NAME.fullmatch(register.name) and register.name not in taken
        free = free and not _VARIABLE.fullmatch(register.name)
        chosen = register.name if free else next(x for j in count() if (x := f"{name}{k}_{j}") not in taken)
        taken.add(chosen)
        out.append(Register(chosen, register.start, register.size))
    return tuple(out)


def _elements(registers: tuple[Register, ...], n: int) -> list[str]:
    """Return how each element is written; those of no register are hidden bits."""
    out = [f"hidden[{k}]" for k in range(n)]
    n_shown = 0
    for register in registers:
        n_shown = max(n_shown, register.start + register.size)
        for k in range(register.size):
            out[register.start + k] = f"{register.name}[{k}]"
    return [f"hidden[{k - n_shown}]" if text.startswith("hidden[") else text for k, text in enumerate(out)]
