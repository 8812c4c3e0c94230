"""What a laboratory can do, as Qiskit's users see it: gates, durations, errors, qubits and clock."""

from __future__ import annotations

from qiskit.circuit import Reset
from qiskit.circuit.library import IGate
from qiskit.transpiler import InstructionProperties, QubitProperties, Target

from qctl.compile.target import target_of
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.platforms.wiring import station_tick


def full_target(known: Parameters, laboratory: Laboratory) -> Target:
    """Return the target that the compiler routes on, with clock and qubits, and what costs no time within a shot.

    ``reset`` lasts 0 s because qubits are reset between shots; a circuit that resets one in between is refused.
    """
    target = target_of(known, laboratory)
    target.dt = float(station_tick(laboratory))
    target.granularity = target.min_length = target.pulse_alignment = target.acquire_alignment = 1
    target.qubit_properties = [_qubit(known, name) for name in laboratory.qubit_names]
    everywhere = [(k,) for k in range(len(laboratory.qubits))]
    for instruction in (IGate(), Reset()):
        if instruction.name not in target.operation_names:
            target.add_instruction(instruction, {qubit: InstructionProperties(0.0, 0.0) for qubit in everywhere})
    return target


def _qubit(known: Parameters, name: str) -> QubitProperties:
    """Return T1, T2 (of an echo, else of a Ramsey experiment) and frequency, as far as they are known."""
    t2 = known.get(f"{name}.t2", known.get(f"{name}.t2_ramsey"))
    return QubitProperties(t1=known.get(f"{name}.t1"), t2=t2, frequency=known.get(f"{name}.frequency"))
