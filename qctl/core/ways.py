"""Every way through a program with decisions, as a program without any: for machines that cannot decide within a shot.

A measured qubit that is used again is in the state that was measured: another qubit is prepared in that state and takes
its place. So all decisions of one way can be taken beforehand; the shots whose answers agree with them are shots of the
program. This is the principle of deferred measurement, with qubits instead of controlled gates (Nielsen and Chuang,
"Quantum Computation and Quantum Information", section 4.4), done on request only.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .errors import CompileError
from .operators import Number
from .program import EVENT, Op, Program, event
from .walk import Walk

EACH_WAY = "play each way for itself, on a laboratory of your own (qctl run --each-way, Lab.run(..., each_way=True))"
"""What to do where nobody decides in time; plugins and daemons have no such option."""

_PASSING = frozenset({Op.BARRIER, Op.DELAY, Op.ID})


@dataclass(frozen=True)
class Way:
    """One way.

    Parameters
    ----------
    program : without decisions; a bit for each measurement, in the order of their rows
    agreed : what some of its bits must be, for a shot to have gone this way
    complete : the program ends here; otherwise there were not enough qubits to follow it farther
    """

    program: Program
    agreed: dict[int, int]
    complete: bool
    _walk: Walk
    _open: tuple[int, ...]  # bits of the answers that the walk still misses

    def agrees(self, answers: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Return which shots went this way, shape (shots,), for their answers, shape (shots, n_measurements)."""
        agrees = np.ones(len(answers), bool)
        for bit, value in self.agreed.items():
            agrees &= answers[:, bit] == value
        return agrees

    def end(self, answers: Sequence[int] | NDArray[np.uint8]) -> tuple[list[int], dict[str, Number]]:
        """Return the bits that the program shows, and its outputs, for a shot that went this way."""
        walk = copy(self._walk)
        for bit in self._open:
            walk.tell_one(0, int(answers[bit]))
        while walk.advance() is not None:
            pass
        return walk.shown(), walk.outputs()


@dataclass
class _Trail:
    """A way under construction."""

    walk: Walk
    place: dict[int, int]
    n_qubits: int
    rows: list[tuple[object, ...]] = field(default_factory=list)
    ahead: list[tuple[int, list[int], int, list[float]]] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    agreed: dict[int, int] = field(default_factory=dict)
    closed: dict[int, int] = field(default_factory=dict)  # measured qubits, and the bit of their answer
    touched: set[int] = field(default_factory=set)
    n_bits: int = 0
    n_asked: int = 0

    def fork(self, bit: int) -> list[_Trail]:
        """Return both ways on, one for each answer."""
        out = []
        for answer in (0, 1):
            walk = copy(self.walk)
            if bit in self.open:
                walk.tell_one(self.open.index(bit), answer)
            out.append(
                replace(
                    self,
                    walk=walk,
                    place=dict(self.place),
                    rows=list(self.rows),
                    ahead=list(self.ahead),
                    open=[each for each in self.open if each != bit],
                    agreed={**self.agreed, bit: answer},
                    closed=dict(self.closed),
                    touched=set(self.touched),
                )
            )
        return out

    def take(self, events: NDArray[np.void]) -> None:
        """Take events that come next; each measurement gets a bit of its own."""
        columns = [events[name].tolist() for name in EVENT.names or ()]
        self.ahead = list(zip(*columns, strict=True))
        n = sum(op == Op.MEASURE for op, *_ in self.ahead)
        self.open += range(self.n_asked, self.n_asked + n)
        self.n_asked += n

    def go(self, most_qubits: int) -> int | None:
        """Place what lies ahead; return a bit whose answer is needed first, -1 where qubits are short, or None."""
        while self.ahead:
            op, q, bit, angle = self.ahead[0]
            qubits = [qubit for qubit in q if qubit >= 0]
            for qubit in qubits:
                if qubit in self.closed and op not in _PASSING:
                    missing = self._reopen(qubit, most_qubits, blank=op == Op.RESET)
                    if missing is not None:
                        return missing
            if op == Op.RESET and qubits[0] in self.touched and not self._fresh(qubits[0], most_qubits):
                return -1
            del self.ahead[0]
            self._append(op, qubits, bit, angle)
        return None

    def _append(self, op: int, qubits: list[int], bit: int, angle: list[float]) -> None:
        if op == Op.MEASURE:
            self.rows.append(event(Op.MEASURE, [self.place[qubits[0]]], bit=self.n_bits))
            self.closed[qubits[0]] = self.n_bits
            self.n_bits += 1
        elif op != Op.RESET and not (op in _PASSING and qubits[0] in self.closed):
            self.rows.append(event(Op(op), [self.place[qubit] for qubit in qubits], angle, bit))
        if op not in _PASSING and op != Op.RESET:
            self.touched.update(qubits)

    def _reopen(self, qubit: int, most_qubits: int, *, blank: bool) -> int | None:
        """Let another qubit take the place of a measured one, in its state; return what is missing for that."""
        bit = self.closed[qubit]
        if not blank and bit not in self.agreed:
            return bit
        if not self._fresh(qubit, most_qubits):
            return -1
        del self.closed[qubit]
        if not blank and self.agreed[bit]:
            self.rows.append(event(Op.X, [self.place[qubit]]))
            self.touched.add(qubit)
        return None

    def _fresh(self, qubit: int, most_qubits: int) -> bool:
        if self.n_qubits >= most_qubits:
            return False
        self.place[qubit], self.n_qubits = self.n_qubits, self.n_qubits + 1
        self.touched.discard(qubit)
        return True


def ways(program: Program, point: int, most_qubits: int, most_ways: int = 256) -> list[Way]:
    """Return all ways through a sweep point.

    Parameters
    ----------
    most_qubits : that a way may use; a way that would need more ends there, incomplete
    most_ways : above which the program is refused

    Raises
    ------
    CompileError
        When there are more ways.
    """
    used = program.n_qubits
    todo = [_Trail(Walk(program, point), {k: k for k in range(used)}, used)]
    found: list[Way] = []
    while todo:
        if len(found) + len(todo) > most_ways:
            raise CompileError(f"more than {most_ways} ways through the program", allowed=f"{most_ways}")
        trail = todo.pop()
        missing = trail.go(most_qubits)
        if missing == -1:
            found.append(_way(program, trail, complete=False))
        elif missing is not None:
            todo += trail.fork(missing)
        elif trail.walk.plays_no_more():
            found.append(_way(program, trail, complete=True))
        elif wanted := trail.walk.wanted():
            todo += trail.fork(trail.open[wanted[0]])
        else:
            events = trail.walk.advance()
            if events is not None:
                trail.take(events)
            todo.append(trail)
    return found


def _way(program: Program, trail: _Trail, *, complete: bool) -> Way:
    moved = trail.n_qubits > program.n_qubits
    played = Program(
        np.array(trail.rows, EVENT),
        trail.n_qubits,
        trail.n_bits,
        shots=program.shots,
        physical=program.physical and not moved,
        pulses=program.pulses,
    )
    return Way(played, trail.agreed, complete, trail.walk, tuple(trail.open))
