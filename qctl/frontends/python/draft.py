"""A circuit under construction: rows whose numbers may be swept, and what measured bits decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field
from itertools import count
from numbers import Real
from secrets import randbits

import numpy as np
from numpy.typing import NDArray

from qctl.core.axis import Axis, Number, Swept, at_points, axes_of, n_points
from qctl.core.errors import ProgramError
from qctl.core.flow import Block, Turn
from qctl.core.program import EVENT, Op, Program, Register, event
from qctl.core.pulse import Pulse

from ..blocks import Blocks
from ..limits import ReadLimits
from ..sweep import moved, tell_apart
from .value import Value, term_of

Places = Mapping[Axis, int]
"""At which of their points some axes are held."""


@dataclass(frozen=True)
class Row:
    """One event; ``numbers`` are its angles (of a DELAY, its seconds), ``pulse`` what a PULSE plays at a point."""

    op: Op
    qubits: tuple[int, ...]
    numbers: tuple[Number, ...] = ()
    bit: int = -1
    pulse: Callable[[Seq[float]], Pulse] | None = None


@dataclass
class Draft:
    """What a circuit is so far.

    Parameters
    ----------
    n_qubits, physical : as in `Program`
    """

    n_qubits: int
    physical: bool = False
    rows: list[Row] = field(default_factory=list)
    named: tuple[Axis, ...] = ()
    used: dict[Axis, None] = field(default_factory=dict)
    registers: list[Register] = field(default_factory=list)
    n_bits: int = 0
    n_cells: int = 0
    n_barriers: int = 0

    def __post_init__(self) -> None:
        self.blocks = Blocks(self.rows)
        self.number = randbits(64)  # copies keep it, in other processes too: bits are theirs as well

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Return what is swept, slowest first: axes in the order that was said, then the others as they were used."""
        return tuple(dict.fromkeys([*self.named, *self.used]))

    def name(self, axes: Seq[Axis]) -> None:
        """Say the order of some axes anew, behind those that were named before."""
        if wrong := [each for each in axes if not isinstance(each, Axis)]:
            raise ProgramError(f"a sweep over {wrong[0]!r}", allowed="axes: Axis(name, points)")
        if len(set(axes)) < len(axes):
            raise ProgramError("a sweep over one axis twice", allowed="different axes")
        self.named = (*(each for each in self.named if each not in axes), *axes)

    def add(
        self, op: Op, qubits: Seq[int], numbers: Seq[Number | Value] = (), bit: int = -1,
        pulse: Callable[[Seq[float]], Pulse] | None = None,
    ) -> None:  # fmt: skip
        """Add an event; where one of its numbers is worked out from measured bits, all of them must not be swept."""
        values = [each for each in numbers if isinstance(each, Value)]
        if not values:
            plain = tuple(
                each if isinstance(each, Swept) else real(f"{op.name.lower()} with {each!r}", each) for each in numbers
            )
            if not all(np.all(np.isfinite(each.values if isinstance(each, Swept) else each)) for each in plain):
                raise ProgramError(f"{op.name.lower()} with {plain}", allowed="finite numbers")
            least = min(
                (float(np.min(each.values if isinstance(each, Swept) else each)) for each in plain), default=0.0
            )
            if op == Op.DELAY and least < 0:
                raise ProgramError(f"a delay of {least:g} s", allowed="0 s or more", remedy="let other qubits wait")
            self.used.update(dict.fromkeys(axes_of(plain)))
            self.rows.append(Row(op, tuple(qubits), plain, bit, pulse))
        elif any(isinstance(each, Swept) for each in numbers):
            raise ProgramError(f"{op.name.lower()} with swept and measured numbers", allowed="one kind in one gate")
        else:
            self.blocks.add(Turn(int(op), tuple(qubits), tuple(term_of(each, self.number) for each in numbers)))

    def register(self, name: str, size: int) -> Register:
        """Return new bits under a name that none has yet."""
        if any(each.name == name for each in self.registers):
            raise ProgramError(f"a second register {name!r}", allowed="another name, or into= an older bit")
        self.registers.append(Register(name, self.n_bits, size))
        self.n_bits += size
        return self.registers[-1]

    def free_name(self) -> str:
        """Return a name that no register has yet: ``c`` and a number, that of the next register if it may be."""
        taken = {each.name for each in self.registers}
        return next(name for k in count(len(taken)) if (name := f"c{k}") not in taken)

    def program(self, shots: int, places: Places | None = None) -> Program:
        """Return the program; axes that are held at one of their points are no axes of it.

        Raises
        ------
        ProgramError
            When it is too large.
        """
        held = places or {}
        axes = tuple(axis for axis in self.axes if axis not in held)
        points, most = n_points(axes), ReadLimits().events
        if points * len(self.rows) > most:
            raise ProgramError(f"{points} sweep points of {len(self.rows)} events", allowed=f"{most} events in all")
        events = np.tile(np.array([event(r.op, r.qubits, (), r.bit) for r in self.rows], EVENT), points)
        table = events.reshape(points, len(self.rows))
        pulses: dict[Pulse, int] = {}
        for k, row in enumerate(self.rows):
            numbers = [at_points(kept(each, held), axes) for each in row.numbers]
            if row.pulse is not None:
                made = [row.pulse(point) for point in np.transpose(numbers).tolist()]
                table["bit"][:, k] = [pulses.setdefault(pulse, len(pulses)) for pulse in made]
            else:
                for column, values in enumerate(numbers):
                    table["angle"][:, k, column] = values
        tell_apart(events)
        starts = np.arange(points + 1, dtype=np.int64) * len(self.rows)
        return Program(
            events, self.n_qubits, self.n_bits, starts, shots, bits=tuple(self.registers), physical=self.physical,
            qubits=() if self.physical else (Register("q", 0, self.n_qubits),), pulses=tuple(pulses),
            flow=self._flow(starts), n_cells=self.n_cells, axes=axes,
        )  # fmt: skip

    def _flow(self, starts: NDArray[np.int64]) -> tuple[Block, ...]:
        found = self.blocks.whole()
        return tuple(moved(found[0], int(start)) for start in starts[:-1]) if found else ()


def real(asked: str, number: object) -> float:
    """Return a real number; refuse what is none."""
    if isinstance(number, bool) or not isinstance(number, Real):
        raise ProgramError(asked, allowed="a number, an Axis, or what is made of some")
    return float(number)


def kept(number: Number, places: Places) -> Number:
    """Return a number where some of its axes are held."""
    if not isinstance(number, Swept) or not any(axis in places for axis in number.axes):
        return number
    which = tuple(places.get(axis, slice(None)) for axis in number.axes)
    rest = tuple(axis for axis in number.axes if axis not in places)
    return Swept(rest, number.values[which]) if rest else float(number.values[which])
