"""Cirq's circuits as gate streams, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import pi

import cirq
import numpy as np

from qctl.core.errors import ProgramError
from qctl.core.flow import Branch, Scope, Store, Term, combine
from qctl.core.program import Op
from qctl.frontends.blocks import Blocks, Exit
from qctl.integrations.placing import Marked
from qctl.integrations.rows import Rows

from .conditions import term_of
from .keys import Keys

MOST_LEVELS = 100  # of decompositions within decompositions
MOST_ROUNDS = 24  # of what repeats until something is measured

_TURNS = {
    cirq.XPowGate: Op.RX,
    cirq.YPowGate: Op.RY,
    cirq.ZPowGate: Op.RZ,
    cirq.XXPowGate: Op.RXX,
    cirq.YYPowGate: Op.RYY,
    cirq.ZZPowGate: Op.RZZ,
    cirq.CZPowGate: Op.CP,
}
"""Gates whose exponent times pi is the angle of one of ours, a global phase apart."""
_FIXED = {
    cirq.XPowGate: Op.X,
    cirq.YPowGate: Op.Y,
    cirq.ZPowGate: Op.Z,
    cirq.HPowGate: Op.H,
    cirq.CXPowGate: Op.CX,
    cirq.CZPowGate: Op.CZ,
    cirq.SwapPowGate: Op.SWAP,
    cirq.ISwapPowGate: Op.ISWAP,
}
"""Gates that are one of ours where their exponent is 1, a global phase apart."""


def read_circuit(
    circuit: cirq.AbstractCircuit,
    resolver: cirq.ParamResolver,
    place: Mapping[cirq.Qid, int],
    tick: float,
    *,
    physical: bool,
    rounds: int = MOST_ROUNDS,
) -> tuple[Marked, Keys]:
    """Return a circuit with values for its symbols as a gate stream; angles that come from symbols are marked.

    Parameters
    ----------
    circuit : circuit operations in it are written out
    place : number of each qubit
    tick : of the station's clock, s; waits are rounded to it, with a warning
    rounds : of a circuit operation that repeats until something is measured; written out too, and left early

    Raises
    ------
    ProgramError
        Names the first operation that cannot run.
    ValueError
        When a symbol has no value, or a key is measured on different numbers of qubits.
    """
    reader = _Reader(Rows(tick), place, resolver, rounds)
    for operation in circuit.all_operations():
        reader.read(operation, open_=False, level=0)
    program = reader.rows.program(max(place.values(), default=-1) + 1, reader.keys.n_bits, physical=physical)
    program = replace(program, flow=reader.blocks.whole())
    return Marked(program, reader.rows.marks()), reader.keys


class _Reader:
    def __init__(self, rows: Rows, place: Mapping[cirq.Qid, int], resolver: cirq.ParamResolver, rounds: int) -> None:
        self.rows, self.place, self.keys = rows, place, Keys()
        self.blocks = Blocks(rows.rows)
        self._resolver, self._rounds = resolver, rounds

    def read(self, operation: cirq.Operation, *, open_: bool, level: int) -> None:
        """Add an operation; ``open_`` says that its angles come from symbols."""
        operation = operation.untagged
        if isinstance(operation, cirq.ClassicallyControlledOperation):
            self._branch(operation, open_=open_, level=level)
        elif isinstance(operation, cirq.CircuitOperation):
            self._repeat(operation, open_=open_, level=level)
        else:
            symbolic = cirq.is_parameterized(operation)
            closed = self._closed(operation) if symbolic else operation
            self._simple(closed, open_=open_ or symbolic, level=level)

    def _closed(self, operation: cirq.Operation) -> cirq.Operation:
        closed = cirq.resolve_parameters(operation, self._resolver)
        if cirq.is_parameterized(closed):
            names = ", ".join(sorted(cirq.parameter_names(closed)))
            raise ValueError(f"no value for {names} in {operation}")
        return closed

    def _simple(self, operation: cirq.Operation, *, open_: bool, level: int) -> None:
        if any(qubit.dimension != 2 for qubit in operation.qubits) or level > MOST_LEVELS:
            raise _refused(operation, "operations on qubits that are made of simpler ones")
        qubits = [self.place[qubit] for qubit in operation.qubits]
        gate = operation.gate
        if isinstance(gate, cirq.MeasurementGate):
            self._measure(operation, gate, qubits)
        elif isinstance(gate, cirq.ResetChannel):
            self.rows.reset(qubits[0])
        elif isinstance(gate, cirq.WaitGate):
            seconds = float(gate.duration.total_picos()) * 1e-12
            for qubit in qubits:
                self.rows.wait(qubit, seconds, free=open_)
        elif not self._gate(gate, qubits, open_):
            for part in _parts(operation):
                self.read(part, open_=open_, level=level + 1)

    def _repeat(self, operation: cirq.CircuitOperation, *, open_: bool, level: int) -> None:
        """Write a circuit operation out, as often as it repeats."""
        if operation.repeat_until is not None:
            self._until(operation, open_=open_, level=level)
            return
        number = self._resolver.value_of(operation.repetitions)
        if not isinstance(number, int | float | np.integer) or number != int(number):
            raise ValueError(f"{number} repetitions of {operation}: a whole number is needed")
        for part in operation.replace(repetitions=int(number)).mapped_circuit().all_operations():
            self.read(part, open_=open_, level=level + 1)

    def _until(self, operation: cirq.CircuitOperation, *, open_: bool, level: int) -> None:
        """Write a circuit operation out that repeats until something is measured; shots leave it early."""
        *body, asks = _round(operation)
        rounds: list[tuple[dict[str, int], dict[str, int], int]] = []
        with self.blocks.inner(Exit.BREAK) as outer:
            for k in range(self._rounds):
                before, done = self.keys.counts(), self.keys.extra()
                self.blocks.add(Store((done,), 1))
                for part in body:
                    self.read(part, open_=open_, level=level + 1)
                rounds += [(before, self.keys.counts(), done)] if k else []
                with self.blocks.inner() as then:
                    self.blocks.leave(Exit.BREAK)
                self.blocks.add(Branch(self._asked(asks), tuple(then), (), str(operation)))
            self.keys.unfinished.append(self.keys.extra())
            self.blocks.add(Store((self.keys.unfinished[-1],), 1))
        self.blocks.add(Scope(tuple(outer)))
        for one in rounds:
            self.keys.doubt(*one)

    def _asked(self, operation: cirq.Operation) -> Term:
        """Return whether all conditions of an operation hold."""
        asked: Term = 1
        for condition in operation.classical_controls:
            asked = combine("and", asked, self._condition(operation, condition))
        return asked

    def _branch(self, operation: cirq.ClassicallyControlledOperation, *, open_: bool, level: int) -> None:
        """Add an operation that is done where all its conditions hold."""
        asked = self._asked(operation)
        with self.blocks.inner() as then:
            self.read(operation.without_classical_controls(), open_=open_, level=level + 1)
        self.blocks.add(Branch(asked, tuple(then), (), str(operation)))

    def _condition(self, operation: cirq.Operation, condition: cirq.Condition) -> Term:
        if isinstance(condition, cirq.SympyCondition):
            try:
                found = term_of(
                    condition.expr, lambda key: self.keys.word(key, -1), lambda key: self.keys.digits(key, -1)
                )
                return combine("bool", found)
            except TypeError as reason:
                raise _refused(operation, f"arithmetic, relations and logic, no {reason}") from reason
        if not isinstance(condition, cirq.KeyCondition | cirq.BitMaskKeyCondition):
            raise _refused(operation, "conditions on measurement keys, on some of their bits, or of SymPy")
        word = self.keys.word(str(condition.key), condition.index)
        if isinstance(condition, cirq.KeyCondition):
            return combine("!=", word, 0)
        masked = word if condition.bitmask is None else combine("&", word, condition.bitmask)
        return combine("==" if condition.equal_target else "!=", masked, condition.target_value)

    def _measure(self, operation: cirq.Operation, gate: cirq.MeasurementGate, qubits: list[int]) -> None:
        if gate.confusion_map:
            raise _refused(operation, "measurements as they are: a confusion map is for simulators")
        bits = self.keys.add(cirq.measurement_key_name(operation), list(gate.full_invert_mask()))
        for qubit, bit in zip(qubits, bits, strict=True):
            self.rows.measure(qubit, bit)

    def _gate(self, gate: cirq.Gate | None, qubits: list[int], open_: bool) -> bool:
        """Add a gate that is one of ours; say whether it is."""
        kind, exponent = _kind(gate), float(getattr(gate, "exponent", 1.0))
        if isinstance(gate, cirq.IdentityGate | cirq.GlobalPhaseGate):
            return True  # nothing that anyone could see
        if kind in _FIXED and exponent == 1.0 and not open_:
            self.rows.gate(_FIXED[kind], qubits)
        elif kind in _TURNS:
            self.rows.gate(_TURNS[kind], qubits, (pi * exponent,), (0,) if open_ else ())
        elif isinstance(gate, cirq.PhasedXPowGate):
            angles = (pi * exponent, pi * float(gate.phase_exponent))
            self.rows.gate(Op.R, qubits, angles, (0, 1) if open_ else ())
        else:
            return False
        return True


def _round(operation: cirq.CircuitOperation) -> list[cirq.Operation]:
    """Return one round of what repeats until a condition holds, and last an operation under that condition.

    Cirq maps keys and symbols of the condition as it maps those of the circuit around it.
    """
    assert operation.repeat_until is not None
    asks = cirq.GlobalPhaseGate(1)().with_classical_controls(operation.repeat_until)
    inner = cirq.FrozenCircuit(operation.circuit, asks)
    once = operation.replace(circuit=inner, repeat_until=None, use_repetition_ids=False)
    parts = list(once.mapped_circuit().all_operations())
    assert parts[-1].classical_controls
    return parts


def _kind(gate: cirq.Gate | None) -> type | None:
    """Return which of the gates of the tables this is; rotations such as Rx are powers too."""
    return next((kind for kind in {**_TURNS, **_FIXED} if isinstance(gate, kind)), None)


def _parts(operation: cirq.Operation) -> list[cirq.Operation]:
    """Return what an operation is made of: by its own decomposition, else by its matrix."""
    parts = cirq.decompose_once(operation, default=None)
    if parts is not None:
        return list(parts)
    matrix = cirq.unitary(operation, default=None)
    if matrix is None:
        raise _refused(operation, "gates, measurements, resets and waits")
    if len(operation.qubits) == 1:
        return [gate.on(*operation.qubits) for gate in cirq.single_qubit_matrix_to_gates(matrix)]
    if len(operation.qubits) == 2:
        return list(cirq.two_qubit_matrix_to_cz_operations(*operation.qubits, matrix, allow_partial_czs=False))
    return list(cirq.quantum_shannon_decomposition(list(operation.qubits), matrix))


def _refused(operation: cirq.Operation, allowed: str) -> ProgramError:
    return ProgramError(f"the operation {operation}", allowed=allowed, remedy="write the circuit without it")
