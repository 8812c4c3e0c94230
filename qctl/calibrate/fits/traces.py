"""One entry for data of any laboratory: say what was measured, hand over the points, get a `Fit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qctl.core.errors import UsageError

from .conditional import fit_conditional
from .decay import EXPONENTIAL, fit_decay, fit_rb
from .fit import Fit
from .oscillation import fit_damped_cosine, recipe
from .peak import fit_gaussian, fit_lorentzian
from .points import Points
from .recipe import Held, Recipe
from .resonance import fit_resonator
from .shots import fit_shots
from .signal import as_points, as_signal
from .special import BEATING
from .step import simplest
from .verdict import fitted

Floats = NDArray[np.float64]
Ys = ArrayLike | Sequence[ArrayLike]
SURELY = 10.0  # what a more complex curve must save in BIC


def fit_trace(kind: str, x: ArrayLike, y: Ys, *, calibrated: bool = False) -> Fit:
    """Fit one trace as it came from a laboratory.

    Parameters
    ----------
    kind : one of `KINDS`
    x : axis in any unit, shape (n_points,)
    y : real or complex points, or (I, Q): projected on the axis along which they move. "shots": complex points or (I,
        Q), x being
        the state that was prepared. "conditional": (off, on), the signal with the control qubit in 0 and in 1
    calibrated : whether the last two points are the states 0 and 1. The signal is then a population, and its levels
        are known;
        what free levels would change is part of the errors

    Returns
    -------
    Fit
        By kind: "t1" and "echo" ``tau``; "ramsey" ``frequency``, ``tau`` and, where two frequencies beat,
        ``frequency2``; "rabi" ``frequency`` and ``pi``, half a period; "resonator" as `fit_resonator`; "spectroscopy"
        ``centre``, ``fwhm``; "shots" as `fit_two_states`; "conditional" ``phase`` (rad) and more; "rb" ``p``.

    Raises
    ------
    UsageError
        When the kind is not known or the shapes do not fit each other; never for what was measured.
    """
    if kind not in KINDS:
        raise UsageError(f"kind {kind!r}", allowed=", ".join(KINDS))
    axis = np.asarray(x, float)
    if kind in WHOLE:
        return WHOLE[kind](axis, y)
    signal = as_signal(y, calibrated)
    axis = axis[:-2] if calibrated else axis
    if axis.shape != signal.shape:
        raise UsageError(f"{axis.size} values of x for {signal.size} points", allowed="as many")
    if not calibrated:
        return SIGNALS[kind](axis, signal)
    free = SIGNALS[kind](axis, signal)
    if kind not in LEVELS:
        return free
    held = min((fitted(how, axis, signal)[0] for how in LEVELS[kind]), key=_rest)
    return _with_doubt(held, free)


def _rest(fit: Fit) -> float:
    return float(np.nansum((fit.y - fit.curve) ** 2)) if np.isfinite(fit.values).all() else np.inf


def _with_doubt(held: Fit, free: Fit) -> Fit:
    """Return the fit with known levels; what free levels would change is part of its errors."""
    if not held.ok:
        return free
    shift = np.zeros(len(held.names))
    for k, name in enumerate(held.names):
        if free.ok and held.covariance[k, k] > 0 and name in free.names:
            shift[k] = free.value(name) - held.value(name)
    return replace(held, covariance=held.covariance + np.outer(shift, shift))


def _t1(x: Floats, y: Floats) -> Fit:
    return fit_decay(x, y)[0]


def _echo(x: Floats, y: Floats) -> Fit:
    """Return the best of decays, and of oscillations, where the last pulse was turned from echo to echo."""
    decays = (fit_decay(x, y)[0], fit_decay(x, y, envelope="gaussian")[0])
    waves = tuple(fit_damped_cosine(x, y, envelope=name)[0] for name in ("exponential", "gaussian"))
    return simplest((*decays, *waves), SURELY)


def _ramsey(x: Floats, y: Floats) -> Fit:
    ladder = [
        fit_damped_cosine(x, y, envelope=name, slope=slope, tau_needed=False)[0]
        for slope in (False, True) for name in ("exponential", "gaussian")
    ]  # fmt: skip
    beats = [_renamed(fitted(BEATING[name], x, y)[0]) for name in ("exponential", "gaussian")]
    return simplest((*ladder, *beats), SURELY)


def _renamed(fit: Fit) -> Fit:
    names = tuple(name.removesuffix("1") for name in fit.names)
    return replace(fit, names=names)


def _rabi(x: Floats, y: Floats) -> Fit:
    """Return the simplest oscillation; one that starts at an extremum, where x = 0 says that nothing was done."""
    ladder = [
        fitted(how, x, y)[0]
        for slope in (False, True) for damped in ("", "exponential", "gaussian")
        for how in ([_from_extremum(damped, slope)] if _starts_at_zero(x, damped) else []) + [recipe(damped=damped,
        slope=slope)]
    ]  # fmt: skip
    return _with_pi(simplest(tuple(ladder), SURELY))


def _starts_at_zero(x: Floats, damped: str) -> bool:
    """Return whether x = 0 is where the phase is known: within the scan or near it, and at its start for decays."""
    low, high = np.nanmin(x, initial=np.inf), np.nanmax(x, initial=-np.inf)
    return bool((0 if damped else low - high) <= low <= high - low)


def _from_extremum(damped: str, slope: bool) -> Recipe:
    """Return how an oscillation is fitted whose phase at x = 0 is 0 or pi."""
    usual = recipe(damped=damped, slope=slope, tau_needed=False)
    return replace(usual, held={**usual.held, 3: 0.0}, least=usual.least - 1)


def _with_pi(fit: Fit) -> Fit:
    """Append what half a period is: the pi pulse."""
    n, k = len(fit.names), fit.names.index("frequency")
    with np.errstate(all="ignore"):
        half = 0.5 / fit.values[k]
    change = np.vstack([np.eye(n), np.zeros(n)])
    change[n, k] = -half / fit.values[k]
    covariance = change @ fit.covariance @ change.T
    return replace(fit, names=(*fit.names, "pi"), values=np.append(fit.values, half), covariance=covariance)


def _spectroscopy(x: Floats, y: Floats) -> Fit:
    return simplest(
        (*fit_lorentzian(x, y), *fit_gaussian(x, y), *fit_lorentzian(x, y, slope=True), *fit_gaussian(x, y,
        slope=True)), SURELY
    )  # fmt: skip


def _resonator(x: Floats, y: Ys) -> Fit:
    points = as_points(y)
    if np.iscomplexobj(points):
        return fit_resonator(x, points)[0]
    return fit_lorentzian(x, points**2, slope=True)[0]  # power: the circle's distance from the origin is no Lorentzian


def _at(population: float) -> Callable[[Points], Floats]:
    return lambda points: np.asarray((population - points.y0) / points.dy)


def _times(population: float) -> Callable[[Points], Floats]:
    return lambda points: np.asarray(population / points.dy)


def _decay_between(start: float, end: float) -> Recipe:
    held: dict[int, Held] = {0: _at(end), 1: _times(start - end), 3: 1.0}
    return replace(EXPONENTIAL, held=held, null="nothing")


def _wave_from(start: float) -> Recipe:
    usual = recipe(damped="exponential")
    held: dict[int, Held] = {**usual.held, 0: _at(0.5), 2: _times(start - 0.5), 3: 0.0}
    return replace(usual, held=held, essential=("frequency", "tau"))


SIGNALS: dict[str, Callable[[Floats, Floats], Fit]] = {
    "t1": _t1, "echo": _echo, "ramsey": _ramsey, "rabi": _rabi, "spectroscopy": _spectroscopy,
    "rb": lambda x, y: fit_rb(x, y)[0],
}  # fmt: skip
WHOLE: dict[str, Callable[[Floats, Ys], Fit]] = {
    "resonator": _resonator, "shots": fit_shots, "conditional": fit_conditional,
}  # fmt: skip
KINDS = (*SIGNALS, *WHOLE)
LEVELS: dict[str, tuple[Recipe, ...]] = {
    "t1": (_decay_between(1.0, 0.0),),
    "echo": (_decay_between(0.0, 0.5), _decay_between(1.0, 0.5)),
    "ramsey": (_wave_from(1.0), _wave_from(0.0)),
}
"""What populations do when gates and readout are perfect, by kind."""
