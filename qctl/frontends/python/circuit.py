"""Circuits, written as one says them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Seq
from typing import Any, Self, overload

from qctl.core.averages import Averages
from qctl.core.axis import Axis, Number
from qctl.core.errors import ProgramError
from qctl.core.gates import N_ANGLES, n_qubits
from qctl.core.program import Op, Program
from qctl.core.result import Result

from ..export import to_openqasm
from .control import Control
from .draft import Draft
from .gates import Angle, Gates, On
from .running import Machine, averages, run
from .value import Bits, Measured, term_of, whole


class Circuit(Gates, Control):
    """A circuit on qubits of no particular laboratory: qctl chooses where they are.

    Numbers may be an `Axis`, or what arithmetic makes of some: then the circuit is swept over their grid in one upload,
    the axis that was used first slowest.

    Parameters
    ----------
    n_qubits : numbered from 0

    Examples
    --------
    >>> import numpy as np
    >>> from qctl import Axis, Circuit
    >>> angle = Axis("angle", np.linspace(0, np.pi, 5), "rad")
    >>> circuit = Circuit(2)
    >>> bits = circuit.rx(angle, 0).cx(0, 1).measure_all()
    >>> circuit.program().n_points
    5
    """

    def __init__(self, n_qubits: int) -> None:
        if not whole(n_qubits) or n_qubits < 1:
            raise ProgramError(f"a circuit of {n_qubits!r} qubits", allowed="a whole number, at least 1")
        self._draft = Draft(int(n_qubits))

    @property
    def n_qubits(self) -> int:
        """Return the number of qubits."""
        return self._draft.n_qubits

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Return what is swept, slowest first."""
        return self._draft.axes

    def over(self, *axes: Axis) -> Self:
        """Name axes in the order in which they are swept, slowest first; one that nothing uses repeats the rest.

        Axes that are not named lie within those that are, as they were used. ``over(a).over(b)`` is ``over(a, b)``, and
        the last word on an axis holds.
        """
        self._draft.name(axes)
        return self

    def gate(self, op: Op, on: Seq[On], angles: Seq[Angle] = ()) -> Self:
        """Add a gate of `qctl.core.program.Op`, once for each element of the rows of qubits that it gets."""
        if not isinstance(op, Op) or op >= Op.MEASURE:
            raise ProgramError(f"the gate {op!r}", allowed="gates of qctl.core.program.Op, up to two qubits")
        name, needed = op.name.lower(), N_ANGLES.get(op, 0)
        if (len(on), len(angles)) != (n_qubits(op), needed):
            raise ProgramError(
                f"{name} on {len(on)} qubits with {len(angles)} angles", allowed=f"{n_qubits(op)} and {needed}"
            )
        rows = [self._qubits(each) for each in on]
        length = max(map(len, rows))
        if any(len(row) not in (1, length) for row in rows):
            raise ProgramError(
                f"{name} on rows of {' and '.join(str(len(r)) for r in rows)} qubits", allowed="equal rows"
            )
        for k in range(length):
            place = [row[k % len(row)] for row in rows]
            if len(set(place)) < len(place):
                raise ProgramError(f"{name} on qubit {place[0]} twice", allowed="different qubits")
            self._draft.add(op, place, angles)
        return self

    def delay(self, seconds: Number, *on: On) -> Self:
        """Let qubits wait, all of them by default. Waits are whole ticks of the laboratory's clock."""
        for qubit in self._several(on):
            self._draft.add(Op.DELAY, (qubit,), (seconds,))
        return self

    def barrier(self, *on: On) -> Self:
        """Let nothing behind it begin before everything in front has ended, on some qubits or on all."""
        self._draft.n_barriers += 1
        for qubit in self._several(on):
            self._draft.add(Op.BARRIER, (qubit,), bit=self._draft.n_barriers)
        return self

    def reset(self, *on: On) -> Self:
        """Bring qubits to 0, all of them by default."""
        for qubit in self._several(on):
            self._draft.add(Op.RESET, (qubit,))
        return self

    def bits(self, n: int, name: str | None = None) -> Bits:
        """Return new bits under one name, to be measured into or set."""
        if not whole(n) or n < 1:
            raise ProgramError(f"{n!r} bits", allowed="a whole number, at least 1")
        if not isinstance(name, str | None):
            raise ProgramError(
                f"bits with the name {name!r}", allowed="text", remedy="qubits in one row: measure([0, 1], 'name')"
            )
        register = self._draft.register(name or self._draft.free_name(), int(n))
        return Bits(Measured(register.start + k, self._draft.number) for k in range(n))

    @overload
    def measure(self, on: int | str, name: str | None = None, *, into: Measured | None = None) -> Measured: ...  # type: ignore[overload-overlap]  # a name is a row of letters too
    @overload
    def measure(
        self, on: Iterable[int] | Seq[str], name: str | None = None, *, into: Seq[Measured] | None = None
    ) -> Bits: ...
    def measure(
        self, on: On, name: str | None = None, *, into: Measured | Seq[Measured] | None = None
    ) -> Measured | Bits:
        """Measure a qubit, or several; return the bit, or the bits; the circuit goes on in a line of its own.

        Parameters
        ----------
        name : under which the result shows the bits; ``c0``, ``c1``, ... by default
        into : older bits instead of new ones
        """
        qubits = self._qubits(on)
        single = not isinstance(on, Iterable) or isinstance(on, str)
        given = Bits(into if isinstance(into, Seq) else () if into is None else (into,))
        bits = given if into is not None else self.bits(len(qubits), name)
        if len(bits) != len(qubits):
            raise ProgramError(f"{len(qubits)} qubits measured into {len(bits)} bits", allowed="as many bits as qubits")
        for bit in bits:
            if not isinstance(bit, Measured):
                raise ProgramError(f"a qubit measured into {bit!r}", allowed="bits of this circuit")
            term_of(bit, self._draft.number)
        for qubit, bit in zip(qubits, bits, strict=True):
            self._draft.add(Op.MEASURE, (qubit,), bit=bit.index)
        return bits[0] if single else bits

    def measure_all(self, name: str = "c") -> Bits:
        """Measure every qubit, after a barrier; bit k is qubit k."""
        self.barrier()
        return self.measure(range(self.n_qubits), name)

    def program(self, shots: int = 1000) -> Program:
        """Return what was written so far, frozen."""
        return self._draft.program(shots)

    def openqasm(self, point: int | None = None) -> str:
        """Return the circuit as OpenQASM 3; a sweep becomes an input ``point``, or its one point that is asked for."""
        return to_openqasm(self.program(), point)

    def run(self, lab: Machine, shots: int = 1000, **settings: Any) -> Result:  # noqa: ANN401 (as the laboratory's)
        """Run on a `qctl.Lab` or on `qctl.connect(daemon)`; ``settings`` are those of its ``run``."""
        return run(self, lab, shots, settings)

    def averages(self, lab: Machine, shots: int, at_a_time: int = 500, **settings: Any) -> Iterator[Averages]:  # noqa: ANN401
        """Yield the averages of all shots so far, again and again while they come in.

        Nothing but sums is kept, however many shots there are. Within each part the points of the sweep take turns,
        shot by shot, where the laboratory's sequencers step by triggers: slow drifts reach all points alike.
        """
        return averages(self, lab, shots, at_a_time, settings)

    def _repr_html_(self) -> str:
        """Return the circuit for a notebook."""
        return self._first()._repr_html_()

    def _first(self) -> Program:
        return self.program()

    def __len__(self) -> int:
        """Return the number of events of one sweep point."""
        return len(self._draft.rows)

    def _several(self, on: Seq[On]) -> list[int]:
        return [q for each in on for q in self._qubits(each)] if on else list(range(self.n_qubits))

    def _qubits(self, on: On) -> list[int]:
        several = tuple(on) if isinstance(on, Iterable) and not isinstance(on, str) else (on,)
        return [self._number(each) for each in several]

    def _number(self, qubit: int | str) -> int:
        if isinstance(qubit, str) or not whole(qubit):
            raise ProgramError(f"qubit {qubit!r}", allowed=self._numbers, remedy="angles and times first, then qubits")
        if not 0 <= qubit < self.n_qubits:
            raise ProgramError(f"qubit {qubit}", allowed=self._numbers)
        return int(qubit)

    @property
    def _numbers(self) -> str:
        return f"whole numbers, 0 to {self.n_qubits - 1}, or a row of some"
