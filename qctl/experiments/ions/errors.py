"""How much ions err: their coherence, and the error of each pair's gate."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi
from typing import ClassVar

import numpy as np

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.program import Op
from qctl.core.result import Result

from ..rows import Row, flip, half, indices, late, program, wait
from ..signal import excited
from ..twirled import FEWEST, falling, twirled
from .beams import around
from .pairs import both, its_ions, played

SHORT, LONG = 64e-6, 4e-3  # s; a shot has no room for longer waits


@dataclass(frozen=True, slots=True)
class IonCoherence:
    """Echoes after a short and after a long wait, towards 0 and towards 1: what is left of their difference.

    Ions stay coherent for far longer than a shot lasts: the answer is rough, and where nothing was lost it says how
    much might have been.
    """

    name: ClassVar[str] = "ion_coherence"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 4000

    def scan(self, known: Parameters) -> Scan:
        """Return both waits with both ends, the ends fastest."""
        qubits, circuits = indices(self.laboratory, self.targets), []
        for seconds in (SHORT, LONG):
            for last in (0.0, pi):
                own = [seconds] * len(qubits)
                circuits.append(late(qubits, [_echo(q, seconds, last) for q in qubits], own))
        return Scan(program(self.laboratory, circuits, qubits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return T2 of each target."""
        p, sigma = excited(result, known)
        left, errors = np.abs(p[0::2] - p[1::2]), np.hypot(sigma[0::2], sigma[1::2])
        return tuple(self._outcome(t, left[:, k], errors[:, k]) for k, t in enumerate(self.targets))

    def _outcome(self, target: str, left: np.ndarray, errors: np.ndarray) -> Outcome:
        figure = Figure(f"echoes of {target}", np.array([SHORT, LONG]), left, "wait (s)", "contrast", errors)
        if left[0] < 0.5:
            return Outcome(target, figures=(figure,), reason=f"an echo leaves a contrast of {left[0]:.2f}")
        ratio, spread = float(left[1] / left[0]), float(np.hypot(*errors) / left[0])
        kept = float(np.clip(ratio, 0.05, 1 - spread))  # no more is known of what fades more slowly
        t2 = (LONG - SHORT) / -log(kept)
        found = Estimate(t2, t2 * min(1.0, spread / kept / -log(kept)), "s", run=self.name)
        return Outcome(target, {f"{target}.t2": found}, figures=(figure,))


def _echo(qubit: int, seconds: float, last: float) -> list[Row]:
    return [half(qubit), wait(qubit, seconds / 2), flip(qubit), wait(qubit, seconds / 2), half(qubit, last)]


@dataclass(frozen=True, slots=True)
class MsErrors:
    """Rows of gates with random Paulis between them; the ever rarer right endings tell the error of one."""

    name: ClassVar[str] = "ion_ms_errors"
    laboratory: Laboratory
    targets: tuple[str, ...]
    numbers: tuple[int, ...] = (2, 6, 12)
    sequences: int = 4
    shots: int = 120
    seed: int = 3

    def _rows(self, pair: tuple[int, int]) -> tuple[list[list[Row]], list[tuple[int, int]]]:
        """Return rows of gates of a pair, the number of gates slowest, and where each ends."""
        rng = np.random.default_rng(self.seed)
        made = [twirled(pair, Op.RXX, n, rng) for n in self.numbers for _ in range(self.sequences)]
        return [rows for rows, _ in made], [end for _, end in made]

    def scan(self, known: Parameters) -> Scan:
        """Return the rows of each target, one target after the other."""
        rows = [row for target in self.targets for row in self._rows(both(self.laboratory, target))[0]]
        return Scan(played(self.laboratory, self.targets, rows, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the error of each gate."""
        n = len(self.numbers) * self.sequences
        return tuple(
            self._outcome(target, result.points(k * n, (k + 1) * n), known) for k, target in enumerate(self.targets)
        )

    def _outcome(self, target: str, result: Result, known: Parameters) -> Outcome:
        share, sigma, pair = [], [], self.laboratory.couplings[target].pair
        place = {result.qubits[qubit]: bit for qubit, bit in result.measured}
        for point, end in enumerate(self._rows(both(self.laboratory, target))[1]):
            bits = result.kept_bits(point)[:, [place[name] for name in pair]]
            right = [known[f"{q}.readout.{'p10' if one else 'p01'}"] for q, one in zip(pair, end, strict=True)]
            n, k = len(bits), int((bits == np.array(end)).all(axis=1).sum())
            smooth, seen = (k + 1) / (n + 2), (1 - right[0]) * (1 - right[1])
            share.append(k / max(n, 1) / seen)
            sigma.append(np.sqrt(smooth * (1 - smooth) / max(n, 1)) / seen)
        numbers = np.repeat(np.array(self.numbers, float), self.sequences)
        found = falling(f"rows of gates of {target}", self.name, numbers, np.array(share), np.array(sigma))
        if found.left < FEWEST:
            return Outcome(target, figures=(found.figure,), reason="rows of gates end anywhere: nothing falls")
        return Outcome(target, {f"{target}.ms.error": found.error}, figures=(found.figure,))


COHERENCE = Node(
    name=IonCoherence.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="t2", low=1e-4, high=1e3, floor=1.0),),
    make=lambda laboratory, targets, known: IonCoherence(laboratory, targets),
    needs=("ion_fine",),
    claims=around,
    largest_error=2.0,
)
MS_ERRORS = Node(
    name=MsErrors.name,
    kind=Target.COUPLING,
    finds=(Quantity(name="ms.error", low=0.0, high=0.5, floor=0.05),),
    make=lambda laboratory, targets, known: MsErrors(laboratory, targets),
    needs=("ion_ms_fine",),
    claims=its_ions,
    largest_error=2.0,
    least_contrast=0.0,  # good gates hardly decay; whether there is a decay at all is for the fit to say
)
