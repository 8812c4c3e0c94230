"""PennyLane's tapes as gate streams, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pennylane as qml
from pennylane.measurements import MeasurementProcess
from pennylane.operation import Operator
from pennylane.ops import Conditional
from pennylane.ops.mid_measure import MidMeasure
from pennylane.tape import QuantumScript

from qctl.core.errors import ProgramError
from qctl.core.flow import Bit, Branch, Term, combine
from qctl.core.gates import N_ANGLES
from qctl.core.program import Op
from qctl.frontends.blocks import Blocks
from qctl.integrations.placing import Marked
from qctl.integrations.rows import Rows

GATES: dict[str, Op] = {
    "Identity": Op.ID,
    "PauliX": Op.X,
    "PauliY": Op.Y,
    "PauliZ": Op.Z,
    "Hadamard": Op.H,
    "S": Op.S,
    "Adjoint(S)": Op.SDG,
    "T": Op.T,
    "Adjoint(T)": Op.TDG,
    "SX": Op.SX,
    "Adjoint(SX)": Op.SXDG,
    "RX": Op.RX,
    "RY": Op.RY,
    "RZ": Op.RZ,
    "PhaseShift": Op.P,
    "U1": Op.P,
    "U3": Op.U,
    "CNOT": Op.CX,
    "CY": Op.CY,
    "CZ": Op.CZ,
    "CH": Op.CH,
    "ControlledPhaseShift": Op.CP,
    "CRX": Op.CRX,
    "CRY": Op.CRY,
    "CRZ": Op.CRZ,
    "SWAP": Op.SWAP,
    "ISWAP": Op.ISWAP,
    "IsingXX": Op.RXX,
    "IsingYY": Op.RYY,
    "IsingZZ": Op.RZZ,
}
"""Names that PennyLane gives to gates of ours, a global phase apart."""
MOST_ASKED = 8  # measurements in one condition
SILENT = frozenset({"GlobalPhase", "Barrier", "Snapshot", "WireCut"})


@dataclass
class Source:
    """A tape as a gate stream, and where its answers are.

    Parameters
    ----------
    marked : the program; all angles are marked, because a loop changes them
    wires : bit of each wire that is measured at the end
    within : bit of each measurement within the circuit, by its number in the tape
    """

    marked: Marked
    wires: Mapping[Any, int]
    within: Mapping[Any, int] = field(default_factory=dict)

    @property
    def n_bits(self) -> int:
        """Return how many bits a shot answers with."""
        return self.marked.program.n_bits


def read_tape(tape: QuantumScript, places: tuple[Mapping[Any, int], bool], tick: float) -> Source:
    """Return a tape whose operations are all native to the device as a gate stream.

    Parameters
    ----------
    places : number of each wire, and whether these are the laboratory's own qubits
    tick : of the station's clock, s

    Raises
    ------
    ProgramError
        Names the first operation that cannot run.
    """
    place, physical = places
    rows, within = Rows(tick), dict[Any, int]()
    blocks = Blocks(rows.rows)
    for operation in tape.operations:
        if isinstance(operation, Conditional) and (settled := _settled(operation)) is not None:
            if settled:
                _gate(operation.base, [place[wire] for wire in operation.base.wires], rows)
        elif isinstance(operation, Conditional):
            with blocks.inner() as then:
                _gate(operation.base, [place[wire] for wire in operation.base.wires], rows)
            blocks.add(Branch(_condition(operation, within), tuple(then), (), str(operation)))
        elif isinstance(operation, MidMeasure):
            within[operation] = len(within)
            rows.measure(place[operation.wires[0]], within[operation])
            if operation.reset:
                rows.reset(place[operation.wires[0]])
        else:
            _gate(operation, [place[wire] for wire in operation.wires], rows)
    wires: dict[Any, int] = {}
    for measurement in tape.measurements:
        for wire in () if asks_within(measurement, within) else measurement.wires or tape.wires:
            if wire not in wires:
                wires[wire] = len(within) + len(wires)
                rows.measure(place[wire], wires[wire])
    program = rows.program(max(place.values(), default=-1) + 1, len(within) + len(wires), physical=physical)
    return Source(Marked(replace(program, flow=blocks.whole()), rows.marks()), wires, within)


def _settled(operation: Conditional) -> bool | None:
    """Return whether a condition holds in the shots that are kept; None where selection does not say."""
    answers = tuple(measured.postselect for measured in operation.meas_val.measurements)
    return None if None in answers else bool(operation.meas_val.branches[answers])


def _condition(operation: Conditional, within: Mapping[Any, int]) -> Term:
    """Return whether a condition holds: for which answers it does, or does not."""
    asked = operation.meas_val
    if any(measured not in within for measured in asked.measurements):
        raise ProgramError(f"the operation {operation}", allowed="conditions on what was measured before")
    if len(asked.measurements) > MOST_ASKED:
        raise ProgramError(
            f"a condition on {len(asked.measurements)} measurements", allowed=f"at most {MOST_ASKED} in one"
        )
    word = combine("packed", *(Bit(within[measured]) for measured in asked.measurements))
    numbers = {sum(bit << k for k, bit in enumerate(answers)): bool(value) for answers, value in asked.branches.items()}
    usual = 2 * sum(numbers.values()) > len(numbers)
    found: Term = 0
    for number in sorted(k for k, value in numbers.items() if value != usual):
        found = combine("or", found, combine("==", word, number))
    return combine("not", found) if usual else found


def _gate(operation: Operator, qubits: list[int], rows: Rows) -> None:
    op = GATES.get(operation.name)
    if operation.name == "Barrier" and not operation.hyperparameters.get("only_visual", False):
        rows.barrier(qubits)
    elif op is not None:
        angles = [_number(value, operation) for value in operation.data]
        rows.gate(op, qubits, angles, range(N_ANGLES.get(op, 0)))
    elif operation.name not in SILENT:
        raise ProgramError(f"the operation {operation.name}", allowed="what the preprocessing leaves")


def _number(value: Any, operation: Operator) -> float:  # noqa: ANN401 (a number of any of the libraries)
    number = np.asarray(qml.math.unwrap([value])[0])
    if number.shape not in ((), (1,)) or np.iscomplexobj(number):
        raise ProgramError(f"{operation.name} with an angle of shape {number.shape}", allowed="one real number")
    return float(number.reshape(()))


def asks_within(measurement: MeasurementProcess, within: Mapping[Any, int]) -> bool:
    """Say whether a measurement asks for one that stands within the circuit, and not for wires at its end."""
    return measurement.mv is not None and bool(within)
