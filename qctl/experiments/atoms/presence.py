"""Whether a site holds an atom: the threshold between dark and bright, and how often it is loaded and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .seen import asking, everybody

Floats = NDArray[np.float64]

LEAST_APART = 4.0  # standard deviations between dark and bright
ROUNDS = 60


@dataclass(frozen=True)
class TwoPeaks:
    """Two Gaussians in a row of brightnesses: means, widths, share of the bright one, and the best threshold."""

    dark: float
    bright: float
    dark_width: float
    bright_width: float
    share: float

    @property
    def width(self) -> float:
        """Return the widths of both peaks together."""
        return float(np.hypot(self.dark_width, self.bright_width))

    @property
    def apart(self) -> float:
        """Return the distance of the peaks in their widths."""
        return (self.bright - self.dark) / self.width

    @property
    def threshold(self) -> float:
        """Return where a brightness is as likely dark as bright: there the fewest are told wrongly."""
        x = np.linspace(self.dark, self.bright, 2001)
        wrong = self.errors(x)
        return float(x[int(np.argmin(wrong))])

    def errors(self, x: Floats) -> Floats:
        """Return the share of wrong answers with a threshold at x."""
        missed = self.share * norm.cdf(x, self.bright, self.bright_width)
        return np.asarray(missed + (1 - self.share) * norm.sf(x, self.dark, self.dark_width))


def two_peaks(values: Floats) -> TwoPeaks:
    """Find the two Gaussians by expectation and maximisation, from a first cut in the middle of the range."""
    low, high = np.quantile(values, (0.02, 0.98))
    likely = (values > (low + high) / 2).astype(float)
    dark, bright, widths = low, high, [1.0, 1.0]
    for _ in range(ROUNDS):
        n = max(float(likely.sum()), 1e-9), max(float((1 - likely).sum()), 1e-9)
        bright, dark = float((likely * values).sum() / n[0]), float(((1 - likely) * values).sum() / n[1])
        widths = [
            float(np.sqrt((weight * (values - mean) ** 2).sum() / m) + 1e-6)
            for weight, mean, m in ((likely, bright, n[0]), (1 - likely, dark, n[1]))
        ]
        share = n[0] / len(values)
        up = np.log(share) + norm.logpdf(values, bright, widths[0])
        down = np.log(1 - share) + norm.logpdf(values, dark, widths[1])
        likely = 1 / (1 + np.exp(np.clip(down - up, -500, 500)))
    return TwoPeaks(dark, bright, widths[1], widths[0], float(likely.mean()))


@dataclass(frozen=True, slots=True)
class Presence:
    """Look at every site in many shots, loaded or not: a histogram with two peaks."""

    name: ClassVar[str] = "presence"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 400

    def scan(self, known: Parameters) -> Scan:
        """Return shots without gates, in which empty sites count too."""
        return Scan(asking(self.laboratory, self.targets, [[]], self.shots), (everybody(self.targets),))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the threshold and the loading of each site."""
        order = np.argsort([bit for _, bit in result.measured])
        values = result.iq.imag[0][:, order]
        return tuple(self._outcome(target, values[:, k]) for k, target in enumerate(self.targets))

    def _outcome(self, target: str, values: Floats) -> Outcome:
        peaks, n = two_peaks(values), len(values)
        counts, edges = np.histogram(values, 60)
        figures = (
            Figure(
                f"brightness of {target}", (edges[1:] + edges[:-1]) / 2, counts.astype(float), "grey values", "shots",
                marks=(peaks.threshold,),
            ),
        )  # fmt: skip
        if peaks.apart < LEAST_APART or not 3 / n < peaks.share < 1 - 3 / n:
            reason = "no two peaks: it is always dark, always bright, or too little light tells atoms from none"
            return Outcome(target, figures=figures, reason=reason)
        error = float(peaks.width / np.sqrt(n))
        found = {
            "readout.present": Estimate(peaks.threshold, error, run=self.name),
            "readout.counts": Estimate(peaks.threshold, error, run=self.name),
            "site.loaded": Estimate(peaks.share, float(np.sqrt(peaks.share * (1 - peaks.share) / n)), run=self.name),
        }
        wrong = float(peaks.errors(np.array([peaks.threshold]))[0])
        note = f"peaks are {peaks.apart:.1f} widths apart; {wrong:.1e} of all looks are told wrongly"
        return Outcome(target, {f"{target}.{n}": e for n, e in found.items()}, figures=figures, notes=(note,))


NODE = Node(
    name=Presence.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="readout.present", low=0.0, high=65535.0, floor=1000.0),
        Quantity(name="readout.counts", low=0.0, high=65535.0, floor=1000.0),
        Quantity(name="site.loaded", low=0.0, high=1.0, floor=0.5),
    ),
    make=lambda laboratory, targets, known: Presence(laboratory, targets),
    needs=("sites",),
    claims=lambda laboratory, known, target: frozenset({target}),
)
