"""Whether CZ work: mirrored sequences of random quarter turns and CZ end where they began."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np

from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.result import Result

from .pairs import Pair, pairs_of, qubits_of
from .rows import Row, barrier, cz, half, program, wait

APART = (
    160e-9  # s behind each CZ: what its pulses leave on lines of couplers is no fault of the values that are checked
)


@dataclass(frozen=True)
class CzCheck:
    """Share of shots that do not return to 00, after sequences that are the identity.

    Parameters
    ----------
    depth : CZ on the way there, and as many on the way back
    sequences : random ones, the same every time
    """

    laboratory: Laboratory
    targets: tuple[str, ...]
    depth: int = 2
    sequences: int = 6
    shots: int = 200
    name: ClassVar[str] = "cz_check"

    @property
    def gates(self) -> int:
        """Return the CZ in one sequence."""
        return 2 * self.depth

    def scan(self, known: Parameters) -> Scan:
        """Return all sequences, on all couplings at once."""
        pairs = pairs_of(self.laboratory, known, self.targets)
        rng = np.random.default_rng(seed=20)
        circuits = [mirrored(pairs, rng.integers(4, size=(self.depth + 1, 2))) for _ in range(self.sequences)]
        return Scan(program(self.laboratory, circuits, qubits_of(pairs), self.shots))

    def score(self, result: Result, known: Parameters) -> dict[str, tuple[float, float]]:
        """Return the share of shots in which one of both qubits is not 0, averaged over sequences."""
        found = {}
        for k, pair in enumerate(pairs_of(self.laboratory, known, self.targets)):
            wrong = result.bits[:, :, 2 * k : 2 * k + 2].any(axis=2)
            share = float(wrong.mean())
            found[pair.name] = share, float(np.sqrt((share * (1 - share) + 0.5 / wrong.size) / wrong.size))
        return found


def mirrored(pairs: tuple[Pair, ...], quarters: np.ndarray) -> list[Row]:
    """Return quarter turns about the axes ``quarters`` (of low and high, in quarter turns) with CZ between, and back.

    A CZ is its own inverse, a quarter turn is undone by the one about the opposite axis: what a CZ does too much on the
    way there it does too much again on the way back.
    """
    rows: list[Row] = []
    qubits = qubits_of(pairs)

    def turns(axes: np.ndarray, back: float) -> list[Row]:
        return [
            half(q, float(axis) * pi / 2 + back) for p in pairs for q, axis in zip((p.low, p.high), axes, strict=True)
        ]

    label = 1
    for order, back in ((quarters, 0.0), (quarters[::-1], pi)):
        for k, axes in enumerate(order):
            if k:
                rows += [*barrier(qubits, label), *(cz(p.low, p.high) for p in pairs), *barrier(qubits, label + 1)]
                rows += [*(wait(q, APART) for q in qubits), *barrier(qubits, label + 2)]
            rows += turns(axes, back)
            label += 3
    return rows
