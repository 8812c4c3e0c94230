"""Gates collected into the columns of a program, with marks on angles that are not known yet."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ProgramError
from qctl.core.program import EVENT, Op, Program, Register, event

ROUNDING = 1e-6  # of a tick: what arithmetic on seconds leaves


class RoundedWait(UserWarning):
    """A wait that is no whole number of ticks was rounded to the nearest one."""


@dataclass
class Rows:
    """A program under construction: one row per event.

    Parameters
    ----------
    tick : the station's clock, s; waits are whole in it
    """

    tick: float
    rows: list[tuple[object, ...]] = field(default_factory=list)
    free: list[tuple[int, int]] = field(default_factory=list)
    _n_barriers: int = 0

    def gate(self, op: Op, qubits: Seq[int], angles: Seq[float] = (), free: Seq[int] = ()) -> None:
        """Add a gate; ``free`` are the columns of the angles that are only known later."""
        for angle in angles:
            if not math.isfinite(angle):
                raise ProgramError(f"an angle of {angle} rad in {op.name}", allowed="finite numbers")
        self.free += [(len(self.rows), column) for column in free]
        self.rows.append(event(op, qubits, angles))

    def measure(self, qubit: int, bit: int) -> None:
        """Add a measurement into a bit."""
        self.rows.append(event(Op.MEASURE, (qubit,), bit=bit))

    def reset(self, qubit: int) -> None:
        """Add a reset."""
        self.rows.append(event(Op.RESET, (qubit,)))

    def wait(self, qubit: int, seconds: float, *, free: bool = False) -> None:
        """Add a wait, rounded to the clock; says so where that changes it."""
        self.free += [(len(self.rows), 0)] if free else []
        self.rows.append(event(Op.DELAY, (qubit,), (float(on_clock(np.array([seconds]), self.tick)[0]),)))

    def barrier(self, qubits: Seq[int]) -> None:
        """Add a barrier; without qubits it is none."""
        self.rows += [event(Op.BARRIER, (qubit,), bit=self._n_barriers) for qubit in qubits]
        self._n_barriers += 1

    def program(
        self, n_qubits: int, n_bits: int, *, physical: bool = False, bits: tuple[Register, ...] = ()
    ) -> Program:
        """Return what was collected, as a program of one sweep point."""
        return Program(np.array(self.rows, EVENT), n_qubits, n_bits, bits=bits, physical=physical)

    def marks(self) -> NDArray[np.bool_]:
        """Return which angles are only known later, shape (n_events, 3)."""
        marks = np.zeros((len(self.rows), 3), bool)
        for row, column in self.free:
            marks[row, column] = True
        return marks


def on_clock(seconds: NDArray[np.float64], tick: float) -> NDArray[np.float64]:
    """Return waits as whole numbers of ticks, s; warn with RoundedWait where one changes by more than arithmetic does.

    Raises
    ------
    ProgramError
        When a wait is negative or not finite.
    """
    wrong = ~(np.isfinite(seconds) & (seconds >= 0))
    if np.any(wrong):
        raise ProgramError(f"a wait of {seconds[wrong][0]:g} s", allowed="0 s or more")
    exact = seconds / tick
    whole = np.rint(exact)
    off = np.abs(exact - whole)
    if np.any(off > ROUNDING):
        worst = int(np.argmax(off))
        warnings.warn(
            f"a wait of {seconds.flat[worst]:.9g} s becomes {whole.flat[worst] * tick:.9g} s: the clock ticks every "
            f"{tick:g} s",
            RoundedWait,
            stacklevel=2,
        )
    return np.asarray(whole * tick, np.float64)
