"""Q1ASM as a simulated sequencer takes it: assembled, and run by its classical core into what the real-time core does.

Source: docs.qblox.com, "Q1ASM user guide". The classical core fills a queue for the real-time core and takes no time
here; a condition (`set_cond`) acts in the real-time core alone, so the classical core goes the same way in every shot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Operand = tuple[str, int]
"""``("I", number)`` or ``("R", register)``."""

RealTime = tuple[str, tuple[int, ...]]
"""An instruction in the queue of the real-time core, with the values that registers had."""

N_REGISTERS = 64
MOST_INSTRUCTIONS = 12_288  # of a readout module
MOST_STEPS = 20_000_000  # of the classical core, before a program is given up as endless
_WORD, _BITS = 1 << 32, 0xFFFFFFFF

CLASSICAL: Mapping[str, tuple[str, ...]] = {
    "stop": ("",),
    "nop": ("",),
    "jmp": ("I", "R"),
    "jge": ("RII", "RIR"),
    "jlt": ("RII", "RIR"),
    "loop": ("RI", "RR"),
    "move": ("IR", "RR"),
    "not": ("IR", "RR"),
    **dict.fromkeys(("add", "sub", "and", "or", "xor", "asl", "asr"), ("RIR", "RRR")),
}
REAL_TIME: Mapping[str, tuple[str, ...]] = {
    "set_cond": ("IIII", "RRRI"),
    "set_mrk": ("I", "R"),
    "reset_ph": ("",),
    "upd_param": ("I",),
    "acquire": ("III", "IRI"),
    "acquire_weighed": ("IIIII", "IRRRI"),
    "wait": ("I", "R"),
    "wait_trigger": ("II", "RR"),
    "wait_sync": ("I", "R"),
    "set_latch_en": ("II", "RI"),
    "latch_rst": ("I", "R"),
}
SILENT = ("play", "set_awg_gain", "set_awg_offs", "set_ph", "set_ph_delta", "set_freq", "acquire_ttl")
_TIMED = {
    "upd_param": 0,
    "acquire": 2,
    "acquire_weighed": 4,
    "wait": 0,
    "wait_sync": 0,
    "set_latch_en": 1,
    "latch_rst": 0,
}
_LINE = re.compile(r"(?:([A-Za-z_][A-Za-z0-9_]*):)?\s*(?:([a-z_]+)(?:\s+(.*))?)?")


class AssemblyError(Exception):
    """The log of the assembler."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One assembled line."""

    name: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Queue:
    """What the real-time core is given.

    Parameters
    ----------
    before : instructions in front of the first trigger
    shot : those from one trigger to the next, the same in every shot but for bins
    n_shots : triggers that are waited for
    bins : int64, shape (n_shots, n_acquisitions)
    """

    before: tuple[RealTime, ...]
    shot: tuple[RealTime, ...]
    n_shots: int
    bins: NDArray[np.int64]


def assemble(text: str) -> tuple[Instruction, ...]:
    """Return the instructions of a program; raise AssemblyError with the line that is wrong."""
    labels: dict[str, int] = {}
    lines: list[tuple[int, str, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        found = _LINE.fullmatch(line.partition("#")[0].strip())
        if found is None:
            raise AssemblyError(f"line {number}: {line.strip()[:40]!r} is no instruction")
        if found[1]:
            labels[found[1]] = len(lines)
        if found[2]:
            lines.append((number, found[2], found[3] or ""))
    if len(lines) > MOST_INSTRUCTIONS:
        raise AssemblyError(f"{len(lines)} instructions, {MOST_INSTRUCTIONS} fit")
    return tuple(_instruction(number, name, rest, labels) for number, name, rest in lines)


def _instruction(number: int, name: str, rest: str, labels: Mapping[str, int]) -> Instruction:
    if name in SILENT:
        raise AssemblyError(f"line {number}: the simulated module plays nothing and hears samples only ({name})")
    forms = CLASSICAL.get(name) or REAL_TIME.get(name)
    if forms is None:
        raise AssemblyError(f"line {number}: unknown instruction {name}")
    words = [word for word in re.split(r"[\s,]+", rest) if word]
    operands = tuple(_operand(number, word, labels) for word in words)
    if "".join(kind for kind, _ in operands) not in forms:
        raise AssemblyError(f"line {number}: {name} {rest}: operands {' or '.join(forms) or 'none'}")
    if name in _TIMED and operands[_TIMED[name]][0] == "I" and operands[_TIMED[name]][1] < 4:
        raise AssemblyError(f"line {number}: {name} {rest}: at least 4 ns")
    if name in _TIMED and operands[_TIMED[name]][1] > 65_535:
        raise AssemblyError(f"line {number}: {name} {rest}: at most 65535 ns")
    return Instruction(name, operands)


def _operand(number: int, word: str, labels: Mapping[str, int]) -> Operand:
    if word.startswith("@"):
        if word[1:] not in labels:
            raise AssemblyError(f"line {number}: no label {word[1:]}")
        return "I", labels[word[1:]]
    if re.fullmatch(r"R\d{1,2}", word) and int(word[1:]) < N_REGISTERS:
        return "R", int(word[1:])
    try:
        return "I", int(word, 0)
    except ValueError:
        raise AssemblyError(f"line {number}: {word} is no operand") from None


def run(program: tuple[Instruction, ...]) -> Queue:
    """Run the classical core to its end; raise AssemblyError where shots are not alike, or it does not end."""
    core = _Core(program)
    before = tuple(core.until_trigger())
    first: tuple[RealTime, ...] | None = None
    bins: list[list[int]] = []
    while not core.stopped:
        queue = core.until_trigger()
        filled = [values[1] for name, values in queue if name.startswith("acquire")]
        alike = tuple((n, (*v[:1], 0, *v[2:]) if n.startswith("acquire") else v) for n, v in queue)
        if first is None:
            first = alike
        elif alike != first:
            raise AssemblyError("the simulated sequencer plays the same in every shot, but for the bins it fills")
        bins.append(filled)
    table = np.array(bins, np.int64).reshape(len(bins), -1)
    return Queue(before, first or (), len(bins), table)


class _Core:
    """The classical core, between two triggers."""

    def __init__(self, program: tuple[Instruction, ...]) -> None:
        self._program, self._at, self._left = program, 0, MOST_STEPS
        self._registers = [0] * N_REGISTERS
        self.stopped = False

    def until_trigger(self) -> list[RealTime]:
        """Return what goes into the queue until the next wait for the trigger that starts a shot, or the end."""
        queue: list[RealTime] = []
        while not self.stopped:
            if self._at >= len(self._program):
                raise AssemblyError("the program runs over its end")
            self._left -= 1
            if self._left < 0:
                raise AssemblyError("the program does not end")
            one = self._program[self._at]
            self._at += 1
            if one.name not in REAL_TIME:
                self._compute(one)
                continue
            values = tuple(self._registers[v] if kind == "R" else v for kind, v in one.operands)
            if one.name == "wait_trigger":
                return queue
            queue.append((one.name, values))
        return queue

    def _compute(self, one: Instruction) -> None:
        kinds = [kind for kind, _ in one.operands]
        values = [self._registers[v] if kind == "R" else v for kind, v in one.operands]
        place = one.operands[-1][1] if one.operands and kinds[-1] == "R" else -1
        if one.name == "stop":
            self.stopped = True
        elif one.name == "jmp":
            self._at = values[0]
        elif one.name == "loop":
            counter = one.operands[0][1]
            self._registers[counter] = (self._registers[counter] - 1) % _WORD
            self._at = values[1] if self._registers[counter] else self._at
        elif one.name in ("jge", "jlt"):
            self._at = values[2] if (values[0] >= values[1]) == (one.name == "jge") else self._at
        elif one.name in ("move", "not"):
            self._registers[place] = (values[0] if one.name == "move" else ~values[0]) & _BITS
        elif one.name in _ALU:
            self._registers[place] = _ALU[one.name](values[0], values[1]) & _BITS


_ALU: Mapping[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "asl": lambda a, b: a << min(b, 32),
    "asr": lambda a, b: a >> min(b, 32),
}
