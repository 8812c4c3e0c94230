"""Expressions of a circuit's parameters for many values at once: affine ones as sums of columns, others one by one."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import Parameter, ParameterExpression

from qctl.core.errors import ProgramError
from qctl.integrations.rows import on_clock


def columns_of(
    expressions: Seq[tuple[ParameterExpression, float]],
    waits: NDArray[np.bool_],
    parameters: Seq[Parameter],
    table: NDArray[np.float64],
    tick: float,
) -> NDArray[np.float64]:
    """Return the value of each expression times its factor, shape (n_points, n_expressions).

    Parameters
    ----------
    waits : which of them are waits, to be rounded to the clock; shape (n_expressions,)
    table : values of the parameters, shape (n_points, n_parameters)

    Raises
    ------
    ProgramError
        When a value is not finite, or a wait is negative.
    """
    if not np.all(np.isfinite(table)):
        raise ProgramError(f"a parameter of {table[~np.isfinite(table)][0]}", allowed="finite numbers")
    place = {parameter: k for k, parameter in enumerate(parameters)}
    done: dict[ParameterExpression, NDArray[np.float64]] = {}
    out = np.empty((len(table), len(expressions)))
    for k, (expression, factor) in enumerate(expressions):
        if expression not in done:
            done[expression] = _column(expression, place, table)
        out[:, k] = done[expression] * factor
    if not np.all(np.isfinite(out)):
        raise ProgramError("an angle that is not finite for these values", allowed="finite numbers")
    out[:, waits] = on_clock(out[:, waits], tick)
    return out


def _column(
    expression: ParameterExpression, place: dict[Parameter, int], table: NDArray[np.float64]
) -> NDArray[np.float64]:
    if isinstance(expression, Parameter):
        return table[:, place[expression]]
    used = sorted(expression.parameters, key=lambda one: place[one])
    slopes = [expression.gradient(one) for one in used]
    if not any(isinstance(slope, ParameterExpression) and slope.parameters for slope in slopes):
        total = np.full(len(table), _real(expression.bind(dict.fromkeys(used, 0.0))))
        for one, slope in zip(used, slopes, strict=True):
            total += _real(slope) * table[:, place[one]]
        return total
    columns = table[:, [place[one] for one in used]].tolist()
    return np.array([_real(expression.bind(dict(zip(used, row, strict=True)))) for row in columns], np.float64)


def _real(value: Any) -> float:  # noqa: ANN401 (a number, or an expression that is one)
    number = complex(value)
    if number.imag:
        raise ProgramError(f"an angle of {number}", allowed="real numbers")
    return number.real
