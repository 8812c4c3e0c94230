"""Programs as circuits: a wire for each qubit, time from left to right, decisions as frames around what they decide."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from dataclasses import dataclass, field
from math import pi

import numpy as np

from ..flow import Apply, Assign, Bit, Block, Branch, Cell, Fail, Leave, Loop, Play, Scope, Store, Term, Turn
from ..gates import N_ANGLES
from ..program import Op, Program
from . import svg

STEP, ROW, LEFT, TOP, HALF = 58, 38, 64, 24, 13
MOST_WIRES, MOST_COLUMNS = 48, 80
CONTROLLED = {Op.CX: "X", Op.CY: "Y", Op.CZ: "", Op.CH: "H", Op.CP: "P", Op.CRX: "RX", Op.CRY: "RY", Op.CRZ: "RZ"}
KINDS = {"M": svg.GREEN, "wait": svg.ORANGE, "∿": svg.ORANGE, "|0⟩": svg.ORANGE, "set": svg.VIOLET}


def drawn(program: Program) -> str:
    """Return the circuit of the first sweep point; long ones are cut off, and say so."""
    drawing = _Drawing(program)
    block = program.flow[0] if program.flow else (Play(0, int(program.starts[1])),)
    drawing.block(block)
    return drawing.finished() + svg.note(_facts(program, drawing.left_out))


def _facts(program: Program, left_out: int) -> str:
    points = f", {program.n_points} sweep points" if program.n_points > 1 else ""
    axes = f" over {', '.join(f'{axis.name} ({len(axis)})' for axis in program.axes)}" if program.axes else ""
    cut = f"; {left_out} events are not shown" if left_out else ""
    first = " of the first point" if program.n_points > 1 else ""
    return (
        f"{program.n_qubits} qubits, {program.n_bits} bits, {int(program.starts[1])} events{first}{points}{axes}, "
        f"{program.shots} shots{cut}"
    )


@dataclass
class _Drawing:
    """One picture in the making; columns are handed out qubit by qubit."""

    program: Program
    parts: list[str] = field(default_factory=list)
    left_out: int = 0
    width: int = 0

    def __post_init__(self) -> None:
        events = self.program.events[: int(self.program.starts[1])]
        used = np.unique(events["q"])
        self.wires = {int(q): k for k, q in enumerate(used[used >= 0][:MOST_WIRES])}
        self.free = dict.fromkeys(self.wires, 0)
        self.names = [f"{r.name}[{k}]" if r.size > 1 else r.name for r in self.program.qubits for k in range(r.size)]
        self.bits = [f"{r.name}[{k}]" if r.size > 1 else r.name for r in self.program.bits for k in range(r.size)]

    def finished(self) -> str:
        """Return the picture."""
        width, height = LEFT + STEP * max(self.width, 1) + 16, TOP + ROW * max(len(self.wires), 1)
        wires = []
        for qubit, k in self.wires.items():
            named = f"${qubit}" if self.program.physical or qubit >= len(self.names) else self.names[qubit]
            y = self.y(k)
            wires += [svg.text(LEFT - 10, y + 4, named[:9], anchor="end"), svg.line(LEFT, y, width, y, faint=0.45)]
        return svg.picture(width, height, f"circuit of {self.program.n_qubits} qubits", [*wires, *self.parts])

    @staticmethod
    def y(wire: int) -> float:
        """Return the height of a wire."""
        return TOP + ROW * (wire + 0.5)

    def block(self, block: Block) -> None:
        """Draw statements one after the other."""
        for statement in block:
            if isinstance(statement, Play):
                self.rows(statement.first, statement.last)
            elif isinstance(statement, Branch):
                self.frame(f"if {shown(statement.condition, self.bits)}", statement.then)
                if statement.otherwise:
                    self.frame("else", statement.otherwise)
            elif isinstance(statement, Loop):
                self.frame(f"while {shown(statement.condition, self.bits)}", statement.body)
            elif isinstance(statement, Scope):
                self.block(statement.body)
            elif isinstance(statement, Turn):
                words = ", ".join(shown(term, self.bits) for term in statement.angles)
                self.gate(Op(statement.op), statement.qubits, words)
            else:
                self.remark(_said(statement, self.bits))

    def frame(self, words: str, block: Block) -> None:
        """Draw a block within a frame over all wires."""
        first = self.level()
        before = len(self.parts)
        self.block(block)
        last = max(self.level(), first + 1)
        if first < MOST_COLUMNS:
            bottom = TOP + ROW * len(self.wires) - 2
            place = LEFT + STEP * first + 3
            width = STEP * (last - first) - 6
            outline = svg.box(place, TOP - 6, width, bottom - TOP + 6, svg.VIOLET, fill=0.06, hint=words)
            self.parts[before:before] = [outline, svg.text(place, TOP - 10, cut(words, width // 6), size=11)]

    def remark(self, words: str) -> None:
        """Draw a statement that plays nothing."""
        column = self.level()
        self.level(column + 1)
        if column < MOST_COLUMNS:
            self.width = max(self.width, column + 1)
            self.parts += self.label(LEFT + STEP * (column + 0.5), 0, "set", words, words)

    def level(self, column: int | None = None) -> int:
        """Bring all wires to one column, by default the first that is free on all; return it."""
        column = max(self.free.values(), default=0) if column is None else column
        self.free = dict.fromkeys(self.free, column)
        return column

    def rows(self, first: int, last: int) -> None:
        """Draw events."""
        events = self.program.events[first:last]
        columns = [events[name].tolist() for name in ("op", "q", "bit", "angle")]
        barrier: tuple[int, list[int]] = (-1, [])
        for k, (code, pair, bit, angles) in enumerate(zip(*columns, strict=True)):
            if barrier[1] and (code != Op.BARRIER or bit != barrier[0]):
                barrier = self.barrier(barrier[1])
            if min(self.free.values(), default=0) >= MOST_COLUMNS:
                self.left_out += len(events) - k
                return
            op, qubits = Op(code), tuple(q for q in pair if q >= 0)
            if op == Op.BARRIER:
                barrier = bit, [*barrier[1], *qubits]
            elif op == Op.MEASURE:
                self.gate(op, qubits, self.bits[bit] if 0 <= bit < len(self.bits) else "")
            elif op == Op.DELAY:
                self.gate(op, qubits, seconds(angles[0]))
            elif op == Op.PULSE:
                self.gate(op, qubits, f"pulse {bit}")
            else:
                self.gate(op, qubits, ", ".join(map(angle, angles[: N_ANGLES.get(op, 0)])))
        self.barrier(barrier[1])

    def barrier(self, qubits: Seq[int]) -> tuple[int, list[int]]:
        """Draw one barrier over some qubits, half a column wide; return that none is open."""
        wires = [self.wires[q] for q in qubits if q in self.wires]
        if wires:
            column = max(self.free[q] for q in qubits if q in self.wires)
            self.free.update((q, column) for q in qubits if q in self.wires)
            x = LEFT + STEP * column
            self.parts += [svg.line(x, self.y(k) - 18, x, self.y(k) + 18, faint=0.6, dash="3 3") for k in wires]
        return -1, []

    def gate(self, op: Op, qubits: Seq[int], words: str) -> None:
        """Draw one event in the first column that is free on its qubits and between them."""
        wires = [self.wires[q] for q in qubits if q in self.wires]
        if not wires or len(wires) < len(qubits):
            self.left_out += 1
            return
        span = [q for q, wire in self.wires.items() if min(wires) <= wire <= max(wires)]
        column = max(self.free[q] for q in span)
        if column >= MOST_COLUMNS:
            self.left_out += 1
            return
        self.free.update(dict.fromkeys(span, column + 1))
        self.width = max(self.width, column + 1)
        x, hint = LEFT + STEP * (column + 0.5), f"{op.name.lower()} {words}".strip()
        if op in CONTROLLED:
            self.parts += [
                self.link(x, wires[0], wires[1], 0, HALF if CONTROLLED[op] else 0),
                svg.dot(x, self.y(wires[0]), hint=hint),
            ]
            self.parts += self.label(x, wires[1], CONTROLLED[op], words, hint)
        elif len(wires) == 2:
            self.parts.append(self.link(x, wires[0], wires[1], HALF, HALF))
            for wire in wires:
                self.parts += self.label(x, wire, op.name, words, hint)
        else:
            name = {Op.MEASURE: "M", Op.RESET: "|0⟩", Op.DELAY: "wait", Op.PULSE: "∿"}.get(op, op.name)
            self.parts += self.label(x, wires[0], name, words, hint)

    def link(self, x: float, one: int, other: int, before: float, behind: float) -> str:
        """Draw a line from wire to wire, that ends at the boxes on them."""
        way = 1 if other > one else -1
        return svg.line(x, self.y(one) + way * before, x, self.y(other) - way * behind)

    def label(self, x: float, wire: int, name: str, words: str, hint: str) -> list[str]:
        """Return a box with a name, and what it is done with below it; without a name, a disc."""
        y = self.y(wire)
        if not name:
            return [svg.dot(x, y, hint=hint)]
        colour = KINDS.get(name, svg.BLUE)
        lines = [svg.text(x, y + (0 if words else 4), name[:6], anchor="middle", size=11)]
        lines += [svg.text(x, y + 10, cut(words, 10), anchor="middle", size=8)] if words else []
        return [svg.box(x - 23, y - HALF, 46, 2 * HALF, colour, hint=hint), *lines]


def cut(words: str, most: float) -> str:
    """Return words that are no longer than there is room for."""
    return words if len(words) <= most else words[: max(int(most) - 1, 0)] + "…"


def angle(value: float) -> str:
    """Return an angle as a person writes it: small fractions of pi by name."""
    for divisor in (1, 2, 3, 4, 6, 8):
        turns = value / pi * divisor
        if value and abs(turns - round(turns)) < 1e-9 and abs(turns) < 20:
            times = {1: "", -1: "-"}.get(round(turns), f"{round(turns)}")
            return f"{times}π" + (f"/{divisor}" if divisor > 1 else "")
    return f"{value:.3g}"


def seconds(value: float) -> str:
    """Return a time with a prefix."""
    for scale, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")):
        if abs(value) >= scale:
            return f"{value / scale:.4g} {unit}"
    return f"{value * 1e9:.3g} ns"


def shown(term: Term, bits: Seq[str]) -> str:
    """Return an expression as a person reads it."""
    if isinstance(term, Bit):
        return bits[term.index] if term.index < len(bits) else f"bit {term.index}"
    if isinstance(term, Cell):
        return f"v{term.index}"
    if isinstance(term, Apply):
        parts = [shown(argument, bits) for argument in term.arguments]
        if len(parts) == 2 and not term.name.isalpha():
            return f"({parts[0]} {term.name} {parts[1]})"
        return f"{term.name}({', '.join(parts)})"
    return f"{term:g}" if isinstance(term, float) else str(term)


def _said(statement: object, bits: Seq[str]) -> str:
    if isinstance(statement, Assign):
        return f"v{statement.cell} = {shown(statement.value, bits)}"
    if isinstance(statement, Store):
        names = ", ".join(shown(Bit(bit), bits) for bit in statement.bits)
        return f"{names} = {shown(statement.value, bits)}"
    return {Leave: "leave", Fail: "fail"}.get(type(statement), type(statement).__name__.lower())
