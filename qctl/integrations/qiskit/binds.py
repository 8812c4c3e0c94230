"""Values for the parameters and input variables of circuits: ``parameter_binds`` as a table for each circuit."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Seq
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.classical import expr

from qctl.core.errors import UsageError

from .flow import loop_variables


def tables_of(
    circuits: Seq[QuantumCircuit], binds: Seq[Mapping[Any, Any]] | Mapping[Any, Any] | None
) -> list[NDArray[np.float64]]:
    """Return for each circuit the values of its parameters, then of its input variables, in Qiskit's order.

    Parameters
    ----------
    binds : a mapping for each circuit from parameters (or names, or vectors) and input variables (or names) to a number
        or a row of numbers; for one circuit also several mappings, run one after another

    Returns
    -------
    a table for each circuit, shape (n_binds, n_parameters + n_inputs)

    Raises
    ------
    UsageError
        When a parameter has no value, a value no parameter, or rows are not equally long.
    """
    given = [binds] if isinstance(binds, Mapping) else list(binds or ())
    if not given:
        return [_table(circuit, {}) for circuit in circuits]
    if len(circuits) == 1:
        return [np.concatenate([_table(circuits[0], one) for one in given])]
    if len(given) != len(circuits):
        raise UsageError(
            f"parameter_binds for {len(given)} circuits", allowed=f"one mapping for each of {len(circuits)}"
        )
    return [_table(circuit, one) for circuit, one in zip(circuits, given, strict=True)]


def _table(circuit: QuantumCircuit, bind: Mapping[Any, Any]) -> NDArray[np.float64]:
    wanted = [*circuit.parameters, *circuit.iter_input_vars()]
    columns: dict[Parameter | expr.Var, NDArray[np.float64]] = {}
    for key, value in bind.items():
        if isinstance(key, ParameterVector):
            rows = np.atleast_1d(np.asarray(value, np.float64))
            if rows.shape[0] != len(key):
                raise UsageError(f"{rows.shape[0]} values for {key.name}", allowed=f"{len(key)}")
            columns |= {one: np.atleast_1d(row) for one, row in zip(key, rows, strict=True)}
        else:
            columns[_parameter(circuit, key)] = np.atleast_1d(np.asarray(value, np.float64))
    lengths = {len(column) for column in columns.values()} or {1}
    if len(lengths) != 1:
        raise UsageError(f"parameter_binds of lengths {sorted(lengths)}", allowed="as many values of every parameter")
    # Variables of loops have values of their own; one that no gate uses is no parameter, in some versions of Qiskit.
    loops = set(loop_variables(circuit)) & set(circuit.parameters)
    columns |= dict.fromkeys(loops, np.zeros(max(lengths)))
    missing = [one.name for one in wanted if one not in columns]
    surplus = [one.name for one in columns if one not in wanted]
    if missing or surplus:
        raise UsageError(
            f"circuit {circuit.name!r} with "
            + (f"no values for {', '.join(missing)}" if missing else f"values for {', '.join(surplus)}"),
            allowed="a value for each of its parameters and input variables, and no others",
            remedy="give parameter_binds, or assign_parameters",
        )
    return np.array([columns[one] for one in wanted], np.float64).reshape(-1, *lengths).T


def _parameter(circuit: QuantumCircuit, key: Any) -> Parameter | expr.Var:  # noqa: ANN401 (one of them, or its name)
    if isinstance(key, Parameter | expr.Var):
        return key
    if isinstance(key, str) and circuit.has_parameter(key):
        return circuit.get_parameter(key)
    named = [one for one in circuit.iter_input_vars() if one.name == key]
    if named:
        return named[0]
    raise UsageError(f"a value for {key!r}", allowed="parameters of the circuit, or their names")
