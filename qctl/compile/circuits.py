"""Gate streams to Qiskit's circuits and back. One object per gate is what that library takes; nothing else here is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Barrier, Delay, Gate, Measure
from qiskit.circuit import library as gates

from qctl.core.errors import CompileError
from qctl.core.program import EVENT, Op, event

GATES: dict[Op, tuple[Callable[..., Gate], int]] = {
    Op.ID: (gates.IGate, 0),
    Op.X: (gates.XGate, 0),
    Op.Y: (gates.YGate, 0),
    Op.Z: (gates.ZGate, 0),
    Op.H: (gates.HGate, 0),
    Op.S: (gates.SGate, 0),
    Op.SDG: (gates.SdgGate, 0),
    Op.T: (gates.TGate, 0),
    Op.TDG: (gates.TdgGate, 0),
    Op.SX: (gates.SXGate, 0),
    Op.SXDG: (gates.SXdgGate, 0),
    Op.RX: (gates.RXGate, 1),
    Op.RY: (gates.RYGate, 1),
    Op.RZ: (gates.RZGate, 1),
    Op.P: (gates.PhaseGate, 1),
    Op.U: (gates.UGate, 3),
    Op.R: (gates.RGate, 2),
    Op.CX: (gates.CXGate, 0),
    Op.CY: (gates.CYGate, 0),
    Op.CZ: (gates.CZGate, 0),
    Op.CH: (gates.CHGate, 0),
    Op.CP: (gates.CPhaseGate, 1),
    Op.CRX: (gates.CRXGate, 1),
    Op.CRY: (gates.CRYGate, 1),
    Op.CRZ: (gates.CRZGate, 1),
    Op.SWAP: (gates.SwapGate, 0),
    Op.ISWAP: (gates.iSwapGate, 0),
    Op.RXX: (gates.RXXGate, 1),
    Op.RYY: (gates.RYYGate, 1),
    Op.RZZ: (gates.RZZGate, 1),
}
"""Gate and number of angles; both sides mean the same matrices, a global phase apart."""

_BACK = {"rz": Op.RZ, "sx": Op.SX, "x": Op.X, "cz": Op.CZ, "rxx": Op.RXX}


def circuit_of(
    events: NDArray[np.void], used: NDArray[np.int64], n_bits: int, angles: list[list[Any]] | None = None
) -> QuantumCircuit:
    """Return one sweep point as a circuit over the used qubits only; qubit k of it is ``used[k]``.

    Parameters
    ----------
    angles : three a row, instead of those of the events: numbers, or parameters that stand for them
    """
    circuit = QuantumCircuit(len(used), n_bits)
    place = {qubit: k for k, qubit in enumerate(used.tolist())}
    columns = (events["op"].tolist(), events["q"].tolist(), events["bit"].tolist(), angles or events["angle"].tolist())
    barrier: tuple[int, list[int]] | None = None  # bit and qubits of the barrier whose rows are being read
    for op, q, bit, angle in zip(*columns, strict=True):
        if barrier is not None and (op != Op.BARRIER or bit != barrier[0]):
            _close(circuit, barrier[1])
            barrier = None
        if op == Op.BARRIER:
            barrier = barrier or (bit, [])
            barrier[1].extend([place[q[0]]] if q[0] in place else [])
        elif op == Op.MEASURE:
            circuit.append(Measure(), [place[q[0]]], [bit])
        elif op == Op.DELAY:
            circuit.append(Delay(angle[0], "s"), [place[q[0]]])
        elif op == Op.ID:
            continue  # no time and no turn; its qubit may be one that nothing uses
        elif op in GATES:
            make, n_angles = GATES[Op(op)]
            circuit.append(make(*angle[:n_angles]), [place[qubit] for qubit in q if qubit >= 0])
        else:
            raise CompileError(f"{Op(op).name.lower()} on logical qubits", remedy="place it yourself: physical=True")
    if barrier is not None:
        _close(circuit, barrier[1])
    return circuit


def _close(circuit: QuantumCircuit, qubits: list[int]) -> None:
    if qubits:
        circuit.append(Barrier(len(qubits)), qubits)


def events_of(circuit: QuantumCircuit, number: Callable[[Any], float] = float) -> NDArray[np.void]:
    """Return the gate stream of a transpiled circuit; its qubits are physical ones.

    Parameters
    ----------
    number : what an angle is worth; called once for each angle and wait, in the order of the rows
    """
    index = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    bits = {bit: k for k, bit in enumerate(circuit.clbits)}
    rows: list[tuple[object, ...]] = []
    n_barriers = 0
    for instruction in circuit.data:
        name, operation = instruction.operation.name, instruction.operation
        qubits = [index[qubit] for qubit in instruction.qubits]
        if name in _BACK:
            rows.append(event(_BACK[name], qubits, [number(angle) for angle in operation.params]))
        elif name == "measure":
            rows.append(event(Op.MEASURE, qubits, bit=bits[instruction.clbits[0]]))
        elif name == "delay":
            rows.append(event(Op.DELAY, qubits, [number(operation.duration)]))
        elif name == "barrier":
            rows.extend(event(Op.BARRIER, [qubit], bit=n_barriers) for qubit in qubits)
            n_barriers += 1
        else:
            raise CompileError(f"the transpiler answered with {name!r}", allowed=", ".join((*_BACK, "measure")))
    return np.array(rows, EVENT)
