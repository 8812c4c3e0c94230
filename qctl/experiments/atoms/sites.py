"""Where atoms are on the camera: the middle of each bright spot, and from all of them where the zone must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .seen import array_of, asking

Floats = NDArray[np.float64]

REACH = 3  # pixels around a guess in which its spot is looked for
WIDTH = 1.2  # pixels, of the weight with which the middle is found
STEPS = 30  # of finding the middle
BLUR = 1.05  # pixels, what an atom's image is wide, about: that of the camera and of the pixel
PASSES = 2  # with the light of neighbours taken out
FAINTEST = 5.0  # standard deviations of the picture's noise that a spot must rise


@dataclass(frozen=True)
class Spot:
    """The middle of a spot, row and column, how sure each is, how far it rises in standard deviations, and its peak."""

    row: float
    column: float
    error: float
    contrast: float
    peak: float = 0.0


def spot(picture: Floats, guess: tuple[float, float], noise: float) -> Spot:
    """Find the middle of the spot nearest to a guess: the mean of its light, weighted around where it was last.

    The weight's own pull towards the last place is undone: a Gaussian spot under a Gaussian weight of the same width
    moves half of the way in each step (Berry and Burnell, Astronomical Image Processing, chapter 8).
    """
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    r, c = guess
    floor = float(np.median(picture))
    light = 0.0
    for _ in range(STEPS):
        near = (np.abs(rows - r) <= REACH) & (np.abs(columns - c) <= REACH)
        weight = np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / (2 * WIDTH**2)) * near
        signal = np.maximum(picture - floor, 0) * weight
        light = float(signal.sum())
        if light <= 0:
            return Spot(*guess, np.inf, 0.0)
        step = float((signal * (rows - r)).sum() / light), float((signal * (columns - c)).sum() / light)
        r, c = r + 1.6 * step[0], c + 1.6 * step[1]
    weights = float(np.sqrt((weight**2).sum()))
    contrast = light / (noise * weights) if noise > 0 else np.inf
    peak = light / float((weight**2).sum())
    return Spot(r, c, max(3 * WIDTH / max(contrast, 1e-9), 5e-3), contrast, peak)


def spots(picture: Floats, guesses: Sequence[tuple[float, float]], noise: float) -> list[Spot]:
    """Find the spots nearest to guesses; then again, each without the light of its neighbours, which pulls it there."""
    found = [spot(picture, guess, noise) for guess in guesses]
    for _ in range(PASSES):
        alone = [_shape(picture.shape, one) for one in found]
        everybody = np.sum(alone, axis=0)
        found = [
            spot(picture - everybody + own, (one.row, one.column), noise) if one.contrast > FAINTEST else one
            for one, own in zip(found, alone, strict=True)
        ]
    return found


def _shape(shape: tuple[int, ...], one: Spot) -> Floats:
    rows, columns = (np.arange(n) for n in shape)
    up, along = (np.exp(-((x - at) ** 2) / (2 * BLUR**2)) for x, at in ((rows, one.row), (columns, one.column)))
    return np.asarray(one.peak * (WIDTH**2 + BLUR**2) / (2 * BLUR**2) * up[:, None] * along)


def noise_of(picture: Floats) -> float:
    """Return the standard deviation of pixels without light, from the half that lie below the median."""
    below = picture[picture < np.median(picture)]
    return float(np.sqrt(np.mean((below - np.median(picture)) ** 2)))


@dataclass(frozen=True, slots=True)
class Sites:
    """Take pictures of loaded arrays; find the spot of each site."""

    name: ClassVar[str] = "sites"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 150

    def scan(self, known: Parameters) -> Scan:
        """Return shots without gates."""
        return Scan(asking(self.laboratory, self.targets, [[]], self.shots), traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return row and column of each site."""
        picture = result.pictures[array_of(self.laboratory)][0, 0]
        noise = noise_of(picture)
        guesses = [(known[f"{target}.site.row"], known[f"{target}.site.column"]) for target in self.targets]
        found = spots(picture, guesses, noise)
        return tuple(self._outcome(*each, picture) for each in zip(self.targets, guesses, found, strict=True))

    def _outcome(self, target: str, guess: tuple[float, float], found: Spot, picture: Floats) -> Outcome:
        figures = (drawn_picture(picture),)
        if found.contrast < FAINTEST:
            return Outcome(target, figures=figures, reason=f"no light near row {guess[0]:.1f}, column {guess[1]:.1f}")
        if np.hypot(found.row - guess[0], found.column - guess[1]) > REACH:
            return Outcome(target, figures=figures, reason="its light is nearer to another site")
        values = {"site.row": found.row, "site.column": found.column}
        estimates = {f"{target}.{n}": Estimate(v, found.error, run=self.name) for n, v in values.items()}
        return Outcome(target, estimates, figures=figures)


def drawn_picture(picture: Floats) -> Figure:
    """Return a picture for the report."""
    rows, columns = (np.arange(float(n)) for n in picture.shape)
    return Figure("mean image", columns, rows, "column (pixels)", "row (pixels)", image=picture)


@dataclass(frozen=True, slots=True)
class Zone:
    """Compare where sites are with where the laboratory file draws them: the zone is turned and stretched alike.

    Nothing is loaded in the zone, so its places cannot be seen; they follow from the affine map of all sites.
    """

    name: ClassVar[str] = "zone"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 150

    def scan(self, known: Parameters) -> Scan:
        """Return shots without gates."""
        return Scan(asking(self.laboratory, self.laboratory.qubit_names, [[]], self.shots), traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the places of the zone."""
        (target,) = self.targets
        picture = result.pictures[target][0, 0]
        guess, drawn, seen = self.laboratory.first_guess, list[list[float]](), list[list[float]]()
        names = self.laboratory.qubit_names
        places = [(known[f"{qubit}.site.row"], known[f"{qubit}.site.column"]) for qubit in names]
        for qubit, one in zip(names, spots(picture, places, noise_of(picture)), strict=True):
            if one.contrast >= FAINTEST:
                drawn.append([1.0, guess[f"{qubit}.site.column"], guess[f"{qubit}.site.row"]])
                seen.append([one.row, one.column])
        if len(seen) < 4:
            return (Outcome(target, reason=f"{len(seen)} sites are bright, of which at least four are needed"),)
        a, b = np.array(drawn), np.array(seen)
        if np.linalg.svd(a - a.mean(axis=0), compute_uv=False)[1] < 1:
            reason = "bright sites lie in one row: nothing tells how the zone beside it is turned and stretched"
            return (Outcome(target, figures=(drawn_picture(picture),), reason=reason),)
        numbers = np.linalg.lstsq(a, b, rcond=None)[0]
        spread = np.sqrt(np.sum((a @ numbers - b) ** 2, axis=0) / max(1, len(a) - 3))
        inverse = np.linalg.inv(a.T @ a)
        found = {}
        for k in (k for k in range(1, 10) if f"{target}.zone.row_{k}" in guess):
            place = np.array([1.0, guess[f"{target}.zone.column_{k}"], guess[f"{target}.zone.row_{k}"]])
            reach = np.sqrt(place @ inverse @ place)
            for name, axis in (("row", 0), ("column", 1)):
                value, error = float((place @ numbers)[axis]), float(max(spread[axis], 5e-3) * reach)
                found[f"{target}.zone.{name}_{k}"] = Estimate(value, error, run=self.name)
        return (Outcome(target, found, figures=(drawn_picture(picture),)),)


SITES = Node(
    name=Sites.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="site.row", low=0.0, high=4096.0, floor=3.0),
        Quantity(name="site.column", low=0.0, high=4096.0, floor=3.0),
    ),
    make=lambda laboratory, targets, known: Sites(laboratory, targets),
    claims=lambda laboratory, known, target: frozenset({target}),
)

ZONE = Node(
    name=Zone.name,
    kind=Target.LINE,
    finds=(
        Quantity(name="zone.row_*", low=0.0, high=4096.0, floor=3.0),
        Quantity(name="zone.column_*", low=0.0, high=4096.0, floor=3.0),
    ),
    make=lambda laboratory, targets, known: Zone(laboratory, targets),
    needs=("sites",),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
)
