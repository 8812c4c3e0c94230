"""How much gates on atoms err: turns of one atom, and the Rydberg gate, which all pairs share; who is lost by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.program import Op
from qctl.core.result import Result

from ..rb1 import Rb1
from ..rows import Row, barrier, cz, flip
from ..twirled import FEWEST, falling, twirled
from .rydberg import pairs, together
from .seen import asking, bright, left, ones

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BEHIND = 1000  # label of the barrier behind a row
ALL_GATES = 1000  # Clifford gates in one shot, of all atoms: 40 ms


class AtomRb1(Rb1):
    """Random Clifford gates; images tell 0 from 1 by a threshold, of atoms that were there and stayed.

    There is one pointer: what atoms do at once is done one after the other. Each atom's row is played without a break,
    so that it errs by its turns and not by what waiting for others costs, which is `t2_ramsey`.
    """

    name: ClassVar[str] = "atom_rb1"

    def lengths(self, known: Parameters) -> list[int]:
        """Return how many gates are played; fewer where many atoms follow one another in one shot."""
        most = int(np.clip(ALL_GATES / len(self.targets), 12, self.longest))
        return [1, *(round(most * k / (self.n_lengths - 1)) for k in range(1, self.n_lengths))]

    def beside(self, rows: list[list[Row]]) -> list[Row]:
        """Return one row after the other."""
        everybody = range(len(self.laboratory.qubits))
        return [row for number, each in enumerate(rows) for row in (*each, *barrier(everybody, number))]

    def ones(self, result: Result, known: Parameters) -> tuple[Floats, Floats]:
        """Return the probability of 1 and its standard error, shape (n_points, n_targets).

        0 or all of a few shots is taken for a standard deviation less: points that agree to the last digit are no line.
        """
        p, sigma = bright(result, known)
        return np.clip(p, sigma, 1 - sigma), sigma


@dataclass(frozen=True, slots=True)
class GateErrors:
    """Rows of gates with random Paulis between them, and rows of gates on atoms that stay in 0 or in 1.

    Pairs are carried to the same place and see the same pulse: a few of them speak for all. Errors are those of pairs
    of which both atoms are left, as programs count only such shots.

    Parameters
    ----------
    numbers : of gates in a row
    sequences : for each of them
    still : gates in a row that show who is lost
    """

    name: ClassVar[str] = "gate_errors"
    laboratory: Laboratory
    targets: tuple[str, ...]
    numbers: tuple[int, ...] = (2, 6, 10)
    sequences: int = 4
    still: int = 8
    shots: int = 800
    seed: int = 4

    def _rows(self) -> tuple[list[list[Row]], list[tuple[int, int]]]:
        """Return rows of gates of all pairs, the number of gates slowest, and where each ends."""
        qubits = [self.laboratory.qubit_names.index(q) for q in pairs(self.laboratory)]
        circuits, ends = list[list[Row]](), list[tuple[int, int]]()
        for k, n in enumerate(n for n in self.numbers for _ in range(self.sequences)):
            both = zip(qubits[::2], qubits[1::2], strict=True)
            made = [twirled(pair, Op.CZ, n, np.random.default_rng((self.seed, k))) for pair in both]
            # One pair after the other: to wait for others in the middle of a row would cost coherence.
            every = [(*rows, *barrier(qubits, BEHIND + place)) for place, (rows, _) in enumerate(made)]
            circuits.append([row for rows in every for row in rows])
            ends.append(made[0][1])
        return circuits, ends

    def scan(self, known: Parameters) -> Scan:
        """Return rows that tell errors, then those of atoms in 0 and in 1."""
        qubits = [self.laboratory.qubit_names.index(q) for q in pairs(self.laboratory)]
        gates: list[Row] = []
        for number in range(self.still):
            gates += barrier(qubits, number)
            gates += [cz(a, b) for a, b in zip(qubits[::2], qubits[1::2], strict=True)]
        still = [gates, [*(flip(q) for q in qubits), *gates]]
        return Scan(asking(self.laboratory, pairs(self.laboratory), [*self._rows()[0], *still], self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return error and loss, the same for all targets."""
        both, stayed, ends = together(result), left(result, known), self._rows()[1]
        kept: Bools = np.asarray((both & stayed).reshape(*both.shape[:2], -1, 2).all(axis=-1))
        bits = ones(result, known).reshape(*both.shape[:2], -1, 2)
        right = np.array([(bits[point] == np.array(end)).all(axis=-1) for point, end in enumerate(ends)])
        share, sigma = _share(right & kept[: len(ends)], kept[: len(ends)])
        seen = np.array([self._read_right(end, known) for end in ends])
        numbers = np.repeat(np.array(self.numbers, float), self.sequences)
        found = falling("rows of gates", self.name, numbers, share / seen, sigma / seen)
        if found.left < FEWEST:
            reason = "rows of gates end anywhere: nothing falls"
            return tuple(Outcome(t, figures=(found.figure,), reason=reason) for t in self.targets)
        loss, flips = self._loss(both[-2:], stayed[-2:]), self._flips(bits[-2:], kept[-2:], known)
        values = {"cz.error": found.error, "cz.loss": loss, "cz.flips": flips}
        notes = (
            f"an atom in 1 is lost in {100 * loss.value:.2f} % of its gates more than one in 0",
            f"a gate flips an atom in {100 * flips.value:.3f} % of all",
        )
        return tuple(
            Outcome(t, {f"{t}.{name}": one for name, one in values.items()}, figures=(found.figure,), notes=notes)
            for t in self.targets
        )

    def _read_right(self, end: tuple[int, int], known: Parameters) -> float:
        """Return how often both bits are read as they are, mean of all pairs."""
        names = pairs(self.laboratory)
        wrong = [[known[f"{q}.readout.{'p10' if one else 'p01'}"] for q in names[k::2]] for k, one in enumerate(end)]
        return float(np.prod(1 - np.mean(wrong, axis=1)))

    def _flips(self, bits: Bools, kept: Bools, known: Parameters) -> Estimate:
        """Return how often a gate flips an atom: what rows on atoms in 0 and in 1 end wrongly in, beyond reading.

        Parameters
        ----------
        bits, kept : shape (2, shots, n_pairs, 2) and (2, shots, n_pairs)
        """
        wrong = bits ^ np.array([False, True])[:, None, None, None]
        of = np.broadcast_to(kept[..., None], wrong.shape)
        n, k = int(of.sum()), int((wrong & of).sum())
        read = float(np.mean([[known[f"{q}.readout.{p}"] for q in pairs(self.laboratory)] for p in ("p01", "p10")]))
        error = float(np.sqrt(k + 1)) / max(n, 1) / self.still
        return Estimate(max(k / max(n, 1) - read, 0.0) / self.still, error, run=self.name)

    def _loss(self, both: Bools, stayed: Bools) -> Estimate:
        """Return how much more probable it is to lose an atom in 1 than one in 0, for each gate."""
        (zeros, lit), (e0, e1) = _share(both & stayed, both)
        value = 1 - (lit / zeros) ** (1 / self.still)
        error = float(np.hypot(e0 / zeros, e1 / max(lit, 1e-9))) / self.still
        return Estimate(float(max(value, 0.0)), error, run=self.name)


def _share(yes: Bools, of: Bools) -> tuple[Floats, Floats]:
    """Return how often ``yes`` among ``of``, all shots and pairs together, and its error, shape (n_points,)."""
    n, k = of.sum(axis=(1, 2)), yes.sum(axis=(1, 2))
    smooth = (k + 1) / (n + 2)
    return k / np.maximum(n, 1), np.sqrt(smooth * (1 - smooth) / np.maximum(n, 1))


TURNS = Node(
    name=AtomRb1.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="error", low=0.0, high=0.5, floor=0.01),),
    make=lambda laboratory, targets, known: AtomRb1(
        laboratory, targets, longest=60, n_lengths=3, sequences=3, shots=300
    ),
    needs=("states",),
    claims=lambda laboratory, known, target: frozenset({target}),
    largest_error=2.0,
    least_contrast=0.0,  # good gates hardly decay; whether there is a decay at all is for the fit to say
)
GATES = Node(
    name=GateErrors.name,
    kind=Target.COUPLING,
    finds=(
        Quantity(name="cz.error", low=0.0, high=0.5, floor=0.05),
        Quantity(name="cz.loss", low=0.0, high=0.5, floor=0.05),
        Quantity(name="cz.flips", low=0.0, high=0.5, floor=0.05),
    ),
    make=lambda laboratory, targets, known: GateErrors(laboratory, targets),
    needs=("gate_phase", "states"),
    claims=lambda laboratory, known, target: frozenset({target}),
    largest_error=2.0,
    least_contrast=0.0,
)
