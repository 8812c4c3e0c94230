"""What to do with logical qubits: a gate stream in columns, one row per event."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .axis import Axis
from .axis import n_points as points_of
from .errors import ProgramError
from .flow import Block, Play, Term, Turn, statements
from .pulse import Pulse


class Op(IntEnum):
    """Every event a gate stream can hold. Frontends expand all other gates into these.

    Angles follow OpenQASM 3 (``stdgates.inc``): rotations ``R_a(t) = exp(-i t a / 2)``, ``P(l) = diag(1, exp(i l))``,
    ``U(theta, phi, lambda)`` with the phase of OpenQASM 3. Global phase of a whole program is not kept.
    """

    ID = 0
    X = 1
    Y = 2
    Z = 3
    H = 4
    S = 5
    SDG = 6
    T = 7
    TDG = 8
    SX = 9
    SXDG = 10
    RX = 11  # angle[0]
    RY = 12
    RZ = 13
    P = 14
    U = 15  # theta, phi, lambda
    R = 16  # theta, phi: rotation by theta about cos(phi) X + sin(phi) Y
    CX = 32
    CY = 33
    CZ = 34
    CH = 35
    CP = 36  # angle[0]
    CRX = 37
    CRY = 38
    CRZ = 39
    SWAP = 40
    ISWAP = 41
    RXX = 42  # exp(-i t XX / 2); the Molmer-Sorensen gate
    RYY = 43
    RZZ = 44
    MEASURE = 64  # q[0] -> bit
    RESET = 65
    DELAY = 66  # angle[0] in seconds
    BARRIER = 67  # one row per qubit; consecutive rows with the same bit are one barrier
    PULSE = 68  # plays pulses[bit]; q are busy meanwhile; angle[0] is added to its phase


EVENT = np.dtype([("op", np.int16), ("q", np.int32, (2,)), ("bit", np.int32), ("angle", np.float64, (3,))], align=True)
"""Columns of a gate stream. Unused qubits are -1, an unused bit is -1, unused angles are 0."""

_BLOCK = 4096  # rows whose columns stay in the cache while they are read


@dataclass(frozen=True, slots=True)
class Register:
    """A named row of qubits or bits; ``start`` is its first index in the program."""

    name: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Note:
    """A pragma or annotation, word for word; it stands before an event of the program."""

    text: str
    row: int


@dataclass(frozen=True)
class Program:
    """Gates, waits and measurements on logical qubits, for one or many sweep points.

    Parameters
    ----------
    events : EVENT, shape (n_events,)
    n_qubits, n_bits : qubits are logical until compile has placed them
    starts : int64, shape (n_points + 1,); events ``starts[p]:starts[p + 1]`` belong to sweep point ``p``
    shots : repetitions of each sweep point
    bits : classical registers, in order of declaration; key character i of a count is bit i
    qubits : quantum registers
    physical : the qubits are already physical: index i means qubit i of the laboratory
    as_loaded : atoms stay in the sites where they were loaded, and shots without one of them do not count; otherwise
        they are sorted into the sites that the program uses. For experiments, which look at all sites at once
    pulses : what events ``PULSE`` play; only programs on physical qubits have some
    flow : for programs in which measured bits decide something, what to do at each sweep point, in terms of rows of
        ``events``; empty where every event is played once
    n_cells : variables of the flow
    n_hidden : the last bits, which no result shows
    outputs : values beside bits that a result shows, by name
    notes : pragmas and annotations, kept for whoever writes the program out; no content
    axes : of the grid that the sweep points are, the last one fastest, where they are one; no content
    """

    events: NDArray[np.void]
    n_qubits: int
    n_bits: int
    starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    shots: int = 1000
    bits: tuple[Register, ...] = ()
    qubits: tuple[Register, ...] = ()
    physical: bool = False
    as_loaded: bool = False
    pulses: tuple[Pulse, ...] = ()
    flow: tuple[Block, ...] = ()
    n_cells: int = 0
    n_hidden: int = 0
    outputs: tuple[tuple[str, Term], ...] = ()
    notes: tuple[Note, ...] = ()
    axes: tuple[Axis, ...] = ()

    def __post_init__(self) -> None:
        if self.events.dtype != EVENT or self.events.ndim != 1:
            raise ProgramError(f"events of dtype {self.events.dtype}", allowed="a one-dimensional EVENT array")
        if not len(self.starts):
            object.__setattr__(self, "starts", np.array([0, len(self.events)], np.int64))
        if self.starts[0] != 0 or self.starts[-1] != len(self.events) or np.any(np.diff(self.starts) < 0):
            raise ProgramError("sweep points that do not cover the events", allowed="starts rising from 0 to n_events")
        if not isinstance(self.shots, int | np.integer) or isinstance(self.shots, bool) or self.shots < 1:
            raise ProgramError(f"{self.shots!r} shots", allowed="a whole number, at least 1")
        if self.axes and points_of(self.axes) != self.n_points:
            raise ProgramError(f"{self.n_points} sweep points on a grid of {points_of(self.axes)}", allowed="as many")
        self._check_pulses()
        self._check_flow()

    def _check_flow(self) -> None:
        if self.flow and len(self.flow) != self.n_points:
            raise ProgramError(f"flow of {len(self.flow)} sweep points", allowed=f"{self.n_points}, or none")
        for point, block in enumerate(self.flow):
            first, last = int(self.starts[point]), int(self.starts[point + 1])
            for each in statements(block):
                if isinstance(each, Play) and not first <= each.first <= each.last <= last:
                    raise ProgramError(f"{each} at sweep point {point}", allowed=f"rows {first} to {last}")
                if isinstance(each, Turn) and len(each.angles) > 3:
                    raise ProgramError(f"a turn of {len(each.angles)} angles", allowed="at most 3")

    def _check_pulses(self) -> None:
        played = self.events["bit"][self.events["op"] == Op.PULSE]
        if len(played) and not self.physical:
            raise ProgramError("pulses on logical qubits", allowed="pulses in programs on physical qubits")
        if len(played) and (played.min() < 0 or played.max() >= len(self.pulses)):
            raise ProgramError(f"pulse {int(played.max())}", allowed=f"0 to {len(self.pulses) - 1}")

    @property
    def n_points(self) -> int:
        """Return the number of sweep points."""
        return len(self.starts) - 1

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the content, as hex; shots and register names do not count."""
        flow = f" {self.flow} {self.n_cells} {self.outputs}" if self.flow else ""
        loaded = " as loaded" if self.as_loaded else ""
        head = f"{self.n_qubits} {self.n_bits} {self.physical} {self.pulses or ''}{flow}{loaded}".encode()
        content = hashlib.sha256(head + self.starts.tobytes())
        for first in range(0, len(self.events), _BLOCK):
            block = self.events[first : first + _BLOCK]
            for name in EVENT.names or ():  # by column: the padding between columns is no content
                content.update(np.ascontiguousarray(block[name]).data)
        return content.hexdigest()

    def _repr_html_(self) -> str:
        """Return the circuit for a notebook."""
        from .picture.circuit import drawn  # only notebooks draw

        return drawn(self)

    def with_shots(self, shots: int) -> Program:
        """Return the same program with another number of shots."""
        return replace(self, shots=shots)


def said(events: NDArray[np.void]) -> bytes:
    """Return what rows of a gate stream say, without what lies between their columns."""
    return b"".join(events[name].tobytes() for name in EVENT.names or ())


def event(op: Op, qubits: Seq[int] = (), angles: Seq[float] = (), bit: int = -1) -> tuple[object, ...]:
    """Return one row for ``np.array(rows, EVENT)``."""
    pair = (*qubits, -1, -1)[:2]
    triple = (*angles, 0.0, 0.0, 0.0)[:3]
    return int(op), pair, bit, triple
