"""Variances of sums: what their terms say one by one is not enough, so that each sum is measured as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pennylane.exceptions import DeviceError
from pennylane.measurements import VarianceMP
from pennylane.operation import Operator
from pennylane.ops import LinearCombination, SProd, Sum
from pennylane.ops.mid_measure import MidMeasure
from pennylane.tape import QuantumScript
from pennylane.transforms.core import transform

WIDEST = 10  # wires of a sum whose eigenvalues are worked out


@transform  # type: ignore[untyped-decorator]
def spreads_apart(tape: QuantumScript) -> tuple[list[QuantumScript], Callable[[Any], Any]]:
    """Measure the variance of each sum in a tape of its own, by its eigenvalues."""
    apart = {k: one for k, one in enumerate(tape.measurements) if isinstance(one, VarianceMP) and _is_sum(one.obs)}
    if apart and any(isinstance(operation, MidMeasure) for operation in tape.operations):
        raise DeviceError("the variance of a sum beside measurements within the circuit: use mcm_method='deferred'")
    rest = [k for k in range(len(tape.measurements)) if k not in apart]
    tapes = [tape.copy(measurements=[tape.measurements[k] for k in rest])] if rest or not apart else []
    for one in apart.values():
        values = VarianceMP(eigvals=one.obs.eigvals(), wires=one.obs.wires)
        tapes.append(tape.copy(operations=[*tape.operations, *one.obs.diagonalizing_gates()], measurements=[values]))

    def together(results: Any) -> Any:  # noqa: ANN401 (as PennyLane nests them)
        if not apart:
            return results[0]
        parts = [_by_shots(result, tape) for result in results]
        found = [_in_order(each, rest, list(apart)) for each in zip(*parts, strict=True)]
        return tuple(found) if tape.shots.has_partitioned_shots else found[0]

    return tapes, together


def _by_shots(result: Any, tape: QuantumScript) -> tuple[Any, ...]:  # noqa: ANN401
    return tuple(result) if tape.shots.has_partitioned_shots else (result,)


def _in_order(answers: tuple[Any, ...], rest: list[int], apart: list[int]) -> Any:  # noqa: ANN401
    """Return answers to the measurements of one tape in their order; those of ``rest`` come first, in one answer."""
    found = dict(zip(apart, answers[1:] if rest else answers, strict=True))
    if rest:
        found |= dict(zip(rest, answers[0] if len(rest) > 1 else (answers[0],), strict=True))
    ordered = tuple(found[k] for k in sorted(found))
    return ordered if len(ordered) > 1 else ordered[0]


def _is_sum(observable: Operator | None) -> bool:
    """Say whether an observable is a sum, or a multiple of one; raise DeviceError where it is too wide to be solved."""
    if not isinstance(observable, Sum | LinearCombination):
        return isinstance(observable, SProd) and _is_sum(observable.base)
    if len(observable.wires) > WIDEST:
        raise DeviceError(f"the variance of a sum over {len(observable.wires)} wires: at most {WIDEST}")
    return True
