"""Conditional oscillations: how far a qubit's phase depends on the state of its neighbour, and what leaked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qctl.core.errors import UsageError

from .fit import Fit
from .oscillation import fit_cosine
from .signal import along_principal_axis, unwrapped
from .step import information

Floats = NDArray[np.float64]
TAU = 2 * np.pi
NAMES = (
    "phase", "phase_off", "phase_on", "amplitude_off", "amplitude_on", "offset_off", "offset_on", "offset_difference",
    "frequency",
)  # fmt: skip


def fit_conditional(x: Floats, y: ArrayLike | Sequence[ArrayLike]) -> Fit:
    """Fit two oscillations over the phase of the last pulse, with the control qubit in 0 (off) and in 1 (on).

    Parameters
    ----------
    x : phase in rad or degrees (told by what fits better), or anything in which the oscillations have one common
        period. One
        axis that runs through twice is both halves after each other
    y : (off, on), real or complex; or (I off, Q off, I on, Q on); or one signal over an axis that runs through twice

    Returns
    -------
    Fit
        ``phase``: phase_on - phase_off in rad, from 0 to 2 pi; ``offset_difference``: of the mean levels, on - off, in
        units of the mean amplitude: twice the leakage where leaked shots read as 1. x, y and curve hold both halves
        after each other.
    """
    x, halves = _halves(x, y)
    fits = _both(x, halves)
    off, on = fits
    a, b = off.names.index("phase"), off.names.index("amplitude")
    c = off.names.index("offset")
    phase = (on.values[a] - off.values[a]) % TAU
    mean = (off.values[b] + on.values[b]) / 2
    frequency = off.value("frequency")
    with np.errstate(all="ignore"):
        difference = (on.values[c] - off.values[c]) / mean
        level = (off.covariance[c, c] + on.covariance[c, c]) / mean**2
    values = [
        phase,
        off.values[a],
        on.values[a],
        off.values[b],
        on.values[b],
        off.values[c],
        on.values[c],
        difference,
        frequency,
    ]
    variances = [f.covariance[k, k] for k in (a, b, c) for f in (off, on)]
    covariance = np.diag([variances[0] + variances[1], *variances, level, off.error("frequency") ** 2])
    covariance[0, 1] = covariance[1, 0] = -variances[0]
    covariance[0, 2] = covariance[2, 0] = variances[1]
    reason = "; ".join(f"control {name}: {f.reason}" for name, f in (("off", off), ("on", on)) if f.reason)
    both = {name: np.concatenate([getattr(off, name), getattr(on, name)]) for name in ("x", "y", "sigma", "curve")}
    return Fit(
        "conditional oscillation", NAMES, np.array(values), covariance, max(off.reduced_chi2, on.reduced_chi2),
        min(off.runs_p, on.runs_p), (), min(off.contrast, on.contrast), not reason, reason, both["x"], both["y"],
        both["sigma"],
        both["curve"], off.outliers + on.outliers,
    )  # fmt: skip


def _halves(x: Floats, y: ArrayLike | Sequence[ArrayLike]) -> tuple[Floats, Floats]:
    """Return the axis of one half, and both signals, shape (2, n_points)."""
    values = np.asarray(y)
    if values.ndim == 1:
        turns = np.flatnonzero(np.diff(x) < -0.5 * np.ptp(x)) + 1 if x.size else np.zeros(0, int)
        if len(turns) != 1 or 2 * turns[0] != len(x) or len(x) != len(values):
            raise UsageError("one signal over an axis that does not run through twice", allowed="(off, on)")
        x, values = x[: turns[0]], values.reshape(2, -1)
    if values.shape == (4, len(x)):
        values = np.stack([values[0] + 1j * values[1], values[2] + 1j * values[3]])
    if values.shape != (2, len(x)):
        shapes = f"signals of shape {values.shape} for {len(x)} phases"
        raise UsageError(shapes, allowed="(off, on), or I and Q of each")
    if np.iscomplexobj(values):
        return x, along_principal_axis(values.ravel()).reshape(2, -1)
    return x, np.stack([unwrapped(np.asarray(half, float)) for half in values])


def _length(x: Floats) -> float:
    good = x[np.isfinite(x)]
    return float(np.ptp(good)) if good.size else 0.0


def _both(x: Floats, halves: Floats) -> list[Fit]:
    """Return both fits at the frequency that explains them best: once in 2 pi, in 360 degrees, or whatever it is."""
    tried = [fit_cosine(x, halves, frequency=f) for f in (1 / TAU, 1 / 360) if 0.3 < _length(x) * f < 20]
    free = fit_cosine(x, halves)
    if all(one.ok for one in free):
        weight = [1 / one.error("frequency") ** 2 for one in free]
        common = sum(w * one.value("frequency") for w, one in zip(weight, free, strict=True)) / sum(weight)
        tried.append(fit_cosine(x, halves, frequency=common))
    tried = tried or [free]
    known = sum(map(information, tried[0]))
    best = min(tried, key=lambda fits: sum(map(information, fits)))
    return tried[0] if known <= sum(map(information, best)) + 10 else best
