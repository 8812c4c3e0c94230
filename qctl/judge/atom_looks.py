"""How well a threshold tells a bright site from a dark one, with the photons that really come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from qctl.physics.atoms.camera import Optics
from qctl.physics.atoms.twin import AtomTwin

Floats = NDArray[np.float64]

WIDTH, REACH = 1.1, 3  # pixels, of the weights around a site
SHAPE = 64, 64  # pixels of a frame that sites lie in
PARTS = 40  # of an exposure, at the end of which an atom may go dark or bright


@dataclass(frozen=True)
class Looks:
    """Brightness of one site while an atom shines for a share of the exposure: means and widths, grey values."""

    dark: float
    light: float
    noise: float
    gain: float
    squares: float

    @classmethod
    def of(cls, truth: AtomTwin, qubit: str, place: tuple[float, float], seconds: float) -> Self:
        """Return them for a site that is believed to stand at ``place`` (row, column)."""
        camera, site = truth.camera, truth.sites[qubit]
        spot = Optics.of(camera, np.array([[site.x, site.y]]), SHAPE).spots[0]
        shares = np.zeros(SHAPE)
        shares[spot.rows, spot.columns] = spot.shares
        r, c = np.mgrid[: SHAPE[0], : SHAPE[1]]
        weights = np.exp(-((r - place[0]) ** 2 + (c - place[1]) ** 2) / (2 * WIDTH**2))
        weights *= (np.abs(r - round(place[0])) <= REACH) & (np.abs(c - round(place[1])) <= REACH)
        weights /= weights.sum()
        dark = camera.efficiency * camera.background * seconds
        photons = camera.efficiency * camera.rate * seconds * shares
        noise = float((weights**2).sum()) * (camera.gain**2 * dark + camera.read_noise**2)
        return cls(
            camera.offset + camera.gain * dark,
            camera.gain * float((weights * photons).sum()),
            noise,
            camera.gain,
            float((weights**2 * photons).sum()),
        )

    def below(self, x: Floats, share: float) -> Floats:
        """Return the probability to lie below some thresholds when an atom shines for a share of the time."""
        width = np.sqrt(self.noise + self.gain**2 * self.squares * share)
        return np.asarray(norm.cdf(x, self.dark + self.light * share, width))

    def grid(self, asked: float) -> Floats:
        """Return thresholds between dark and bright, and the one that is asked about at the end."""
        return np.append(np.linspace(self.dark, self.dark + self.light, 2001), asked)

    def presence(self, x: Floats, loaded: float) -> Floats:
        """Return the share of looks at traps that is told wrongly with thresholds x."""
        return loaded * self.below(x, 1.0) + (1 - loaded) * (1 - self.below(x, 0.0))

    def states(self, x: Floats, truth: AtomTwin, seconds: float) -> tuple[Floats, Floats]:
        """Return how often 0 is read as 1, and 1 as 0, with thresholds x: probe light now and then changes a state."""
        parts = (np.arange(PARTS) + 0.5) / PARTS
        found = []
        for mean, kept, changed in (
            (truth.qubits.dark_time, 0.0, 1 - parts),
            (truth.qubits.bright_time, 1.0, parts),
        ):
            stays = float(np.exp(-seconds / mean))
            mixed = np.mean([self.below(x, float(share)) for share in changed], axis=0)
            found.append(stays * self.below(x, kept) + (1 - stays) * mixed)
        return 1 - found[0], found[1]
