"""How fast atoms swing in their traps: released twice, they are lost or kept by where they are in their swing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline, make_interp_spline
from scipy.stats import norm, qmc

from qctl.calibrate.drift import Walk
from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import Row, barrier, indices, play
from .seen import array_of, asking, survival
from .warmth import BOLTZMANN, DEPTH, MASS, WAIST, WAVELENGTH

Floats = NDArray[np.float64]

FIRST, SECOND = 4e-6, 20e-6  # s, of the two releases: the best of those tried by `twice_released` around these
DESIGNED = float(np.sqrt(4 * BOLTZMANN * DEPTH / MASS) / WAIST / (2 * np.pi))  # Hz
REACH = 0.75, 1.3  # of the frequency as designed, between which it is looked for
HEATS = 0.004, 0.05  # temperature over depth, the same
SAMPLES = 512
STEP = 0.2e-6  # s, of the integration
SOFT = 4e-3  # of the depth: a step in energy, not a jump, since the fit needs slopes


@dataclass(frozen=True, slots=True)
class TrapFrequency:
    """Switch all traps off, on for different times, and off again: who is left goes up and down with each half swing.

    The first release lets the cloud of an atom's places swell; it then breathes at twice the trap's frequency, and a
    second, longer one loses atoms by how fast they are (as P. Sortais et al., Phys. Rev. A 75, 013406, measured it).
    Fitted is what Monte Carlo trajectories in a Gaussian beam do, frequency and temperature at once: traps are not
    harmonic, and a cosine would find a few percent less.
    """

    name: ClassVar[str] = "trap_frequency"
    laboratory: Laboratory
    targets: tuple[str, ...]
    n_points: int = 25
    shots: int = 200

    def times(self) -> Floats:
        """Return for how long traps are on between the releases, s."""
        return np.round(np.linspace(1e-6, 25e-6, self.n_points) / 10e-9) * 10e-9

    def scan(self, known: Parameters) -> Scan:
        """Return one point for each time."""
        array, everybody = array_of(self.laboratory), indices(self.laboratory, self.laboratory.qubit_names)
        level, pulses, circuits = known[f"{array}.switch.level"], list[Pulse](), list[list[Row]]()
        for number, between in enumerate(self.times().tolist()):
            first = Tone(line="dark", amplitude=level, duration=FIRST)
            pulses.append(Pulse((first, Tone(line="dark", amplitude=level, duration=SECOND, start=FIRST + between))))
            circuits.append([*barrier(everybody, 1), play([0], number)])
        return Scan(asking(self.laboratory, self.asked(), circuits, self.shots, tuple(pulses)))

    def asked(self) -> tuple[str, ...]:
        """Return whose atoms are looked at."""
        return self.targets

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return frequency and temperature in each site."""
        fits = self.fits(result, known)
        outcomes = [self._outcome(target, fits[target]) for target in self.targets]
        outcomes[0] = replace(outcomes[0], notes=differing([fit for fit in fits.values() if fit.ok]))
        return tuple(outcomes)

    def fits(self, result: Result, known: Parameters) -> dict[str, Fit]:
        """Return the fit of each site that was looked at."""
        p, sigma = survival(result, known)
        return {q: swinging(self.times(), p[:, k], sigma[:, k]) for k, q in enumerate(self.asked())}

    def _outcome(self, target: str, fit: Fit) -> Outcome:
        figures = (_figure(f"atoms of {target} released twice", fit),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no swing seen: {fit.reason}")
        frequency, error = fit.value("frequency"), fit.error("frequency")
        heat = float(depth_of(frequency)) * fit.value("heat")
        found = {
            f"{target}.site.trap_frequency": Estimate(frequency, error, "Hz", run=self.name),
            f"{target}.site.temperature": Estimate(
                heat, heat * fit.error("heat") / fit.value("heat"), "K", run=self.name
            ),
        }
        return Outcome(target, found, (fit,), figures)


def _figure(title: str, fit: Fit) -> Figure:
    """Return the points with the swing at any time between them."""

    def left(times: Floats) -> Floats:
        frequency, heat, whole = fit.values
        return np.asarray(whole * twice_released(times, np.array([frequency]), float(heat))[0])

    return drawn(title, fit, "traps on between releases (s)", y_label="share of atoms left", model=left)


def relative_depths(fits: list[Fit]) -> tuple[Floats, Floats]:
    """Return depths over their mean, and their relative errors, shape (n_traps,)."""
    frequencies = np.array([fit.value("frequency") for fit in fits])
    errors = np.array([fit.error("frequency") for fit in fits])
    depths = frequencies**2
    return depths / depths.mean(), 2 * errors / frequencies


def differing(fits: list[Fit]) -> tuple[str, ...]:
    """Return in words how much traps differ; nothing where there are fewer than two."""
    if len(fits) < 2:
        return ()
    depths, errors = relative_depths(fits)
    rms = 100 * uneven(depths, errors)
    return (f"depths of traps differ by {rms:.2f} % (rms, beyond their errors of {100 * errors.mean():.2f} %)",)


def uneven(depths: Floats, errors: Floats) -> float:
    """Return by how much depths differ (rms), beyond what their errors explain."""
    beyond = float(np.var(depths, ddof=1) - np.mean(errors**2))
    return math.sqrt(max(beyond, 0.0))


def depth_of(frequency: float | Floats) -> float | Floats:
    """Return the depth, K, of a trap of the designed waist in which atoms swing across the beam with so many Hz."""
    return MASS * (2 * np.pi * frequency * WAIST) ** 2 / (4 * BOLTZMANN)


def swinging(times: Floats, p: Floats, sigma: Floats) -> Fit:
    """Fit what is left by frequency (Hz), heat (temperature over depth) and the share that nothing loses."""
    by_frequency, by_heat = _tables(tuple(times.tolist()))

    def curve(v: Floats) -> Floats:
        return np.asarray(v[2] * by_heat(np.log(v[1])) @ by_frequency(v[0]))

    low, high = DESIGNED * REACH[0], DESIGNED * REACH[1]
    tried = [(f, heat, 0.97) for f in np.linspace(low, high, 45) for heat in (0.008, 0.014, 0.025)]
    # A swing too many or too few within the longest time is a minimum of its own: the start is the best of a grid.
    start = min(tried, key=lambda v: float((((curve(np.array(v)) - p) / sigma) ** 2).sum()))
    bounds = (low, HEATS[0], 0.5), (high, HEATS[1], 1.1)
    return fit_any_curve("two releases", ("frequency", "heat", "all"), curve, [start], bounds, times, p, sigma)


@lru_cache(maxsize=4)
def _tables(times: tuple[float, ...]) -> tuple[BSpline, BSpline]:
    """Return what is left at some heats, shape (n_heats, n_times), by frequency, and these heats' weights by heat."""
    frequencies, heats = DESIGNED * np.linspace(*REACH, 23), np.geomspace(*HEATS, 5)
    curves = [twice_released(np.array(times), frequencies, float(heat)) for heat in heats]
    weights = make_interp_spline(np.log(heats), np.eye(len(heats)))
    return make_interp_spline(frequencies, np.stack(curves, axis=1)), weights


def twice_released(
    times: Floats, frequencies: Floats, heat: float, first: float = FIRST, second: float = SECOND
) -> Floats:  # fmt: skip
    """Return the share of thermal atoms that stays, shape (n_frequencies, n_times); always the same atoms.

    Lengths are in waists and times in 1/omega, in which all traps are one but for their temperature: the depth is 1/4.
    """
    omega = 2 * np.pi * frequencies[:, None]
    rayleigh = np.pi * WAIST / WAVELENGTH
    widths = np.sqrt(heat) * np.array([0.5, 0.5, rayleigh / np.sqrt(2)])
    start = _drawn()
    v = np.broadcast_to(np.sqrt(heat) / 2 * start[3:, None], (3, len(frequencies), SAMPLES)).copy()
    r = widths[:, None, None] * start[:3, None] + v * omega * first
    kept, found, now = _held(r, v, rayleigh), np.empty((len(frequencies), len(times))), 0.0
    for k, time in enumerate(times.tolist()):
        n = max(1, round((time - now) / STEP))
        dt = omega * (time - now) / n
        for _ in range(n):
            v += dt / 2 * _pull(r, rayleigh)
            r += dt * v
            v += dt / 2 * _pull(r, rayleigh)
        found[:, k], now = (kept * _held(r + v * omega * second, v, rayleigh)).mean(axis=-1), time
    return found


@lru_cache(maxsize=1)
def _drawn() -> Floats:
    """Return evenly spread normal numbers, shape (6, SAMPLES)."""
    points = qmc.Sobol(6, rng=np.random.default_rng(3)).random_base2(SAMPLES.bit_length() - 1)
    return np.asarray(norm.ppf(np.clip(points, 1e-6, 1 - 1e-6))).T


def _pull(r: Floats, rayleigh: float) -> Floats:
    width = 1 + (r[2] / rayleigh) ** 2
    share = (r[0] ** 2 + r[1] ** 2) / width
    force = np.exp(-2 * share) / width**2
    return np.asarray(np.stack([-force * r[0], -force * r[1], -(1 - 2 * share) / 2 / rayleigh**2 * force * r[2]]))


def _held(r: Floats, v: Floats, rayleigh: float) -> Floats:
    width = 1 + (r[2] / rayleigh) ** 2
    rest = np.exp(-2 * (r[0] ** 2 + r[1] ** 2) / width) / width - 2 * (v**2).sum(axis=0)
    return np.asarray(1 / (1 + np.exp(-np.clip(rest / SOFT, -60, 60))))


NODE = Node(
    name=TrapFrequency.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="site.trap_frequency", low=1e4, high=1e6, floor=2e4, walk=Walk(share=1e-2)),
        Quantity(name="site.temperature", low=1e-7, high=1e-3, floor=1e-4),
    ),
    make=lambda laboratory, targets, known: TrapFrequency(laboratory, targets),
    needs=("presence",),
    claims=lambda laboratory, known, target: frozenset({target}),
    largest_error=0.05,
)
