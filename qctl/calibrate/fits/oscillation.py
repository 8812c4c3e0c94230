"""Oscillations: cosines (Rabi, conditional phase), damped ones (Ramsey), two that beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fit import Fit
from .recipe import FREE, Frame, Recipe
from .scan import Grid
from .verdict import fitted

Floats = NDArray[np.float64]
TAU = 2 * np.pi
FINER = 4  # frequencies tried for each that n points can tell apart
MOST_FREQUENCIES = 1000
RATES = (0.0, 2.0, 6.0)  # dampings that are tried, by span
FEWEST_PERIODS = 0.5
NYQUIST = 0.9  # share of the Nyquist frequency above which a frequency may be another one's alias

Range = tuple[float, float]


def highest_frequency(u: Floats) -> float:
    """Return the frequency up to which points at u tell cosines apart: twice that of Nyquist if uneven."""
    steps = np.diff(np.unique(u))
    if not len(steps):
        return 1.0
    return float((0.5 if _even(steps) else 1.0) / np.median(steps))


def _even(steps: Floats) -> bool:
    return bool(np.ptp(steps) <= 1e-3 * np.median(steps))


def _frequencies(u: Floats, span: Range | None) -> Floats:
    low, high = span or (0.25, highest_frequency(u))
    number = int(np.clip(FINER * (high - low) + 1, 3, MOST_FREQUENCIES))
    return np.linspace(low, high, number)


def _waves(frequencies: Floats, rate: float, u: Floats, width: bool = False) -> Floats:
    e = np.exp(-((rate * u) ** 2) if width else -rate * u)
    angle = TAU * frequencies[:, None] * u
    return np.stack([np.ones_like(angle), e * np.cos(angle), e * np.sin(angle)], axis=2)


def _grid(u: Floats, span: Range | None, damped: str) -> Grid:
    frequencies = _frequencies(u, span)
    rates = RATES if damped else (0.0,)
    columns = np.concatenate([_waves(frequencies, r, u, damped == "gaussian") for r in rates])
    tried = np.array([(f, r) for r in rates for f in frequencies])
    # Close to the edges cosine or sine vanish at all points: nothing there can be solved for.
    fine = np.linalg.norm(columns[:, :, 1:] - columns[:, :, 1:].mean(axis=1, keepdims=True), axis=1).min(axis=1) > 1e-2
    fine |= not fine.any()
    return Grid(tried[fine] if damped else tried[fine][:, :1], columns[fine], tried[fine], np.array([0.9, 1.5]))


def _bounds(u: Floats, span: Range | None) -> tuple[list[float], list[float]]:
    low, high = span or (0.05, 1.02 * highest_frequency(u[0]))
    return [-FREE, -FREE, -FREE, -FREE, low, 0.0, 0.0, -TAU], [FREE, FREE, FREE, FREE, high, 100.0, 100.0, TAU]


def wave(a: Floats, b: Floats, frequency: Floats, frame: Frame) -> list[Floats]:
    """Return amplitude, frequency and phase at x = 0 of ``a cos + b sin``."""
    phase = np.arctan2(-b, a) - TAU * frequency * frame.x0 / frame.dx
    middle = np.round(np.median(phase.reshape(-1, phase.shape[-1]), axis=0) / TAU)
    phase = phase - TAU * middle
    # All that is compared with each other (derivatives) must lie on one branch.
    phase = phase - TAU * np.round((phase - np.median(phase.reshape(-1, phase.shape[-1]), axis=0)) / TAU)
    return [frame.dy * np.hypot(a, b), frequency / frame.dx, phase]


def _physical(theta: Floats, frame: Frame) -> list[Floats]:
    offset, slope, a, b, frequency, rate, width = (theta[..., k] for k in range(7))
    level = frame.y0 + frame.dy * (offset - slope * frame.x0 / frame.dx)
    with np.errstate(divide="ignore"):
        tau = frame.dx / (rate + width)
    return [*wave(a, b, frequency, frame), level, tau, frame.dy / frame.dx * slope]


def _judge(
    values: Mapping[str, float], errors: Mapping[str, float], x: Floats, span: Range | None, tau_needed: bool
) -> str:
    f, steps = values["frequency"], np.diff(np.unique(x))
    length = x[-1] - x[0]
    if f * length < FEWEST_PERIODS:
        return f"less than half a period lies in the scan ({f * length:.2f})"
    if _even(steps):
        rate = 1 / np.median(steps)
        aliases = [abs(k * rate + sign * f) for k in range(3) for sign in (1, -1)]
        inside = [a for a in aliases if span and span[0] <= a <= span[1] and abs(a - f) > 1e-6 * rate]
        if inside:
            return f"ambiguous: points this far apart cannot tell {f:.6g} from its alias {inside[0]:.6g}"
        if span is None and f > NYQUIST * rate / 2:
            return f"ambiguous: {rate / f:.2f} points in a period cannot tell the frequency from its aliases"
    if tau_needed and not (values["tau"] < 5 * length and errors["tau"] < 0.5 * values["tau"]):
        text = f"(tau {values['tau']:.3g}, scan {length:.3g})"
        return f"the scan is too short: the oscillation hardly decays within it {text}"
    return ""


WAVE = ("amplitude", "frequency", "phase", "offset")
INNER = ("offset", "slope", "amplitude", "amplitude", "frequency", "tau", "tau", "phase")


def recipe(
    *, damped: str = "", slope: bool = False, span: Range | None = None, physical_span: Range | None = None,
    tau_needed: bool = True,
) -> Recipe:  # fmt: skip
    """Return how an oscillation is fitted.

    Parameters
    ----------
    damped : "", "exponential" or "gaussian"
    slope : whether the offset may drift
    span : lowest and highest frequency in units of the span of x; both the same where the frequency is known
    physical_span : the same in units of 1 / x
    tau_needed : whether a decay that cannot be told is a failure
    """
    held = {7: 0.0}
    held |= {} if slope else {1: 0.0}
    held |= {} if damped == "exponential" else {5: 0.0}
    held |= {} if damped == "gaussian" else {6: 0.0}
    known = span is not None and span[0] == span[1]
    if known and span is not None:
        held |= {4: span[0]}
    names = (*WAVE, *(("tau",) if damped else ()), *(("slope",) if slope else ()))
    every = (*WAVE, "tau", "slope")
    kept = [every.index(name) for name in names]
    rate = {"": (), "exponential": (5,), "gaussian": (6,)}[damped]
    return Recipe(
        {"": "cosine", "exponential": "damped cosine", "gaussian": "cosine in a Gaussian envelope"}[damped], names, 3,
        lambda u: _grid(u, span, damped), (4, *rate), (0, 2, 3), lambda u: _bounds(u, span),
        lambda theta, frame: [_physical(theta, frame)[k] for k in kept], INNER, held, "start" if damped else "zero",
        least=len(names) + (1 if not known else 0), trials=(lambda n: 1.0) if known else (lambda n: 0.6 * n),
        essential=("amplitude",) if known else ("frequency",), n_starts=4 if damped else 3,
        judge=(lambda v, e, x: "") if known else (
            lambda v, e, x: _judge(v, e, x, physical_span, bool(damped) and tau_needed)
        ),
    )  # fmt: skip


def fit_cosine(
    x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *,
    frequency_range: Range | None = None, frequency: float | None = None, slope: bool = False,
) -> list[Fit]:  # fmt: skip
    """Fit ``offset + amplitude cos(2 pi frequency x + phase)``, amplitude positive, phase in (-pi, pi].

    Parameters
    ----------
    frequency_range : where the frequency is looked for, 1 / unit of x; None: from a quarter period in the scan to
        Nyquist
    frequency : when it is known
    slope : whether the offset may drift linearly
    """
    return _by_span(x, y, sigma, frequency_range if frequency is None else (frequency, frequency), slope=slope)


def fit_damped_cosine(
    x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, envelope: str = "exponential",
    frequency_range: Range | None = None, frequency: float | None = None, slope: bool = False, tau_needed: bool = True,
) -> list[Fit]:  # fmt: skip
    """Fit ``offset + amplitude E(x) cos(2 pi frequency x + phase)``, E being exp(-x / tau) or exp(-(x / tau)^2).

    The envelope is 1 at x = 0, or at the first point when x = 0 lies outside the scan by more than its length.

    Parameters
    ----------
    envelope : "exponential" or "gaussian"
    frequency_range, frequency, slope : as for `fit_cosine`
    tau_needed : whether an oscillation that does not decay within the scan is a failed fit
    """
    span = frequency_range if frequency is None else (frequency, frequency)
    return _by_span(x, y, sigma, span, damped=envelope, slope=slope, tau_needed=tau_needed)


def _by_span(
    x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None, span: Range | None, *, damped: str = "", slope: bool = False,
    tau_needed: bool = True,
) -> list[Fit]:  # fmt: skip
    """Fit waves whose frequency is known to lie in ``span``, or about which nothing is known."""
    if span is None:
        return fitted(recipe(damped=damped, slope=slope, tau_needed=tau_needed), x, y, sigma)

    def make(length: float) -> Recipe:
        scaled = (span[0] * length, span[1] * length)
        return recipe(damped=damped, slope=slope, span=scaled, physical_span=span, tau_needed=tau_needed)

    return by_length(make, x, y, sigma)


def by_length(
    make: Callable[[float], Recipe], x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None
) -> list[Fit]:  # fmt: skip
    """Fit sets together whose axes are equally long: numbers in units of x mean the same for them.

    Parameters
    ----------
    make : returns the recipe for axes of that length
    """
    values = np.atleast_2d(np.asarray(y, float))
    axes = np.broadcast_to(np.asarray(x, float), values.shape)
    errors = None if sigma is None else np.broadcast_to(np.asarray(sigma, float), values.shape)
    lengths = np.array([np.ptp(axis[np.isfinite(axis)]) if np.isfinite(axis).any() else 1.0 for axis in axes])
    answers: dict[int, Fit] = {}
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        fits = fitted(make(float(length)), axes[rows], values[rows], None if errors is None else errors[rows])
        answers |= dict(zip(rows.tolist(), fits, strict=True))
    return [answers[row] for row in range(len(values))]
