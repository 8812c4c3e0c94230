"""Telling 0 from 1 in the image: thresholds, errors, who begins in 1, who stays."""

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
from qctl.core.result import Result

from ..rows import flip, indices
from .presence import TwoPeaks, two_peaks
from .seen import asking, left, there

Floats = NDArray[np.float64]

FEWEST = 30  # atoms in each state from which a threshold is told
MIDDLE, TOP = 0.3, 0.7  # brightness from the dark peak to the bright one: who changed while looked at, and who did not
CLEAR = 3.0  # standard deviations of both peaks that must fit beside the middle


@dataclass(frozen=True, slots=True)
class States:
    """Prepare 0 and 1 in turn: the threshold between them, how often it errs, and how often atoms stay.

    An atom that is not in 0 when it should be was not pumped, or changed while it was looked at. The first is as bright
    as others in 1 from beginning to end, the second from some moment on, so that all brightnesses in between are as
    likely. The same light pumps all atoms and looks at them: what tells them apart by no more than chance is alike.
    """

    name: ClassVar[str] = "states"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 2000

    def scan(self, known: Parameters) -> Scan:
        """Return two points."""
        qubits = indices(self.laboratory, self.targets)
        return Scan(asking(self.laboratory, self.targets, [[], [flip(q) for q in qubits]], self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return threshold, errors and survival of each target, and how many atoms begin in 1."""
        order = np.argsort([bit for _, bit in result.measured])
        values, was = result.iq.real[:, :, order], there(result)
        stayed = left(result, known) & was
        seen = [_seen([values[p, :, k][stayed[p, :, k]] for p in (0, 1)]) for k in range(len(self.targets))]
        kept = stayed.sum(axis=(0, 1)) / np.maximum(was.sum(axis=(0, 1)), 1)
        told = self._told({t: one for t, one in zip(self.targets, seen, strict=True) if isinstance(one, _Seen)})
        outcomes = []
        for k, (target, one) in enumerate(zip(self.targets, seen, strict=True)):
            if isinstance(one, str):
                outcomes.append(Outcome(target, reason=one))
                continue
            found = told[target] | {"site.kept": (float(kept[k]), _binomial(float(kept[k]), int(was[..., k].sum())))}
            estimates = {f"{target}.{name}": Estimate(*value, run=self.name) for name, value in found.items()}
            outcomes.append(Outcome(target, estimates, notes=(one.note(float(kept[k])),)))
        return tuple(outcomes)

    def _told(self, seen: dict[str, _Seen]) -> dict[str, dict[str, tuple[float, float]]]:
        """Return by target the threshold, both errors and how many begin in 1, each with its error."""
        if not seen:
            return {}
        found = {target: {"readout.counts": one.threshold} for target, one in seen.items()}
        for k, name in enumerate(("readout.p01", "readout.p10")):
            shares, errors = alike(*np.array([(one.wrong[k], one.sizes[k]) for one in seen.values()]).T)
            for target, share, error in zip(seen, shares.tolist(), errors.tolist(), strict=True):
                found[target][name] = share, error
        warm = unpumped([one.zeros for one in seen.values()])
        return found if warm is None else {target: {**mine, "thermal": warm} for target, mine in found.items()}


@dataclass(frozen=True)
class _Seen:
    """What was seen of one atom.

    Parameters
    ----------
    wrong, sizes : share of wrong answers, and looks, of atoms in 0 and in 1
    zeros : brightness of atoms in 0, from the dark peak (0) to the bright one (1)
    """

    peaks: TwoPeaks
    wrong: tuple[float, float]
    sizes: tuple[int, int]
    zeros: Floats

    @property
    def threshold(self) -> tuple[float, float]:
        """Return the threshold and its error."""
        return self.peaks.threshold, self.peaks.width / sum(self.sizes) ** 0.5

    def note(self, kept: float) -> str:
        """Return it in words."""
        zero, one = (100 * p for p in self.wrong)
        return f"0 is read as 1 in {zero:.2f} %, 1 as 0 in {one:.2f} %, {100 * kept:.2f} % stay"


def _seen(counted: list[Floats]) -> _Seen | str:
    """Return what brightnesses of an atom in 0 and in 1 say, or why they say nothing."""
    if min(map(len, counted)) < FEWEST:
        return "hardly ever an atom was there"
    peaks = two_peaks(np.concatenate(counted))
    if peaks.apart < 4 or not 0.1 < peaks.share < 0.9:
        return "0 and 1 look alike: the half turn or the probe light fails"
    p01, p10 = (float(np.mean((v > peaks.threshold) != bool(k))) for k, v in enumerate(counted))
    height = peaks.bright - peaks.dark
    clear = CLEAR * max(peaks.dark_width / MIDDLE, peaks.bright_width / (1 - TOP)) < height
    zeros = (counted[0] - peaks.dark) / height if clear else np.zeros(0)
    return _Seen(peaks, (p01, p10), (len(counted[0]), len(counted[1])), zeros)


def unpumped(zeros: list[Floats]) -> tuple[float, float] | None:
    """Return how many atoms in 0 are as bright as those in 1, and its error; None where the peaks are too wide to say.

    Atoms that change while they are looked at end anywhere between the peaks, as often below as above the middle.
    """
    seen = np.concatenate([*zeros, np.zeros(0)])
    if not len(seen):
        return None
    high, middle = int((seen > TOP).sum()), int(((seen > MIDDLE) & (seen <= TOP)).sum())
    like = (1 - TOP) / (TOP - MIDDLE)
    share = max(high - like * middle, 0.0) / len(seen)
    return share, float(np.sqrt(high + like**2 * middle + 1)) / len(seen)


def alike(shares: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """Return shares of several atoms, drawn to what all have in common, and their errors.

    As far as they scatter by no more than chance, each is the mean of all (B. Efron and C. Morris, J. Am. Stat. Assoc.
    70, 311): its own few events say less.

    Parameters
    ----------
    shares, sizes : shape (n_atoms,), how often something was seen, of how many looks
    """
    total = sizes.sum()
    mean = (float(shares @ sizes) + 1) / (total + 2)
    chance = mean * (1 - mean) / sizes
    between = max(float(np.mean((shares - mean) ** 2 - chance)), 0.0)
    own = between / (between + chance)
    pooled = np.sqrt(mean * (1 - mean) / total)
    return (1 - own) * mean + own * shares, np.hypot((1 - own) * pooled, np.sqrt(own * chance))


def _binomial(p: float, n: int) -> float:
    smooth = (p * n + 1) / (n + 2)
    return float(np.sqrt(smooth * (1 - smooth) / n))


NODE = Node(
    name=States.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="readout.counts", low=0.0, high=65535.0, floor=1000.0),
        Quantity(name="readout.p01", low=-0.01, high=0.5, floor=0.05),
        Quantity(name="readout.p10", low=-0.01, high=0.5, floor=0.05),
        Quantity(name="thermal", low=0.0, high=0.5, floor=0.05),
        Quantity(name="site.kept", low=0.3, high=1.0, floor=0.3),
    ),
    make=lambda laboratory, targets, known: States(laboratory, targets),
    needs=("fine_flop",),
    claims=lambda laboratory, known, target: frozenset({target}),
)
