"""Resonators: the circle that a notch or a transmission line draws in the complex plane, with its cable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qctl.core.errors import UsageError

from .fit import Fit
from .recipe import FREE, Frame, Recipe
from .scan import Grid
from .verdict import fitted

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
TAU = 2 * np.pi
MOST_CENTRES = 300
MOST_DELAYS = 400
SURELY_TILTED = 25.0  # chi^2 that a slope of the line must save to be believed


def _grid(u: Floats) -> Grid:
    half = len(u) // 2
    u = u[:half]
    step = max(float(np.median(np.diff(u))), 1e-4)
    widths = np.geomspace(1.5 * step, 0.7, 7)
    places = [np.linspace(u[0], u[-1], int(np.clip(3 / w, 5, MOST_CENTRES))) for w in widths]
    tried = np.array([(c, w) for w, centres in zip(widths, places, strict=True) for c in centres])
    line = 1 / (1 + 2j * (u - tried[:, :1]) / tried[:, 1:])
    one, none = np.ones_like(line.real), np.zeros_like(line.real)
    columns = [(one, none), (none, one), (-line.real, -line.imag), (line.imag, -line.real)]
    stacked = np.stack([np.concatenate(column, axis=1) for column in columns], axis=2)
    place = np.stack([tried[:, 0], np.log(tried[:, 1])], axis=1)
    return Grid(tried, stacked, place, np.array([max(0.05, 3 * step), 1.0]))


def _bounds(u: Floats) -> tuple[list[float], list[float]]:
    half = u.shape[1] // 2
    step = float(np.median(np.diff(u[0, :half])))
    low = [float(u.min()), 0.3 * step, *[-FREE] * 4, -5.0, -3.0]
    return low, [float(u.max()), 3.0, *[FREE] * 4, 5.0, 3.0]


def _parts(theta: Floats, frame: Frame) -> tuple[Floats, Floats, Complexes, Complexes, Floats, Floats]:
    frequency, kappa = frame.x0 + frame.dx * theta[..., 0], frame.dx * theta[..., 1]
    a, b = (np.asarray(frame.dy * (theta[..., k] + 1j * theta[..., k + 1]), complex) for k in (2, 4))
    return frequency, kappa, a, b, theta[..., 6] / frame.dx, theta[..., 7] / frame.dx


def _notch(theta: Floats, frame: Frame) -> list[Floats]:
    frequency, kappa, a, b, slope, delay = _parts(theta, frame)
    ql, depth = frequency / kappa, b / a
    inner = 1 / (1 / ql - depth.real / ql)
    here = slope * (frequency - frame.x0)
    phase = np.angle(a) - TAU * delay * (frequency - frame.x0)
    return [
        frequency, kappa, ql, ql / np.abs(depth), inner, np.angle(depth), np.abs(a) * (1 + here), phase, delay,
        slope / (1 + here),
    ]  # fmt: skip


def _transmission(theta: Floats, frame: Frame) -> list[Floats]:
    frequency, kappa, a, b, slope, delay = _parts(theta, frame)
    here = slope * (frequency - frame.x0)
    phase = np.angle(-b) - TAU * delay * (frequency - frame.x0)
    return [
        frequency, kappa, frequency / kappa, np.abs(b) * (1 + here), phase, delay, np.abs(a) * (1 + here),
        slope / (1 + here),
    ]  # fmt: skip


def _judge(values: Mapping[str, float], errors: Mapping[str, float], x: Floats) -> str:
    step, span = np.median(np.diff(x)), x[-1] - x[0]
    frequency, kappa = values["frequency"], values["kappa"]
    if min(frequency - x[0], x[-1] - frequency) < max(0.25 * kappa, 0.01 * span):
        return f"the resonance lies at the edge of the scan ({frequency:.9g})"
    if kappa < 0.8 * step:
        return f"the resonance is narrower than the distance of the points ({kappa:.3g} of {step:.3g})"
    if kappa > 0.9 * span:
        return f"the resonance is as wide as the scan ({kappa:.3g} of {span:.3g})"
    return ""


NOTCH_NAMES = ("frequency", "kappa", "ql", "qc", "qi", "theta", "amplitude", "phase", "delay")
PASS_NAMES = ("frequency", "kappa", "ql", "amplitude", "phase", "delay", "leakage")
INNER = ("frequency", "kappa", "amplitude", "amplitude", "coupling", "coupling", "slope", "delay")


def _recipe(kind: str, slope: bool) -> Recipe:
    notch = kind == "notch"
    physical = _notch if notch else _transmission
    names = (*(NOTCH_NAMES if notch else PASS_NAMES), *(("slope",) if slope else ()))
    return Recipe(
        f"resonator, {kind}", names, 8, _grid, (0, 1), (2, 3, 4, 5), _bounds,
        lambda theta, frame: physical(theta, frame)[: len(names)], INNER, {} if slope else {6: 0.0}, "middle", least=8,
        null="line" if notch else "constant", trials=lambda n: 4.0 * n, essential=("kappa",), judge=_judge, coarse=True,
    )  # fmt: skip


RECIPES = {(kind, slope): _recipe(kind, slope) for kind in ("notch", "transmission") for slope in (False, True)}
TURNED = ("theta", "phase", "delay")


def fit_resonator(
    x: ArrayLike, z: ArrayLike, sigma: ArrayLike | None = None, *, kind: str = "notch", slope: bool | None = None
) -> list[Fit]:
    """Fit a resonator's response with the cable that leads to it, whatever the sign of its phases.

    A notch (hanger) is ``A (1 + slope (x - frequency)) exp(-2 pi i delay x) (1 - (ql / qc) exp(i theta) / (1 + 2 i ql
    (x - frequency) / frequency))``: the diameter-correction model of Khalil (J. Appl. Phys. 111, 054510), 1 / qi = 1 /
    ql - cos(theta) / qc. A transmission line is ``A exp(-2 pi i delay x) / (1 + 2 i (x - frequency) / kappa)`` and a
    complex leakage.

    Parameters
    ----------
    x : frequency in Hz, shape (n_points,) or (n_sets, n_points)
    z : complex response in any unit, shape (n_points,) or (n_sets, n_points)
    sigma : standard deviation of real and imaginary part
    kind : "notch" or "transmission"
    slope : whether the amplitude of the line changes over the scan. None: the values are those without, as most
        published ones are; where a slope explains the points better, the difference it makes is part of the errors

    Returns
    -------
    list of Fit
        ``kappa`` is the full width frequency / ql in Hz, ``phase`` the one at the resonance without the resonator,
        ``delay`` in s. Where the phase of the data runs the other way (conjugated signals), ``theta``, ``phase`` and
        ``delay`` are those of the data.
    """
    values = np.atleast_2d(np.asarray(z, complex))
    try:
        axes = np.broadcast_to(np.asarray(x, float), values.shape)
        errors = None if sigma is None else np.broadcast_to(np.asarray(sigma, float), values.shape)
    except ValueError as reason:
        raise UsageError(f"x of shape {np.shape(x)}, z of {np.shape(z)}", allowed="x that spreads to z") from reason
    if not values.size:
        return fitted(RECIPES[kind, bool(slope)], axes, values, sigma, complex)
    found = _either_way(axes, values, errors, RECIPES[kind, bool(slope)])
    if slope is not None:
        return found
    tilted = _either_way(axes, values, errors, RECIPES[kind, True])
    return [_with_doubt(level, other) for level, other in zip(found, tilted, strict=True)]


def _with_doubt(level: Fit, tilted: Fit) -> Fit:
    """Return the fit over a level line; where a tilted one fits better, what it changes is part of the errors."""
    n, more = 2 * len(level.x), len(tilted.values)
    with np.errstate(all="ignore"):
        gain = _leaves(level) / _leaves(tilted)
    if not np.isfinite(tilted.values).all() or not gain > 1 + SURELY_TILTED / max(n - more, 1):
        return level
    shift = tilted.values[: len(level.values)] - level.values
    at = level.names.index("phase")
    shift[at] = (shift[at] + np.pi) % TAU - np.pi
    return replace(level, covariance=level.covariance + np.outer(shift, shift), ok=tilted.ok, reason=tilted.reason)


def _either_way(x: Floats, z: Complexes, sigma: Floats | None, recipe: Recipe) -> list[Fit]:
    """Return for each set the better of two fits: as measured, and as if the phase ran the other way."""
    one = _fit_turned(x, z, sigma, recipe)
    other = [_mirrored(fit) for fit in _fit_turned(x, z.conj(), sigma, recipe)]
    return [a if _leaves(a) <= _leaves(b) else b for a, b in zip(one, other, strict=True)]


def _leaves(fit: Fit) -> float:
    """Return what the curve leaves of the points, far ones counted as if they lay at ten times the usual distance."""
    rest = np.abs(fit.y - fit.curve)
    rest = rest[np.isfinite(rest)]
    return float(np.sum(np.minimum(rest, 10 * np.median(rest)) ** 2)) if rest.size else np.inf


def _mirrored(fit: Fit) -> Fit:
    sign = np.array([-1.0 if name in TURNED else 1.0 for name in fit.names])
    return replace(
        fit, values=fit.values * sign, covariance=fit.covariance * np.outer(sign, sign), y=fit.y.conj(),
        curve=fit.curve.conj(),
    )  # fmt: skip


def _fit_turned(x: Floats, z: Complexes, sigma: Floats | None, recipe: Recipe) -> list[Fit]:
    """Fit after the cable's turns were taken out roughly, and put them back."""
    good = np.isfinite(x) & np.isfinite(z)
    middle = np.array([(row[g].min() + row[g].max()) / 2 if g.any() else 0.0 for row, g in zip(x, good, strict=True)])
    span = np.array([np.ptp(row[g]) if g.sum() > 1 else 1.0 for row, g in zip(x, good, strict=True)])
    span = np.where(span > 0, span, 1.0)
    u = np.where(good, x - middle[:, None], 0.0) / span[:, None]
    turns = np.array([_turns(*row) for row in zip(u, np.where(good, z, 0.0), strict=True)])
    cable = np.exp(1j * TAU * turns[:, None] * u)
    with np.errstate(invalid="ignore"):
        fits = fitted(recipe, x, z * cable, sigma, complex)
    return [
        _unturned(fit, turn / length, centre)
        for fit, turn, length, centre in zip(fits, turns, span, middle, strict=True)
    ]


def _turns(u: Floats, z: Complexes) -> float:
    """Return how often the cable turns the phase over the scan: the strongest tone of z over u."""
    usual = 2 * np.median(np.abs(z)) + 1e-300
    z = z / np.maximum(np.abs(z) / usual, 1.0)  # a wild point turns no cable
    edge = min(len(u) / 2, MOST_DELAYS / 4)
    tried = np.arange(-edge, edge, 0.5)
    tone = np.exp(1j * TAU * 0.5 * u)  # from each delay to the next
    turned, sums = z * np.exp(-1j * TAU * edge * u), np.empty(len(tried), complex)
    for k in range(len(tried)):
        sums[k] = turned.sum()
        turned = turned * tone
    power = np.abs(sums) ** 2
    k = int(power.argmax())
    if not 0 < k < len(tried) - 1:
        return float(tried[k])
    left, here, right = power[k - 1 : k + 2]
    bend = left - 2 * here + right
    return float(tried[k] + (0.25 * (left - right) / bend if bend else 0.0))


def _unturned(fit: Fit, delay: float, centre: float) -> Fit:
    """Put a cable of ``delay`` back into a fit that was made without it; the phase is that at the resonance."""
    if not np.isfinite(fit.values).all():
        return fit
    at = {name: k for k, name in enumerate(fit.names)}
    values, covariance = fit.values.copy(), fit.covariance.copy()
    values[at["delay"]] += delay
    angle = values[at["phase"]] - TAU * delay * (values[at["frequency"]] - centre)
    values[at["phase"]] = (angle + np.pi) % TAU - np.pi
    change = np.eye(len(values))
    change[at["phase"], at["frequency"]] = -TAU * delay
    turn = np.exp(-1j * TAU * delay * (fit.x - centre))
    return replace(
        fit, values=values, covariance=change @ covariance @ change.T, y=fit.y * turn, curve=fit.curve * turn
    )
