"""Answers as Qiskit's results: counts and memory as hexadecimal words, points of the IQ plane by slot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.result.models import ExperimentResult, ExperimentResultData

from qctl.core.result import Result, tally


def words(bits: NDArray[np.uint8]) -> list[str]:
    """Return one hexadecimal word for each row of bits, shape (n, n_bits); bit 0 is the least significant."""
    n, n_bits = bits.shape
    if n_bits == 0:
        return ["0x0"] * n
    packed = np.packbits(bits, axis=1, bitorder="little")
    return [hex(int.from_bytes(row.tobytes(), "little")) for row in packed]


def experiment(circuit: QuantumCircuit, answer: Result, *, memory: bool, level: int, average: bool) -> ExperimentResult:
    """Return what one circuit with one set of parameter values gave.

    Parameters
    ----------
    answer : of one sweep point; bits beyond those of the circuit belong to others
    memory : keep every shot
    level : 2 for states, 1 for points of the IQ plane in volts; a slot that was not measured is NaN
    average : of level 1, over the shots
    """
    bits = answer.bits[0, :, : circuit.num_clbits]
    if level == 1:
        points = _points(answer, circuit.num_clbits)
        points = points.mean(axis=0) if average else points
        data = ExperimentResultData(memory=np.stack([points.real, points.imag], axis=-1).tolist())
    else:
        rows, numbers = tally(bits)
        counts = dict(zip(words(rows), numbers.tolist(), strict=True))
        data = ExperimentResultData(counts=counts, memory=words(bits) if memory else None)
    return ExperimentResult(
        shots=answer.shots,
        success=True,
        data=data,
        meas_level=level,
        meas_return=("avg" if average else "single") if level == 1 else None,
        status="DONE",
        header=header_of(circuit),
        parameters_id=answer.parameters_id,
    )


def header_of(circuit: QuantumCircuit) -> dict[str, object]:
    """Return what Qiskit formats counts by, and the circuit's own metadata.

    Sizes of registers are given where they are rows of the circuit's bits, one after another; otherwise keys are not
    divided.
    """
    tiled = [bit for register in circuit.cregs for bit in register] == circuit.clbits
    return {
        "name": circuit.name,
        "n_qubits": circuit.num_qubits,
        "memory_slots": circuit.num_clbits,
        "creg_sizes": [[register.name, register.size] for register in circuit.cregs] if tiled else [],
        "qreg_sizes": [[register.name, register.size] for register in circuit.qregs],
        "metadata": circuit.metadata,
    }


def _points(answer: Result, n_slots: int) -> NDArray[np.complex128]:
    """Return the last point of the IQ plane that was measured into each slot, shape (shots, n_slots), volts."""
    points = np.full((answer.shots, n_slots), complex(np.nan, np.nan))
    for column, (_, bit) in enumerate(answer.measured):
        if 0 <= bit < n_slots and not np.isnan(answer.iq[0, 0, column]):
            points[:, bit] = answer.iq[0, :, column]
    return points
