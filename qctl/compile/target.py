"""What the laboratory can do, in the words of Qiskit's transpiler: gates, durations and errors from the parameters."""

from __future__ import annotations

from collections.abc import Mapping

from qiskit.circuit import Delay, Measure, Parameter
from qiskit.circuit.library import CZGate, RXXGate, RZGate, SXGate, XGate
from qiskit.transpiler import InstructionProperties, Target

from qctl.core.laboratory import Laboratory
from qctl.core.program import Op
from qctl.platforms import platform_of


def target_of(known: Mapping[str, float], laboratory: Laboratory, *, apart: float = 0.0) -> Target:
    """Return the target: virtual RZ, SX and X of ``qN.error``, CZ or RXX of ``qA-qB``, readout of p01 and p10.

    Durations are those that are parameters.

    Parameters
    ----------
    apart : added to errors, more for each qubit and coupling, so that no two placements are equally good
    """
    names = laboratory.qubit_names
    index = {name: k for k, name in enumerate(names)}
    target = Target(num_qubits=len(names))
    target.add_instruction(
        RZGate(Parameter("angle")), {(k,): InstructionProperties(0.0, 0.0) for k in range(len(names))}
    )
    for gate, kind in ((SXGate(), "x90"), (XGate(), "x180")):
        target.add_instruction(
            gate, {(k,): _gate(known, name, kind, apart * (k + 1) ** 1.5) for k, name in enumerate(names)}
        )
    pairs = {}
    gate, stem = (RXXGate(Parameter("turn")), "ms") if Op.RXX in platform_of(laboratory).natives else (CZGate(), "cz")
    for number, (name, coupling) in enumerate(laboratory.couplings.items(), 1):
        a, b = (index[qubit] for qubit in coupling.pair)
        facts = InstructionProperties(
            known.get(f"{name}.{stem}.duration"), _error(known[f"{name}.{stem}.error"] + apart * number**1.5)
        )
        pairs[a, b] = pairs[b, a] = facts
    if pairs:
        target.add_instruction(gate, pairs)
    target.add_instruction(Measure(), {(k,): _readout(known, name) for k, name in enumerate(names)})
    target.add_instruction(Delay(Parameter("time")), {(k,): None for k in range(len(names))})
    return target


def _gate(known: Mapping[str, float], name: str, kind: str, more: float) -> InstructionProperties:
    return InstructionProperties(known[f"{name}.{kind}.duration"], _error(known[f"{name}.error"] + more))


def _readout(known: Mapping[str, float], name: str) -> InstructionProperties:
    wrong = (known[f"{name}.readout.p01"] + known[f"{name}.readout.p10"]) / 2
    return InstructionProperties(known.get(f"{name}.readout.duration"), _error(wrong))


def _error(value: float) -> float:
    """Return an error between 0 and 1: a fit may leave -1e-5, and a broken gate more than 1."""
    return min(max(value, 0.0), 1.0)
