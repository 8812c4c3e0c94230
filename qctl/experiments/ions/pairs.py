"""Pairs of ions: the rows of a gate, and what both ions say together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program, event
from qctl.core.result import Result

from ..rows import Row, program
from .beams import ETA, rabi_frequency

Floats = NDArray[np.float64]
FULL = 0.97  # of full scale, that tones may reach together


def both(laboratory: Laboratory, coupling: str) -> tuple[int, int]:
    """Return the physical indices of a pair."""
    a, b = laboratory.couplings[coupling].pair
    return laboratory.qubit_names.index(a), laboratory.qubit_names.index(b)


def xx(pair: tuple[int, int], times: int = 1) -> list[Row]:
    """Return quarter turns ``RXX(pi / 2)`` in a row."""
    return [event(Op.RXX, pair, (pi / 2,)) for _ in range(times)]


def to_and_fro(pair: tuple[int, int], times: int) -> list[Row]:
    """Return quarter turns and the same back: errors of strength cancel, and turns about z do not."""
    return [event(Op.RXX, pair, (angle,)) for _ in range(times) for angle in (pi / 2, -pi / 2)]


def played(laboratory: Laboratory, targets: Sequence[str], circuits: Sequence[Sequence[Row]], shots: int) -> Program:
    """Return a program that measures every ion of some pairs at each of its points."""
    ions = sorted({ion for target in targets for ion in both(laboratory, target)})
    return program(laboratory, circuits, ions, shots)


def shares(result: Result, known: Parameters, pair: tuple[str, str], points: Sequence[int]) -> tuple[Floats, Floats]:
    """Return how often both ions were dark, unlike, both bright, readout errors taken out, and standard errors.

    Shots that do not count are left out.

    Parameters
    ----------
    pair : names of the ions
    points : of the result

    Returns
    -------
    shape (n_points, 3) each
    """
    place = {result.qubits[qubit]: bit for qubit, bit in result.measured}
    mixing = np.eye(1)
    for name in pair:
        p01, p10 = known[f"{name}.readout.p01"], known[f"{name}.readout.p10"]
        mixing = np.kron(mixing, np.array([[1 - p01, p10], [p01, 1 - p10]]))
    undo, found, errors = np.linalg.inv(mixing), [], []
    for point in points:
        bits = result.kept_bits(point)[:, [place[name] for name in pair]]
        seen = np.bincount(2 * bits[:, 0] + bits[:, 1], minlength=4) / max(len(bits), 1)
        four = undo @ seen
        found.append([four[0], four[1] + four[2], four[3]])
        three = np.array([seen[0], seen[1] + seen[2], seen[3]])
        smooth = (three * len(bits) + 0.5) / (len(bits) + 1)
        errors.append(np.sqrt(smooth * (1 - smooth) / max(len(bits), 1)))
    return np.array(found), np.array(errors)


def shares_of_each(
    result: Result, known: Parameters, laboratory: Laboratory, targets: Sequence[str]
) -> Iterator[tuple[str, Floats, Floats]]:
    """Yield each pair with its `shares`, where the points of one pair follow those of the other, equally many each."""
    n = len(result.bits) // len(targets)
    for k, target in enumerate(targets):
        yield target, *shares(result, known, laboratory.couplings[target].pair, range(k * n, (k + 1) * n))


def expected(laboratory: Laboratory, known: Parameters, coupling: str) -> float:
    """Return about what amplitude a quarter turn needs, over that of a pi pulse: ``eta Omega = delta / 2``.

    Molmer and Sorensen, Phys. Rev. Lett. 82, 1835; all ions take equal part in the centre-of-mass mode.
    """
    eta = ETA / len(laboratory.qubits) ** 0.5
    rabi = rabi_frequency(known, laboratory.couplings[coupling].pair[0])
    return float(known[f"{coupling}.ms.detuning"] / (2 * eta * rabi))


def strongest(laboratory: Laboratory, known: Parameters, coupling: str) -> float:
    """Return the largest amplitude of a gate, over that of a pi pulse: both tones of a beam stay below full scale."""
    highest = 0.0
    for qubit in laboratory.couplings[coupling].pair:
        balance = known[f"{qubit}.balance"]
        highest = max(highest, known[f"{qubit}.x180.amplitude"] * (balance**0.5 + balance**-0.5))
    return FULL / highest


def alone(laboratory: Laboratory, known: Parameters, target: str) -> frozenset[str]:
    """Return what a pair occupies where one pair answers for all of them: nothing but itself."""
    return frozenset({target})


def its_ions(laboratory: Laboratory, known: Parameters, target: str) -> frozenset[str]:
    """Return what a pair occupies where each plays points of its own, one pair after the other."""
    return frozenset({target, *laboratory.couplings[target].pair})
