"""Cirq's circuits as gate streams, operation by operation, and where each measurement key finds its bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import pi

import cirq
import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ProgramError
from qctl.core.flow import Bit, Branch, Term, combine
from qctl.core.program import Op
from qctl.frontends.blocks import Blocks
from qctl.integrations.placing import Marked
from qctl.integrations.rows import Rows

from .conditions import term_of

MOST_LEVELS = 100  # of decompositions within decompositions

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


@dataclass
class Keys:
    """Which bits each measurement of each key went to, and which answers are turned round.

    Parameters
    ----------
    bits, inverted : by key, for each time that it is measured, one for each of its qubits
    """

    bits: dict[str, list[list[int]]] = field(default_factory=dict)
    inverted: dict[str, list[list[bool]]] = field(default_factory=dict)
    n_bits: int = 0

    def add(self, key: str, inverted: list[bool]) -> list[int]:
        """Return new bits for one measurement of a key."""
        bits = list(range(self.n_bits, self.n_bits + len(inverted)))
        before = self.bits.setdefault(key, [])
        if before and len(before[0]) != len(bits):
            raise ValueError(f"the key {key!r} is measured on {len(before[0])} qubits and on {len(bits)}")
        before.append(bits)
        self.inverted.setdefault(key, []).append(inverted)
        self.n_bits += len(bits)
        return bits

    def word(self, key: str, index: int) -> Term:
        """Return what a key says the ``index``-th time, as a number whose highest bit is its first qubit's."""
        return combine("packed", *self.digits(key, index)[::-1])

    def digits(self, key: str, index: int) -> list[Term]:
        """Return the bits of a key as they were the ``index``-th time, that of its first qubit first."""
        if key not in self.bits:
            raise ValueError(f"a condition on the key {key!r}, which is not measured before")
        pairs = zip(self.bits[key][index], self.inverted[key][index], strict=True)
        return [combine("^", Bit(bit), int(turned)) for bit, turned in pairs]

    def records(self, bits: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
        """Return by key an array of shape (repetitions, times measured, qubits), from (repetitions, n_bits)."""
        return {
            key: bits[:, np.array(where)] ^ np.array(self.inverted[key], np.uint8) for key, where in self.bits.items()
        }


def read_circuit(
    circuit: cirq.AbstractCircuit,
    resolver: cirq.ParamResolver,
    place: Mapping[cirq.Qid, int],
    tick: float,
    *,
    physical: bool,
) -> tuple[Marked, Keys]:
    """Return a circuit with values for its symbols as a gate stream; angles that come from symbols are marked.

    Parameters
    ----------
    circuit : without circuit operations: `unrolled` writes them out
    place : number of each qubit
    tick : of the station's clock, s; waits are rounded to it, with a warning

    Raises
    ------
    ProgramError
        Names the first operation that cannot run.
    ValueError
        When a symbol has no value, or a key is measured on different numbers of qubits.
    """
    reader = _Reader(Rows(tick), place)
    for operation in circuit.all_operations():
        open_ = cirq.is_parameterized(operation)
        closed = cirq.resolve_parameters(operation, resolver) if open_ else operation
        if cirq.is_parameterized(closed):
            names = ", ".join(sorted(cirq.parameter_names(closed)))
            raise ValueError(f"no value for {names} in {operation}")
        reader.read(closed, open_, 0)
    program = reader.rows.program(max(place.values(), default=-1) + 1, reader.keys.n_bits, physical=physical)
    program = replace(program, flow=reader.blocks.whole())
    return Marked(program, reader.rows.marks()), reader.keys


def unrolled(circuit: cirq.AbstractCircuit) -> cirq.Circuit:
    """Return a circuit in which circuit operations are written out, as often as they repeat."""
    for operation in circuit.all_operations():
        inner = operation.untagged
        if isinstance(inner, cirq.CircuitOperation) and inner.repeat_until is not None:
            raise _refused(operation, "circuit operations that repeat a known number of times")
    if not any(isinstance(operation.untagged, cirq.CircuitOperation) for operation in circuit.all_operations()):
        return circuit.unfreeze(copy=False)
    return unrolled(cirq.unroll_circuit_op(circuit, tags_to_check=None))


class _Reader:
    def __init__(self, rows: Rows, place: Mapping[cirq.Qid, int]) -> None:
        self.rows, self.place, self.keys = rows, place, Keys()
        self.blocks = Blocks(rows.rows)

    def read(self, operation: cirq.Operation, open_: bool, level: int) -> None:
        """Add an operation; ``open_`` says that its angles come from symbols."""
        operation = operation.untagged
        if isinstance(operation, cirq.ClassicallyControlledOperation):
            self._branch(operation, open_, level)
            return
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
                self.read(part, open_, level + 1)

    def _branch(self, operation: cirq.ClassicallyControlledOperation, open_: bool, level: int) -> None:
        """Add an operation that is done where all its conditions hold."""
        asked: Term = 1
        for condition in operation.classical_controls:
            asked = combine("and", asked, self._condition(operation, condition))
        with self.blocks.inner() as then:
            self.read(operation.without_classical_controls(), open_, level + 1)
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
