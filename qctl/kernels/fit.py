"""Fit many sets of points at once: bounded Levenberg-Marquardt, all sets of one model together.

Each curve takes x of shape (n_sets, n_points) and parameters of shape (n_sets, 1), and returns its value and the
derivative by each parameter. Parameters are chosen so that least squares is well behaved: rates instead of times,
quadratures instead of amplitude and phase. Whoever calls brings x and y to order 1 first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

CONVERGED, TIRED, SINGULAR, NOT_FINITE = 0, 1, 2, 3
MOST_ROUNDS = 200
Floats = NDArray[np.float64]
Curve = Callable[[Floats, Sequence[Floats]], tuple[Floats, list[Floats]]]
LN2 = 0.6931471805599453
TAU = 6.283185307179586


def polynomial(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``p0 + p1 x + p2 x^2``."""
    return p[0] + x * (p[1] + x * p[2]), [np.ones_like(x), x, x * x]


def decay(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + amplitude exp(-(rate x)^power)``; 0 before x = 0."""
    offset, amplitude, rate, power = p
    inner = np.maximum(rate * x, 1e-300)
    log = np.log(inner)
    raised = np.exp(np.minimum(power * log, 600.0))
    e = np.exp(-raised)
    slope = -amplitude * e * raised
    return offset + amplitude * e, [np.ones_like(x), e, slope * power / np.maximum(rate, 1e-300), slope * log]


def exponentials(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + sum_k amplitude_k exp(-rate_k x)``, three of them."""
    value, parts = p[0] + 0 * x, [np.ones_like(x)]
    for k in (1, 3, 5):
        e = np.exp(np.minimum(-p[k + 1] * x, 600.0))
        value = value + p[k] * e
        parts += [e, -x * p[k] * e]
    return value, parts


def oscillation(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + slope x + exp(-rate x - (width x)^2) (a cos + b sin)(2 pi frequency x + phase)``."""
    offset, slope, a, b, frequency, rate, width, phase = p
    envelope = np.exp(np.minimum(-rate * x - (width * x) ** 2, 600.0))
    angle = TAU * frequency * x + phase
    c, s = envelope * np.cos(angle), envelope * np.sin(angle)
    wave, turned = a * c + b * s, b * c - a * s
    parts = [np.ones_like(x), x, c, s, TAU * x * turned, -x * wave, -2 * width * x * x * wave, turned]
    return offset + slope * x + wave, parts


def beating(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """Two oscillations in one envelope: offset, slope, rate, width, then a, b, frequency of each."""
    offset, slope, rate, width = p[:4]
    envelope = np.exp(np.minimum(-rate * x - (width * x) ** 2, 600.0))
    wave, tail = np.zeros_like(x), []
    for k in (4, 7):
        angle = TAU * p[k + 2] * x
        c, s = envelope * np.cos(angle), envelope * np.sin(angle)
        wave = wave + p[k] * c + p[k + 1] * s
        tail += [c, s, TAU * x * (p[k + 1] * c - p[k] * s)]
    return offset + slope * x + wave, [np.ones_like(x), x, -x * wave, -2 * width * x * x * wave, *tail]


def lorentzian(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + slope x + height / (1 + z^2)``, z = 2 (x - centre) / fwhm."""
    offset, slope, height, centre, fwhm = p
    z = 2 * (x - centre) / fwhm
    shape = 1 / (1 + z * z)
    turn = 4 * height * z * shape * shape / fwhm
    return offset + slope * x + height * shape, [np.ones_like(x), x, shape, turn, turn * z / 2]


def gaussian(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + slope x + height 2^(-z^2)``, z = 2 (x - centre) / fwhm."""
    offset, slope, height, centre, fwhm = p
    z = 2 * (x - centre) / fwhm
    shape = np.exp(-LN2 * z * z)
    turn = 4 * LN2 * height * z * shape / fwhm
    return offset + slope * x + height * shape, [np.ones_like(x), x, shape, turn, turn * z / 2]


def rabi_line(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + slope x + height (f / F)^2 sin^2(pi duration F)``, F^2 = f^2 + (x - centre)^2."""
    offset, slope, height, centre, rabi, duration = p
    d = x - centre
    square = rabi * rabi + d * d + 1e-300
    total = np.sqrt(square)
    angle = np.pi * duration * total
    s2, both = np.sin(angle) ** 2, np.sin(2 * angle)
    share = rabi * rabi / square
    by_total = height * share * (np.pi * duration * both - 2 * s2 / total)
    by_rabi = by_total * rabi / total + 2 * height * rabi / square * s2
    parts = [np.ones_like(x), x, share * s2, -by_total * d / total, by_rabi, height * share * np.pi * total * both]
    return offset + slope * x + height * share * s2, parts


def resonance(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``exp(-2 pi i delay x) (1 + slope x) (a - b / (1 + 2 i (x - centre) / kappa))``; real, then imaginary parts.

    The second half of x repeats the first. Parameters: centre, kappa, Re a, Im a, Re b, Im b, slope, delay.
    """
    half = x.shape[1] // 2
    x = x[:, :half]
    centre, kappa, slope, delay = p[0], p[1], p[6], p[7]
    a, b = p[2] + 1j * p[3], p[4] + 1j * p[5]
    turn = np.exp(-1j * TAU * delay * x)
    line = 1 / (1 + 2j * (x - centre) / kappa)
    chain = turn * (1 + slope * x)
    value = chain * (a - b * line)
    by_centre = chain * -b * line * line * 2j / kappa
    by_kappa = by_centre * (x - centre) / kappa
    parts = [by_centre, by_kappa, chain, 1j * chain, -chain * line, -1j * chain * line]
    parts += [turn * x * (a - b * line), -1j * TAU * x * value]
    return _stack(value), [_stack(part + 0 * value) for part in parts]


def _stack(z: NDArray[np.complex128]) -> Floats:
    return np.concatenate([z.real, z.imag], axis=1)


def hyperbola(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + sqrt(gap^2 + (steepness (x - centre))^2)``."""
    offset, gap, steepness, centre = p
    d = x - centre
    root = np.sqrt(gap * gap + (steepness * d) ** 2) + 1e-300
    return offset + root, [np.ones_like(x), gap / root, steepness * d * d / root, -steepness * steepness * d / root]


def arc(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """Frequency of a flux-tunable transmon (Koch, PRA 76, 042319): highest, charging, asymmetry, centre, period."""
    highest, charging, asymmetry, centre, period = p
    angle = np.pi * (x - centre) / period
    c, s = np.cos(angle), np.sin(angle)
    inner = c * c + asymmetry * asymmetry * s * s + 1e-300
    root = inner**0.25
    steep = (highest + charging) * root / (4 * inner)
    by_angle = steep * 2 * s * c * (asymmetry * asymmetry - 1)
    parts = [root, root - 1, steep * 2 * asymmetry * s * s, -by_angle * np.pi / period, -by_angle * angle / period]
    return (highest + charging) * root - charging, parts


def resonator_arc(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``bare + coupling^2 / (bare - qubit(x))``: bare, coupling, then the five parameters of ``arc``."""
    bare, coupling = p[0], p[1]
    qubit, inner = arc(x, p[2:])
    gap = bare - qubit
    gap = np.where(np.abs(gap) < 1e-12, 1e-12, gap)
    push = coupling / gap
    by_qubit = push * push
    return bare + coupling * push, [1 - by_qubit, 2 * push, *(by_qubit * part for part in inner)]


def edge(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset``, and from ``start`` on ``offset + height (1 - exp(-rate (x - start)))``."""
    offset, height, start, rate = p
    after = np.maximum(x - start, 0)
    e = np.exp(-np.minimum(rate * after, 600.0))
    on = x > start
    return offset + height * (1 - e), [np.ones_like(x), 1 - e, np.where(on, -height * rate * e, 0), height * after * e]


def sigmoid(x: Floats, p: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """``offset + slope x + height / (1 + exp(-(x - centre) / width))``."""
    offset, slope, height, centre, width = p
    z = (x - centre) / width
    shape = 1 / (1 + np.exp(-np.clip(z, -600, 600)))
    steep = height * shape * (1 - shape) / width
    return offset + slope * x + height * shape, [np.ones_like(x), x, shape, -steep, -steep * z]


MODELS: tuple[tuple[Curve, int], ...] = (
    (polynomial, 3), (decay, 4), (exponentials, 7), (oscillation, 8), (beating, 10), (lorentzian, 5), (gaussian, 5),
    (rabi_line, 6), (resonance, 8), (hyperbola, 4), (arc, 5), (resonator_arc, 7), (edge, 4), (sigmoid, 5),
)  # fmt: skip
"""Curve and number of parameters, by the kernel's model number."""


def evaluate(model: int, x: Floats, p: Floats, out: Floats) -> None:
    """Fill ``out`` (n_sets, n_points) with the curve of number ``model`` at x for parameters p (n_sets, n_par)."""
    _check(model, x, p, out.shape == x.shape)
    with np.errstate(all="ignore"):
        out[:] = MODELS[model][0](x, [p[:, k, None] for k in range(p.shape[1])])[0]


def fit(
    model: int, x: Floats, y: Floats, sigma: Floats, start: Floats, low: Floats, high: Floats,
    out_par: Floats, out_cov: Floats, out_chi2: Floats, out_flag: NDArray[np.int32],
) -> None:  # fmt: skip
    """Fit each row of y over x; a point of infinite sigma does not count, a parameter with low = high is held.

    Parameters
    ----------
    model : number in ``MODELS``
    x, y, sigma : shape (n_sets, n_points); y in units in which it is of order 1, sigma positive
    start, low, high : shape (n_sets, n_par)
    out_par : shape (n_sets, n_par); the best parameters found, within bounds
    out_cov : shape (n_sets, n_par, n_par); inverse of the normal matrix at the end, zero rows where held; NaN where
        singular
    out_chi2 : shape (n_sets,); sum of squares of residuals over sigma
    out_flag : shape (n_sets,); 0 converged, 1 still moving after 200 rounds, 2 parameters that the points do not
        determine,
        3 data, start or curve not finite

    Raises
    ------
    ValueError
        When the model is not known, the shapes do not fit each other, or a lower bound lies above its upper one.
    """
    n_sets, n_par = start.shape
    shapes = (
        x.shape == y.shape == sigma.shape
        and start.shape == low.shape == high.shape == out_par.shape
        and out_cov.shape == (n_sets, n_par, n_par)
        and out_chi2.shape == out_flag.shape == (n_sets,)
    )
    _check(model, x, start, shapes)
    if not np.all(low <= high):
        raise ValueError("a lower bound lies above its upper bound")
    for first in range(0, n_sets, 1024):
        rows = slice(first, first + 1024)
        _fit_block(
            model, x[rows], y[rows], sigma[rows], start[rows], low[rows], high[rows],
            out_par[rows], out_cov[rows], out_chi2[rows], out_flag[rows],
        )  # fmt: skip


def _check(model: int, x: Floats, p: Floats, shapes: bool) -> None:
    if not 0 <= model < len(MODELS):
        raise ValueError(f"no model {model}")
    curve, n_par = MODELS[model]
    halves = curve is not resonance or x.shape[1] % 2 == 0
    if not shapes or not halves or len(p) != len(x) or p.shape[1] != n_par:
        raise ValueError("data, parameters and outputs do not fit each other")


def _normal(model: int, x: Floats, y: Floats, w: Floats, p: Floats) -> tuple[Floats, Floats, Floats]:
    """Return chi^2, its half gradient and the normal matrix of each set."""
    value, parts = MODELS[model][0](x, [p[:, k, None] for k in range(p.shape[1])])
    used = w > 0
    residual = np.where(used, (value - y) * w, 0.0)
    slopes = np.stack([np.where(used, part * w, 0.0) for part in parts], axis=2)
    return np.sum(residual**2, axis=1), np.einsum("snk,sn->sk", slopes, residual), slopes.transpose(0, 2, 1) @ slopes


def _chi2(model: int, x: Floats, y: Floats, w: Floats, p: Floats) -> Floats:
    value = MODELS[model][0](x, [p[:, k, None] for k in range(p.shape[1])])[0]
    return np.asarray(np.sum(np.where(w > 0, (value - y) * w, 0.0) ** 2, axis=1))


def _fit_block(
    model: int, x: Floats, y: Floats, sigma: Floats, start: Floats, low: Floats, high: Floats,
    out_par: Floats, out_cov: Floats, out_chi2: Floats, out_flag: NDArray[np.int32],
) -> None:  # fmt: skip
    with np.errstate(all="ignore"):
        w = 1 / sigma
        p = np.clip(start, low, high)
        chi2, gradient, normal = _normal(model, x, y, w, p)
        bad = ~np.isfinite(chi2) | ~np.isfinite(normal).all(axis=(1, 2)) | ~(w >= 0).all(axis=1)
        flag = np.where(bad, NOT_FINITE, TIRED).astype(np.int32)
        damping = np.full(len(p), 1e-3)
        active = np.flatnonzero(~bad)
        for _ in range(MOST_ROUNDS):
            if not active.size:
                break
            held = low[active] >= high[active]
            held |= (p[active] <= low[active]) & (gradient[active] > 0)
            held |= (p[active] >= high[active]) & (gradient[active] < 0)
            step = _step(normal[active], gradient[active], damping[active], ~held)
            trial = np.clip(p[active] + step, low[active], high[active])
            moved = trial - p[active]
            new = _chi2(model, x[active], y[active], w[active], trial)
            old = chi2[active]
            better = new < old
            small = np.all(np.abs(moved) <= 1e-9 * (np.abs(p[active]) + 1e-6), axis=1)
            done = (better & (old - new <= 1e-9 * old + 1e-300)) | small | (damping[active] > 1e12)
            rows = active[better]
            p[rows] = trial[better]
            if rows.size:
                chi2[rows], gradient[rows], normal[rows] = _normal(model, x[rows], y[rows], w[rows], p[rows])
            damping[active] = np.where(better, np.maximum(damping[active] / 10, 1e-12), damping[active] * 7)
            flag[active[done]] = CONVERGED
            active = active[~done]
        out_par[:], out_chi2[:] = p, chi2
        out_cov[:], singular = _inverse(normal, low < high)
        out_flag[:] = np.where((flag != NOT_FINITE) & singular, SINGULAR, flag)
        out_cov[out_flag == NOT_FINITE] = np.nan


def _step(normal: Floats, gradient: Floats, damping: Floats, free: NDArray[np.bool_]) -> Floats:
    k = np.arange(normal.shape[1])
    scale = np.where(free & (normal[:, k, k] > 0), 1 / np.sqrt(normal[:, k, k]), 0.0)
    matrix = normal * scale[:, :, None] * scale[:, None, :]
    matrix[:, k, k] = 1 + damping[:, None]
    return np.asarray(-scale * np.linalg.solve(matrix, (gradient * scale)[:, :, None])[:, :, 0])


def _inverse(normal: Floats, free: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the covariance of what is free, and which sets do not determine it."""
    k = np.arange(normal.shape[1])
    diagonal = normal[:, k, k]
    unknown = free & ~(diagonal > 0)
    scale = np.where(free & (diagonal > 0), 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1)), 0.0)
    matrix = normal * scale[:, :, None] * scale[:, None, :]
    matrix[:, k, k] = 1.0
    matrix = np.where(np.isfinite(matrix), matrix, np.eye(len(k)))
    smallest = np.linalg.eigvalsh(matrix)[:, 0]
    singular = unknown.any(axis=1) | (smallest < 1e-13)
    matrix[singular] = np.eye(len(k))
    found = np.asarray(np.linalg.inv(matrix) * scale[:, :, None] * scale[:, None, :], float)
    found[singular] = np.nan
    return found, singular
