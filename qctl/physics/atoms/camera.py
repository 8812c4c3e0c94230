"""Frames of an array of atoms: photons, their blur over pixels, counting noise and the noise of reading."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from .twin import Camera

Floats = NDArray[np.float64]

TOP = 65535  # grey values of 16 bits
POOL = 1 << 21  # pixels of background that frames are cut from, each from a random place
REACH = 4  # pixels from an atom's centre to which its light is followed, rounded up by one


@dataclass(frozen=True)
class Spot:
    """Where one place is seen: the pixels around it, and each one's share of its light."""

    rows: slice
    columns: slice
    shares: Floats


@dataclass(frozen=True)
class Optics:
    """What the camera sees of each place; frames have ``shape`` rows and columns."""

    truth: Camera
    spots: tuple[Spot, ...]
    shape: tuple[int, int]

    @classmethod
    def of(cls, truth: Camera, xy: Floats, shape: tuple[int, int]) -> Optics:
        """Return the images of points (n, 2), m: a Gaussian integrated over each pixel, pixel 0 from -0.5 to 0.5."""
        cos, sin = np.cos(truth.turn), np.sin(truth.turn)
        rows = truth.row0 + truth.scale * (xy[:, 1] * cos - xy[:, 0] * sin)
        columns = truth.column0 + truth.scale * (xy[:, 0] * cos + xy[:, 1] * sin)
        spots = []
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            up, along = _inside(row, shape[0], truth.blur), _inside(column, shape[1], truth.blur)
            spots.append(Spot(up[0], along[0], up[1][:, None] * along[1]))
        return cls(truth, tuple(spots), shape)

    def frames(self, lit: Floats, dark: float, rng: np.random.Generator) -> NDArray[np.uint16]:
        """Return grey values, shape (n_frames, rows, columns).

        Parameters
        ----------
        lit : seconds for which an atom shines at each place, shape (n_frames, n_places)
        dark : seconds of light, for the background
        """
        truth, size = self.truth, self.shape[0] * self.shape[1]
        pool = _background(truth.offset, truth.gain, truth.read_noise, truth.efficiency * truth.background * dark)
        grey = np.empty((len(lit), *self.shape), np.float32)
        for frame, start in enumerate(rng.integers(0, POOL - size, len(lit)).tolist()):
            grey[frame] = pool[start : start + size].reshape(self.shape)
        for place, spot in enumerate(self.spots):
            shining = np.flatnonzero(lit[:, place] > 0)
            if len(shining):
                light = truth.efficiency * truth.rate * lit[shining, place][:, None, None] * spot.shares
                grey[shining, spot.rows, spot.columns] += (truth.gain * rng.poisson(light)).astype(np.float32)
        np.rint(grey, out=grey)
        np.clip(grey, 0, TOP, out=grey)
        return grey.astype(np.uint16)


@lru_cache(maxsize=8)
def _background(offset: float, gain: float, read_noise: float, mean: float) -> NDArray[np.float32]:
    """Return many pixels without an atom: Poisson numbers of photons and Gaussian noise of reading."""
    rng = np.random.default_rng(20)
    found = offset + gain * rng.poisson(mean, POOL) + read_noise * rng.standard_normal(POOL)
    return found.astype(np.float32)


def _inside(centre: float, n: int, blur: float) -> tuple[slice, Floats]:
    """Return the pixels along one axis that light reaches, and its share in each."""
    reach = int(np.ceil(REACH * blur)) + 1
    first, last = max(0, round(centre) - reach), min(n, round(centre) + reach + 1)
    edges = [0.5 * erf((k - 0.5 - centre) / (blur * sqrt(2))) for k in range(first, max(first, last) + 1)]
    return slice(first, max(first, last)), np.diff(np.array(edges))
