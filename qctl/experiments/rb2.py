"""Two-qubit randomised benchmarking, with and without a CZ behind every Clifford: the error of the CZ.

Random Cliffords and the one that undoes them leave 00 with probability ``A p^m + 1/4`` (Magesan et al., PRL 106,
180504); with a CZ behind each, p is smaller, and ``3/4 (1 - p_cz / p)`` is the CZ's own error (Magesan et al., PRL 109,
080505). Both share sequences and A. Scatter among sequences, which is more than counting, goes into the error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.program import Op, event
from qctl.core.result import Result

from .cliffords2 import CZ, GROUP, Steps, inverse_of, steps, unitary
from .pairs import Pair, claims, each_pair, pairs_of, qubits_of, tunable
from .rows import Row, barrier, cz, program

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rb2:
    """Survival of 00 after random Cliffords, plain and interleaved with CZ."""

    name: ClassVar[str] = "rb2"
    laboratory: Laboratory
    targets: tuple[str, ...]
    lengths: tuple[int, ...] = (1, 5, 10)
    sequences: int = 5
    shots: int = 400
    seed: int = 20

    def scan(self, known: Parameters) -> Scan:
        """Return lengths, then sequences, then plain and interleaved, fastest last."""
        pairs, rng = pairs_of(self.laboratory, known, self.targets), np.random.default_rng(self.seed)
        circuits = []
        for length in self.lengths:
            for _ in range(self.sequences):
                chosen = rng.integers(GROUP, size=length)
                circuits += [rows_of(pairs, sequence(chosen, interleaved)) for interleaved in (False, True)]
        return Scan(program(self.laboratory, circuits, qubits_of(pairs), self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the error of each CZ."""

        def read(k: int, pair: Pair) -> Outcome:
            stay = survived(result.bits[:, :, 2 * k : 2 * k + 2], known, pair)
            return self._outcome(pair.name, stay.reshape(len(self.lengths), self.sequences, 2))

        return each_pair(self.laboratory, known, self.targets, read)

    def _outcome(self, name: str, stay: Floats) -> Outcome:
        mean, m = stay.mean(axis=1), np.array(self.lengths, float)
        counting = np.sqrt(np.maximum(mean * (1 - mean), 0.02) / (self.shots * self.sequences))
        sigma = np.maximum(stay.std(axis=1, ddof=1) / np.sqrt(self.sequences), counting)
        fit = decays(m, mean, sigma)
        fine = np.linspace(0, m[-1], 40)
        figures = tuple(
            Figure(f"{what} benchmarking of {name}", m, mean[:, k], "Cliffords", "survival", sigma[:, k], fine,
                   fit.values[0] * fit.values[1 + k] ** fine + 0.25)
            for k, what in enumerate(("plain", "interleaved"))
        )  # fmt: skip
        if not fit.ok:
            return Outcome(name, fits=(fit,), figures=figures, reason=fit.reason)
        plain, woven = fit.value("plain"), fit.value("interleaved")
        by = np.array([0.0, 0.75 * woven / plain**2, -0.75 / plain])
        error = Estimate(0.75 * (1 - woven / plain), float(np.sqrt(by @ fit.covariance @ by)), run=self.name)
        note = f"error of a Clifford, 1.5 CZ on average: {0.75 * (1 - plain):.2e}"
        return Outcome(name, {f"{name}.cz.error": error}, (fit,), figures, notes=(note,))


def decays(m: Floats, mean: Floats, sigma: Floats) -> Fit:
    """Return the fit of both decays, survival ``mean`` of shape (n_lengths, 2)."""
    return fit_any_curve(
        "randomised benchmarking", ("amplitude", "plain", "interleaved"),
        lambda p: np.stack([p[0] * p[1] ** m, p[0] * p[2] ** m], axis=1).ravel() + 0.25, [(0.72, 0.98, 0.97)],
        ([0.2, 0.3, 0.2], [0.85, 1.0005, 1.0005]), np.repeat(m, 2), mean.ravel(), sigma.ravel(),
    )  # fmt: skip


def sequence(chosen: NDArray[np.int64], interleaved: bool) -> list[Steps | None]:
    """Return Cliffords, None where a CZ stands between them, and the one that undoes them all."""
    rows: list[Steps | None] = []
    whole = np.eye(4, dtype=np.complex128)
    for number in chosen:
        row = steps(int(number))
        whole = unitary(row) @ whole
        rows.append(row)
        if interleaved:
            whole = CZ @ whole
            rows.append(None)
    return [*rows, steps(inverse_of(whole))]


def rows_of(pairs: tuple[Pair, ...], elements: list[Steps | None]) -> list[Row]:
    """Return the same sequence on every pair, CZ at the same time."""
    qubits, rows, label = qubits_of(pairs), list[Row](), 0

    def gates() -> list[Row]:
        nonlocal label
        label += 2
        return [*barrier(qubits, label), *(cz(p.low, p.high) for p in pairs), *barrier(qubits, label + 1)]

    for element in elements:
        for k, layer in enumerate(element or ()):
            rows += gates() if k else []
            for pair in pairs:
                for qubit, one in zip((pair.low, pair.high), layer, strict=True):
                    rows.append(event(Op.RZ, (qubit,), (one.turn,)))
                    rows += [event(Op.R, (qubit,), (one.angle, one.axis))] if one.angle else []
        rows += gates() if element is None else []
    return rows


def survived(bits: NDArray[np.uint8], known: Parameters, pair: Pair) -> Floats:
    """Return the probability of 00 at each point, readout errors of both qubits taken out to first order."""
    table: Floats = np.eye(1)
    for name in (pair.low_name, pair.high_name):
        p01, p10 = known[f"{name}.readout.p01"], known[f"{name}.readout.p10"]
        table = np.asarray(np.kron(table, np.linalg.inv(np.array([[1 - p01, p10], [p01, 1 - p10]]))), np.float64)
    state = 2 * bits[:, :, 0].astype(np.int64) + bits[:, :, 1]
    seen = np.stack([(state == k).mean(axis=1) for k in range(4)], axis=1)
    return np.asarray(seen @ table[0])


NODE = Node(
    name=Rb2.name,
    kind=Target.COUPLING,
    finds=(Quantity(name="cz.error", low=-0.01, high=0.5, floor=0.01),),
    make=lambda laboratory, targets, known: Rb2(laboratory, targets),
    needs=("cz",),
    claims=claims,
    applies=tunable,
)
