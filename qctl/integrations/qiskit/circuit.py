"""Qiskit's circuits as gate streams: straight into the columns, instruction by instruction."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Seq
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Barrier, BoxOp, Clbit, Delay, Measure, Operation, ParameterExpression, Reset
from qiskit.transpiler import PassManager, TranspilerError
from qiskit.transpiler.passes import HighLevelSynthesis

from qctl.compile.circuits import GATES
from qctl.core.errors import ProgramError
from qctl.core.program import Op, Program, Register
from qctl.frontends.blocks import Blocks
from qctl.integrations.rows import Rows

from .expressions import columns_of
from .flow import FlowReader
from .known import Input, inputs_of, settled

_BY_NAME = {make(*[0.0] * n).name: op for op, (make, n) in GATES.items()}
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}
MOST_LEVELS = 100  # of definitions within definitions


@dataclass(frozen=True)
class Source:
    """A circuit as a gate stream, and what its open angles are in terms of its parameters.

    Parameters
    ----------
    program : one sweep point; open angles hold 0
    free : which angles are open, shape (n_events, 3)
    expressions : of each open angle, row by row, and a factor: waits come in units
    waits : which of them are waits
    parameters : of the circuit, in Qiskit's order
    tick : of the station's clock, s
    inputs : variables whose values come from outside
    """

    program: Program
    free: NDArray[np.bool_]
    expressions: tuple[tuple[ParameterExpression, float], ...]
    waits: NDArray[np.bool_]
    parameters: tuple[Any, ...]
    tick: float
    inputs: tuple[Input, ...] = ()

    def values(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the open angles, shape (n_points, n_open), for values of all parameters, (n_points, n_parameters)."""
        return columns_of(self.expressions, self.waits, self.parameters, table, self.tick)

    def split(self, table: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the open angles and the values of the input variables, which follow those of the parameters."""
        n = len(self.parameters)
        return self.values(table[:, :n]), table[:, n:]


def read_circuit(circuit: QuantumCircuit, tick: float, *, physical: bool) -> Source:
    """Return a circuit as a gate stream.

    Parameters
    ----------
    tick : of the station's clock, s; waits are rounded to it, with a warning
    physical : its qubits are those of the laboratory, by number

    Raises
    ------
    ProgramError
        Names the first instruction that cannot run.
    """
    reader = _Reader(Rows(tick))
    inputs = inputs_of(circuit, reader.flow.cells)
    reader.read(circuit, range(circuit.num_qubits), range(circuit.num_clbits), {}, 0)
    program = reader.rows.program(circuit.num_qubits, circuit.num_clbits, physical=physical, bits=_registers(circuit))
    program = replace(program, flow=reader.blocks.whole(), n_cells=len(reader.flow.cells))
    program, rows = (program, np.arange(len(program.events))) if inputs else settled(program)
    marks = reader.rows.marks()[rows]
    return Source(
        program,
        marks,
        tuple(reader.open[int(rows[row]), int(column)] for row, column in np.argwhere(marks)),
        program.events["op"][np.argwhere(marks)[:, 0]] == Op.DELAY,
        tuple(circuit.parameters),
        tick,
        inputs,
    )


class _Reader:
    def __init__(self, rows: Rows) -> None:
        self.rows, self.blocks = rows, Blocks(rows.rows)
        self.flow = FlowReader(self.blocks)
        self.open: dict[tuple[int, int], tuple[ParameterExpression, float]] = {}

    def read(
        self, circuit: QuantumCircuit, qubits: Seq[int], bits: Seq[int], bound: Mapping[Any, float], level: int
    ) -> None:
        """Add a circuit whose qubits and bits are these of ours; ``bound`` are loop variables with a value."""
        if level > MOST_LEVELS:
            raise ProgramError(f"{level} definitions within each other", allowed=f"{MOST_LEVELS}")
        if len(circuit.qubits) != len(qubits) or len(circuit.clbits) != len(bits):
            raise ProgramError(
                f"a block of {len(circuit.qubits)} qubits and {len(circuit.clbits)} bits",
                allowed=f"{len(qubits)} and {len(bits)}, as its instruction has",
                remedy="some versions of Qiskit make such blocks when circuits are composed",
            )
        qubit_at = {bit: qubits[k] for k, bit in enumerate(circuit.qubits)}
        bit_at = {bit: bits[k] for k, bit in enumerate(circuit.clbits)}
        for instruction in circuit.data:
            operands = [qubit_at[q] for q in instruction.qubits]
            if instruction.is_standard_gate() and instruction.name in _BY_NAME:
                self._gate(_BY_NAME[instruction.name], operands, instruction.params, bound)
            else:
                targets = [bit_at[b] for b in instruction.clbits]
                self._other(instruction.operation, operands, targets, bound, level, bit_at)

    def _gate(self, op: Op, qubits: list[int], params: Seq[Any], bound: Mapping[Any, float]) -> None:
        angles, free = [], []
        for column, param in enumerate(params):
            value = _bound(param, bound)
            if isinstance(value, ParameterExpression):
                self.open[len(self.rows.rows), column] = (value, 1.0)
                free.append(column)
                value = 0.0
            angles.append(value)
        self.rows.gate(op, qubits, angles, free)

    def _other(
        self, operation: Operation, qubits: list[int], bits: list[int], bound: Mapping[Any, float], level: int,
        bit_at: Mapping[Clbit, int],
    ) -> None:  # fmt: skip
        if isinstance(operation, Measure):
            self.rows.measure(qubits[0], bits[0])
        elif isinstance(operation, Reset):
            self.rows.reset(qubits[0])
        elif isinstance(operation, Barrier):
            self.rows.barrier(qubits)
        elif isinstance(operation, Delay):
            self._wait(operation, qubits[0], bound)
        elif isinstance(operation, BoxOp):
            self._box(operation, qubits, bits, bound, level)
        else:

            def read(body: QuantumCircuit, known: Mapping[Any, float]) -> None:
                self.read(body, qubits, bits, {**bound, **known}, level + 1)

            if not self.flow.add(operation, bit_at, read):
                read(_definition(operation), {})

    def _box(self, box: BoxOp, qubits: list[int], bits: list[int], bound: Mapping[Any, float], level: int) -> None:
        """Keep what a box holds together; one that must last a given time is refused."""
        if box.duration is not None:
            raise _refused(box, "boxes without a duration")
        self.rows.barrier(qubits)
        self.read(box.blocks[0], qubits, bits, bound, level + 1)
        self.rows.barrier(qubits)

    def _wait(self, delay: Delay, qubit: int, bound: Mapping[Any, float]) -> None:
        unit = self.rows.tick if delay.unit == "dt" else _SECONDS.get(delay.unit)
        if unit is None:
            raise ProgramError(f"a delay in {delay.unit!r}", allowed=f"dt, {', '.join(_SECONDS)}")
        value = _bound(delay.duration, bound)
        if isinstance(value, ParameterExpression):
            self.open[len(self.rows.rows), 0] = (value, unit)
            self.rows.wait(qubit, 0.0, free=True)
        else:
            self.rows.wait(qubit, value * unit)


def _bound(param: Any, bound: Mapping[Any, float]) -> Any:  # noqa: ANN401 (a number, or one of Qiskit's expressions)
    """Return an angle as a number, or as an expression of what is not known yet."""
    if isinstance(param, ParameterExpression):
        known = {variable: bound[variable] for variable in param.parameters if variable in bound}
        param = param.bind(known) if known else param
        if param.parameters:
            return param
    value = complex(param)
    if value.imag:
        raise ProgramError(f"an angle of {value}", allowed="real numbers")
    return value.real


def _definition(operation: Operation) -> QuantumCircuit:
    """Return what an instruction is made of: by its own definition, else by synthesis."""
    if (made := getattr(operation, "definition", None)) is not None:
        return made
    circuit = QuantumCircuit(operation.num_qubits, operation.num_clbits)
    circuit.append(operation, range(operation.num_qubits), range(operation.num_clbits))
    basis = [*_BY_NAME, "measure", "reset", "barrier", "delay"]
    try:
        done = PassManager([HighLevelSynthesis(basis_gates=basis)]).run(circuit)
    except TranspilerError as reason:
        raise _refused(operation, "gates, and instructions that have a definition") from reason
    if any(instruction.operation == operation for instruction in done.data):
        raise _refused(operation, "gates, and instructions that have a definition")
    return done


def _refused(operation: Operation, allowed: str) -> ProgramError:
    return ProgramError(f"the instruction {operation.name!r}", allowed=allowed, remedy="write the circuit without it")


def _registers(circuit: QuantumCircuit) -> tuple[Register, ...]:
    """Return the classical registers, where each is a row of bits of its own; none otherwise."""
    found, next_bit = [], 0
    for register in circuit.cregs:
        places = [circuit.find_bit(bit).index for bit in register]
        if places != list(range(next_bit, next_bit + len(places))):
            return ()
        found.append(Register(register.name, next_bit, len(places)))
        next_bit += len(places)
    return tuple(found)
