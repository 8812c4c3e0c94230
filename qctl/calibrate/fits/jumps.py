"""Whether a signal jumps in the middle of a scan: steps that the curve cannot follow with any of its parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.kernels.fit import evaluate

Floats = NDArray[np.float64]
MOST_PLACES = 60
FEWEST = 4  # points on either side of a step
EXPLAINED = {1: 0.45, 2: 0.1}  # share of residuals beyond noise that a step must explain, by the number of parts


def find_jump(
    model: int, u: Floats, rest: Floats, s: Floats, theta: Floats, free: NDArray[np.intp]
) -> tuple[float, float, int]:
    """Return by how many standard deviations the likeliest step stands out, its height, and the point after it.

    The noise is told from differences of neighbours, so that a step cannot hide in it.

    Parameters
    ----------
    model, u, theta : kernel's number of the curve, axis of one set (stacked twice where the curve is complex),
        parameters
    rest, s : residuals and their errors, shape (n_points,); points of infinite error do not count
    free : numbers of the parameters that were fitted
    """
    used = np.isfinite(s)
    halves = 2 if model == 8 else 1
    n = len(u) // halves
    w = np.where(used, 1 / np.where(used, s, 1.0), 0.0)
    scaled = np.where(used, rest, 0.0) * w
    both = used[1:] & used[:-1]
    noise = float(np.median(np.abs(np.diff(scaled))[both])) / 0.954 if both.any() else 0.0  # median of |a - b|
    noise = max(noise, 1e-12)
    q, _ = np.linalg.qr(_slopes(model, u, theta, free) * w[:, None])
    places = np.unique(np.linspace(FEWEST, n - FEWEST, min(MOST_PLACES, max(n - 2 * FEWEST + 1, 1))).astype(int))
    best = (0.0, 0.0, 0)
    for part in range(halves):
        steps = np.zeros((len(u), len(places)))
        inside = slice(part * n, (part + 1) * n)
        steps[inside] = (np.arange(n)[:, None] >= places) * w[inside, None]
        steps -= q @ (q.T @ steps)
        sizes = np.maximum(np.sum(steps**2, axis=0), 1e-12)
        heights = (steps.T @ scaled) / sizes
        stands_out = np.abs(heights) * np.sqrt(sizes) / noise
        k = int(stands_out.argmax())
        best = max(best, (float(stands_out[k]), float(abs(heights[k])), int(places[k])))
    excess = float(np.sum((scaled / noise) ** 2)) - (int(used.sum()) - len(free))
    return (
        best if best[0] ** 2 > EXPLAINED[halves] * excess else (0.0, 0.0, 0)
    )  # else the curve is wrong in another way


def _slopes(model: int, u: Floats, theta: Floats, free: NDArray[np.intp]) -> Floats:
    """Return the derivatives of the curve by what was fitted, shape (n_points, n_free)."""
    step = 1e-5 * np.maximum(np.abs(theta), 1e-2)
    moved = np.repeat(theta[None], 2 * len(free), axis=0)
    for k, number in enumerate(free):
        moved[2 * k, number] += step[number]
        moved[2 * k + 1, number] -= step[number]
    curves = np.empty((len(moved), len(u)))
    evaluate(model, np.ascontiguousarray(np.repeat(u[None], len(moved), axis=0)), moved, curves)
    return np.nan_to_num((curves[::2] - curves[1::2]) / (2 * step[free])[:, None]).T
