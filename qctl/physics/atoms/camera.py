"""Frames of an array of atoms: photons, their blur over pixels, counting noise and the noise of reading."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf

import numpy as np
from numpy.typing import NDArray

from .twin import Camera

Floats = NDArray[np.float64]

TOP = 65535  # grey values of 16 bits


@dataclass(frozen=True)
class Optics:
    """Where places are seen: each one's share of light in every pixel, shape (n_places, rows, columns)."""

    truth: Camera
    images: Floats

    @classmethod
    def of(cls, truth: Camera, xy: Floats, shape: tuple[int, int]) -> Optics:
        """Return the images of points (n, 2), m: a Gaussian integrated over each pixel, pixel 0 from -0.5 to 0.5."""
        cos, sin = np.cos(truth.turn), np.sin(truth.turn)
        rows = truth.row0 + truth.scale * (xy[:, 1] * cos - xy[:, 0] * sin)
        columns = truth.column0 + truth.scale * (xy[:, 0] * cos + xy[:, 1] * sin)
        return cls(
            truth, _inside(rows, shape[0], truth.blur)[:, :, None] * _inside(columns, shape[1], truth.blur)[:, None]
        )

    def frames(self, lit: Floats, dark: Floats, rng: np.random.Generator) -> NDArray[np.uint16]:
        """Return grey values, shape (n_frames, rows, columns).

        Parameters
        ----------
        lit : seconds for which an atom shines at each place, shape (n_frames, n_places)
        dark : seconds of imaging light, shape (n_frames,)
        """
        truth = self.truth
        shape = self.images.shape[1:]
        light = (lit * truth.rate) @ self.images.reshape(len(self.images), -1) + truth.background * dark[:, None]
        counted = rng.poisson(truth.efficiency * light)
        grey = truth.offset + truth.gain * counted + truth.read_noise * rng.standard_normal(counted.shape)
        return np.clip(np.rint(grey), 0, TOP).astype(np.uint16).reshape(len(lit), *shape)


def _inside(centres: Floats, n: int, blur: float) -> Floats:
    edges = (np.arange(n + 1) - 0.5 - centres[:, None]) / (blur * np.sqrt(2))
    return np.diff(0.5 * np.vectorize(erf)(edges), axis=1)
