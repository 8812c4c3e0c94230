"""What images say, target by target: who is in 1, who is left, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program
from qctl.core.pulse import Pulse
from qctl.core.result import Result

from ..rows import Row, indices, program

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

EVERYBODY = -1e9  # grey values: a threshold that calls every site bright
QUARTER, HALF = 0.25, 0.5


def array_of(laboratory: Laboratory) -> str:
    """Return what parameters of the whole array are named after: the line of the camera."""
    return next(iter(laboratory.qubits.values())).readout


def asking(
    laboratory: Laboratory,
    targets: Sequence[str],
    circuits: Sequence[Sequence[Row]],
    shots: int,
    pulses: tuple[Pulse, ...] = (),
) -> Program:
    """Return a program that plays one circuit after the other and looks at the targets at the end of each."""
    return program(laboratory, circuits, indices(laboratory, targets), shots, pulses)


def there(result: Result) -> Bools:
    """Return whether each atom was there at first, shape (n_points, shots, n_targets) in the order of bits."""
    return ~np.isnan(_columns(result).real)


def left(result: Result, known: Parameters) -> Bools:
    """Return whether each atom is there at last."""
    least = np.array([known[f"{name}.readout.present"] for name in _names(result)])
    return np.asarray(_columns(result).imag > least)


def ones(result: Result, known: Parameters) -> Bools:
    """Return whether each atom was seen in 1."""
    least = np.array([known[f"{name}.readout.counts"] for name in _names(result)])
    return np.asarray(_columns(result).real > least)


def share(yes: Bools, of: Bools) -> tuple[Floats, Floats]:
    """Return how often ``yes`` among the shots ``of``, and its standard deviation, shape (n_points, n_targets).

    Laplace's rule keeps the error of 0 of n away from 0; without any shot the error is infinite.
    """
    n, k = of.sum(axis=1), (yes & of).sum(axis=1)
    smooth = (k + 1) / (n + 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = np.where(n > 0, np.sqrt(smooth * (1 - smooth) / np.maximum(n, 1)), 1e3)
        return np.where(n > 0, k / np.maximum(n, 1), 0.5), sigma


def bright(result: Result, known: Parameters) -> tuple[Floats, Floats]:
    """Return the probability of 1 of atoms that were there and stayed, and its error, (n_points, n_targets)."""
    stayed = there(result) & left(result, known)
    return share(ones(result, known), stayed)


def survival(result: Result, known: Parameters) -> tuple[Floats, Floats]:
    """Return the probability that an atom that was there stayed, and its error, (n_points, n_targets)."""
    return share(left(result, known), there(result))


def everybody(targets: Sequence[str]) -> Mapping[str, float]:
    """Return settings with which empty sites are looked at like all others."""
    return {f"{target}.readout.present": EVERYBODY for target in targets}


def _columns(result: Result) -> NDArray[np.complex128]:
    return result.iq[:, :, np.argsort([bit for _, bit in result.measured])]


def _names(result: Result) -> list[str]:
    order = np.argsort([bit for _, bit in result.measured])
    return [result.qubits[result.measured[k][0]] for k in order]
