"""What phases ions are left with by each gate, and what their own centre lines are off: rows of gates add both up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import pi
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.gates import matrix
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate, Parameters
from qctl.core.program import Op, event
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import Row, flip, half
from .pairs import both, played, shares_of_each

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]
TO_AND_FRO, ECHOED = "+-", "+x-X"
"""Gates (+), gates back (-), both ions flipped (x) and flipped back (X)."""
OFF, SHIFTS = ("off_a", "off_b"), ("shift_a", "shift_b")  # Hz, rad: what both ions are off by
ROWS = "ions begin = alike, ≠ not; + and - parity asked for; e echoed"
GATES = 2  # of a block
IDENTITY = np.eye(4, dtype=np.complex128)


class Words(NamedTuple):
    """A row: how often which block is played, whether the ions begin unlike, and which parity is asked for."""

    block: str
    times: int
    unlike: bool
    sign: int


@dataclass(frozen=True, slots=True)
class MsPhases:
    """Rows of gates from like and from unlike ions, whose parity along x grows with what each gate leaves.

    Tones whose centre is off turn with the spins' axis: to first order a gate about their mean axis, so a turn about z
    by ``-pi off duration`` before a gate and back behind it. A wrong frame turns the ion behind it. Gates to and fro
    add up the sum of both turns, which is the frame, and with a flip of both ions between them the difference. Like
    ions tell the sum of both ions' turns, unlike ones the difference. The fit is the whole row, with turns of any size.
    """

    name: ClassVar[str] = "ion_ms_phases"
    laboratory: Laboratory
    targets: tuple[str, ...]
    numbers: tuple[int, ...] = (4,)
    shots: int = 500

    @property
    def rows(self) -> tuple[Words, ...]:
        """Return the rows of each pair."""
        return tuple(
            Words(block, times, unlike, sign)
            for block in (TO_AND_FRO, ECHOED)
            for times in self.numbers
            for unlike in (False, True)
            for sign in (1, -1)
        )

    def scan(self, known: Parameters) -> Scan:
        """Return the rows of each pair, one pair after the other."""
        circuits = [list(_written(both(self.laboratory, target), row)) for target in self.targets for row in self.rows]
        return Scan(played(self.laboratory, self.targets, circuits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return centre line, its split and the frames of each pair."""
        each = shares_of_each(result, known, self.laboratory, self.targets)
        return tuple(self._outcome(*one, known) for one in each)

    def _outcome(self, target: str, found: Floats, errors: Floats, known: Parameters) -> Outcome:
        parity, sigma = 1 - 2 * found[:, 1], 2 * errors[:, 1]
        fit = self._fitted(parity, np.maximum(sigma, 0.02), known[f"{target}.ms.duration"])
        names = tuple(map(_name, self.rows))
        lengths = " and ".join(str(GATES * number) for number in self.numbers)
        title = f"rows of {lengths} gates of {target}"
        figures = (drawn(title, fit, ROWS, y_label="parity along x", names=names),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"rows of gates say nothing: {fit.reason}")
        off, spread = (np.array([of(name) for name in OFF]) for of in (fit.value, fit.error))
        wide = float(np.hypot(*spread))
        estimates = {
            "centre": Estimate(known[f"{target}.ms.centre"] - float(off.mean()), wide / 2, "Hz", run=self.name),
            "split": Estimate(known[f"{target}.ms.split"] - float(off[0] - off[1]), wide, "Hz", run=self.name),
        } | {
            name: Estimate(known[f"{target}.ms.{name}"] - fit.value(name), fit.error(name), "rad", run=self.name)
            for name in SHIFTS
        }
        return Outcome(target, {f"{target}.ms.{name}": one for name, one in estimates.items()}, (fit,), figures)

    def _fitted(self, parity: Floats, sigma: Floats, duration: float) -> Fit:
        model = RowModel(self.rows, duration)
        return fit_any_curve(
            "rows of gates", (*OFF, *SHIFTS), model.parities,
            [(a, b, 0.0, 0.0) for a in (-40.0, 40.0) for b in (-40.0, 40.0)],
            ((-400.0, -400.0, -0.4, -0.4), (400.0, 400.0, 0.4, 0.4)),
            np.arange(len(parity), dtype=float), parity, sigma, least_contrast=0.0,
        )  # fmt: skip


@dataclass(frozen=True)
class RowModel:
    """What rows of gates of two ions end with, where each gate turns both about z before and behind it."""

    rows: tuple[Words, ...]
    duration: float

    def parities(self, p: Floats) -> Floats:
        """Return the parity of each row; ``p`` holds Hz and rad of both ions."""
        turned = pi * self.duration * p[:2]
        before, behind = about_z(-turned), about_z(turned + p[2:4])
        words = {
            "+": behind @ matrix(Op.RXX, (pi / 2,)) @ before,
            "-": behind @ matrix(Op.RXX, (-pi / 2,)) @ before,
            "x": _on_both(pi, 0.0, 0.0),
            "X": _on_both(pi, pi, pi),
        }
        blocks = {block: _one_after_another(words, block) for block in (TO_AND_FRO, ECHOED)}
        return np.array([self._parity(row, blocks[row.block]) for row in self.rows])

    def _parity(self, row: Words, block: Complex) -> float:
        whole = self._looks[row.sign] @ np.linalg.matrix_power(block, row.times)
        populations = np.abs(whole[:, 1 if row.unlike else 0]) ** 2
        return float(populations @ np.array([1, -1, -1, 1]))

    @cached_property
    def _looks(self) -> dict[int, Complex]:
        return {sign: _on_both(pi / 2, pi / 2, sign * pi / 2) for sign in (1, -1)}


def _name(row: Words) -> str:
    return ("≠" if row.unlike else "=") + ("+" if row.sign > 0 else "-") + ("e" if row.block == ECHOED else "")


def about_z(angles: Floats) -> Complex:
    """Return turns of two ions about z."""
    one, other = (np.exp(-0.5j * angle * np.array([1, -1])) for angle in angles)
    return np.asarray(np.diag(np.kron(one, other)))


def _on_both(angle: float, first: float, second: float) -> Complex:
    return np.asarray(np.kron(matrix(Op.R, (angle, first)), matrix(Op.R, (angle, second))))


def _one_after_another(words: dict[str, Complex], block: str) -> Complex:
    whole = IDENTITY
    for word in block:
        whole = words[word] @ whole
    return whole


def _written(pair: tuple[int, int], row: Words) -> Iterator[Row]:
    """Yield what a row plays."""
    if row.unlike:
        yield flip(pair[1])
    for word in row.block * row.times:
        if word in "+-":
            yield event(Op.RXX, pair, (pi / 2 if word == "+" else -pi / 2,))
        else:
            yield from (flip(qubit, 0.0 if word == "x" else pi) for qubit in pair)
    yield half(pair[0], pi / 2)
    yield half(pair[1], row.sign * pi / 2)
