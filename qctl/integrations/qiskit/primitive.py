"""What both primitives share: their options, and programs with all parameter values of a PUB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.primitives.containers.bindings_array import BindingsArray

from qctl.core.errors import UsageError
from qctl.core.program import Program
from qctl.frontends.sweep import joined
from qctl.integrations.machine import Machine
from qctl.integrations.placing import SHAPES

from .circuit import Source
from .known import given
from .run_options import wished


@dataclass
class SamplerOptions:
    """Options of `SamplerV2`."""

    default_shots: int = 1024
    optimise: bool = True


@dataclass
class EstimatorOptions:
    """Options of `EstimatorV2`; ``default_precision`` is one standard error of a Pauli string: 4096 shots."""

    default_precision: float = 0.015625
    optimise: bool = True


Options = TypeVar("Options", SamplerOptions, EstimatorOptions)


def options_of(kind: type[Options], given: Mapping[str, Any] | None) -> Options:
    """Return options of a primitive; raise UsageError for one that it does not have."""
    names = {field.name for field in fields(kind)}
    asked = wished(given or {})
    rest = [name for name in asked if name not in names]
    if rest:
        raise UsageError(f"the option {rest[0]!r}", allowed=", ".join(sorted(names)))
    return kind(**asked)


def table_of(circuit: QuantumCircuit, values: BindingsArray) -> NDArray[np.float64]:
    """Return the values of a circuit's parameters, shape (n_points, n_parameters), in Qiskit's order."""
    if circuit.num_input_vars:
        raise UsageError(
            f"input variables of {circuit.name!r} in a PUB",
            allowed="parameters",
            remedy="Backend.run(parameter_binds=...)",
        )
    table = np.asarray(values.as_array(circuit.parameters), np.float64)
    return table.reshape(values.size, circuit.num_parameters)


def bound(
    machine: Machine,
    source: Source,
    values: NDArray[np.float64],
    inputs: NDArray[np.float64] | None = None,
    *,
    optimise: bool,
) -> Program:
    """Return one program with a sweep point for each row of open angles; placed at most once.

    Parameters
    ----------
    inputs : values of the input variables, shape (n_points, n_inputs)
    """
    if inputs is not None and source.inputs and len(values):
        rows = zip(values, inputs.tolist(), strict=True)
        return joined([given(_numbers(source, row), source.inputs, known) for row, known in rows])
    if source.program.flow and len(values):
        return joined([_numbers(source, row) for row in values])
    if not np.any(source.free):
        return repeated(source.program, len(values))
    return SHAPES.shape(machine, source.program, source.free, optimise=optimise).bind(values)


def _numbers(source: Source, values: NDArray[np.float64]) -> Program:
    """Return a circuit that measured bits steer with numbers for its open angles: each is placed on its own."""
    events = source.program.events.copy()
    events["angle"][source.free] = values
    return replace(source.program, events=events)


def repeated(program: Program, n_points: int) -> Program:
    """Return a program of one sweep point with as many that are alike."""
    starts = np.arange(n_points + 1, dtype=np.int64) * len(program.events)
    return replace(program, events=np.tile(program.events, n_points), starts=starts)
