"""Clouds of single shots in the IQ plane: where each state lies, how to tell them apart, where errors come from.

Each cloud is a sum of round Gaussians of one width, one for each state: shots of the wrong state (not prepared,
decayed before the readout) lie in the other Gaussian. Expectation and maximisation (Dempster, Laird, Rubin, J. R.
Stat. Soc. B 39, 1) over all clouds together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from .fit import Fit, failed

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
LEAST_SHOTS = 20
LEAST_APART = 1.0  # distance of two centres in widths below which clouds are not told apart
MOST_ROUNDS = 300
MOST_SHOTS = 30_000  # of each cloud; more are thinned out where centres are looked for, never where errors are counted


def gaussians(clouds: Sequence[Complexes], centres: Complexes) -> tuple[Complexes, float, Floats, Floats]:
    """Return centres, width of one quadrature, weights (cloud, state) and log likelihood per shot."""
    clouds = [cloud[:: 1 + len(cloud) // MOST_SHOTS] for cloud in clouds]
    shots = np.concatenate(clouds)
    owner = np.repeat(np.arange(len(clouds)), [len(c) for c in clouds])
    n = len(centres)
    weights = np.full((len(clouds), n), 0.1 / max(n - 1, 1))
    weights[np.arange(len(clouds)), np.arange(len(clouds)) % n] = 0.9
    width2 = float(np.median(np.abs(shots - centres[owner % n]) ** 2) / (2 * np.log(2)))
    last = -np.inf
    likelihood = np.zeros(0)
    for _ in range(MOST_ROUNDS):
        far = np.abs(shots[:, None] - centres) ** 2 / (2 * max(width2, 1e-300))
        log = np.log(np.maximum(weights[owner], 1e-12)) - far
        top = log.max(axis=1)
        share = np.exp(log - top[:, None])
        total = share.sum(axis=1)
        likelihood = top + np.log(total) - np.log(2 * np.pi * max(width2, 1e-300))
        share /= total[:, None]
        amount = share.sum(axis=0)
        centres = (share * shots[:, None]).sum(axis=0) / np.maximum(amount, 1e-9)
        width2 = float((share * np.abs(shots[:, None] - centres) ** 2).sum() / (2 * len(shots)))
        weights = np.array([share[owner == k].mean(axis=0) for k in range(len(clouds))])
        now = float(likelihood.mean())
        if now - last < 1e-9:
            break
        last = now
    return centres, float(np.sqrt(width2)), weights, likelihood


def medians(clouds: Sequence[Complexes]) -> Complexes:
    """Return the median of each cloud: the larger part of it is in its own state."""
    return np.array([np.median(c.real) + 1j * np.median(c.imag) for c in clouds])


TWO = (
    "i0", "q0", "i1", "q1", "width", "separation", "angle", "threshold", "p01", "p10", "overlap", "wrong0", "wrong1",
    "fidelity",
)  # fmt: skip


def fit_two_states(iq0: ArrayLike, iq1: ArrayLike) -> Fit:
    """Tell the clouds of shots prepared in 0 and in 1 apart.

    Parameters
    ----------
    iq0, iq1 : complex shots, any unit

    Returns
    -------
    Fit
        Centres ``i0, q0, i1, q1`` and ``width`` (standard deviation of one quadrature) in the unit of the shots;
        ``separation`` in widths; a shot z is 1 where ``Re(z exp(-i angle)) > threshold``; ``p01`` probability to read
        1 where 0 was prepared, ``p10`` 0 where 1 was; ``overlap`` the part of either that two Gaussians of this
        distance have, ``wrong0`` and ``wrong1`` the shots that were in the other state (preparation, decay, heating);
        ``fidelity`` 1 - (p01 + p10) / 2. x is the coordinate along the line between the centres, y and curve its
        histogram (both clouds after each other).
    """
    clouds = [np.ravel(np.asarray(c, complex)) for c in (iq0, iq1)]
    if reason := unfit(clouds):
        return failed("two states", TWO, reason, np.zeros(0), np.zeros(0), np.zeros(0))
    centres, width, weights, _ = gaussians(clouds, medians(clouds))
    if weights[0, 1] + weights[1, 0] > 1:  # the larger parts have swapped places: names follow preparation
        centres, weights = centres[::-1], weights[:, ::-1]
    turn = np.exp(-1j * np.angle(centres[1] - centres[0]))
    along = [(c * turn).real for c in clouds]
    places = (centres * turn).real
    threshold = _threshold(places, width, weights)
    read = [float(np.mean(a > threshold)) for a in along]
    apart = abs(centres[1] - centres[0]) / max(width, 1e-300)
    numbers = {
        "i0": centres[0].real, "q0": centres[0].imag, "i1": centres[1].real, "q1": centres[1].imag, "width": width,
        "separation": apart, "angle": float(-np.angle(turn)), "threshold": threshold,
        "p01": read[0], "p10": 1 - read[1],
        "overlap": float(ndtr(-apart / 2)), "wrong0": weights[0, 1], "wrong1": weights[1, 0],
        "fidelity": 1 - (read[0] + 1 - read[1]) / 2,
    }  # fmt: skip
    return _outcome(clouds, along, places, weights, numbers)


def unfit(clouds: Sequence[Complexes]) -> str:
    """Return why clouds cannot be examined at all, or ""."""
    for state, cloud in enumerate(clouds):
        lost = int(np.sum(~np.isfinite(cloud)))
        if lost:
            return f"{lost} of {len(cloud)} shots of state {state} are not finite numbers"
        if len(cloud) < LEAST_SHOTS:
            few = f"{len(cloud)} shots of state {state} are too few: at least {LEAST_SHOTS}"
            return few if len(cloud) else "no data"
        if np.ptp(cloud.real) == 0 and np.ptp(cloud.imag) == 0:
            return f"all shots of state {state} are the same"
    return ""


def _threshold(places: Floats, width: float, weights: Floats) -> float:
    """Return the coordinate at which the densities of both clouds cross: there the fewest shots are misread."""
    tried = np.linspace(places[0], places[1], 401)
    tail = [ndtr(-(tried - place) / width) for place in places]  # beyond the threshold, by state
    wrong = weights[0, 0] * tail[0] + weights[0, 1] * tail[1] + 1 - weights[1, 0] * tail[0] - weights[1, 1] * tail[1]
    return float(tried[int(wrong.argmin())])


def _outcome(
    clouds: Sequence[Complexes], along: Sequence[Floats], places: Floats, weights: Floats, numbers: dict[str, float]
) -> Fit:
    n = np.array([len(c) for c in clouds])
    width, apart = numbers["width"], numbers["separation"]
    own = np.maximum(np.array([n @ weights[:, 0], n @ weights[:, 1]]), 1.0)
    at, along_error = width / np.sqrt(own), width / np.sqrt(own.min())
    binomial = {k: np.sqrt(max(numbers[k] * (1 - numbers[k]), 1 / m) / m) for k, m in (("p01", n[0]), ("p10", n[1]))}
    errors = {
        "i0": at[0], "q0": at[0], "i1": at[1], "q1": at[1], "width": width / np.sqrt(2 * n.sum()),
        "separation": np.sqrt(2 / own.min() + apart**2 / (4 * n.sum())),
        "angle": along_error * 1.5 / max(apart * width, 1e-300),
        "threshold": along_error, **binomial,
        "overlap": np.exp(-apart**2 / 8) / np.sqrt(8 * np.pi) * np.sqrt(2 / own.min()),
        "wrong0": np.sqrt(max(weights[0, 1], 1 / n[0]) / n[0]), "wrong1": np.sqrt(max(weights[1, 0], 1 / n[1]) / n[1]),
        "fidelity": np.hypot(binomial["p01"], binomial["p10"]) / 2,
    }  # fmt: skip
    x, y, curve = _histogram(along, places, width, weights)
    sigma = np.sqrt(np.maximum(curve, 1.0))
    chi2 = float(np.sum(((y - curve) / sigma) ** 2) / max(len(y) - 7, 1))
    reason = _reason(apart, weights, n)
    values, variances = np.array([numbers[k] for k in TWO], float), [float(errors[k]) ** 2 for k in TWO]
    return Fit(
        "two states", TWO, values, np.diag(variances), chi2, 1.0, (), float(apart), not reason, reason, x, y, sigma,
        curve,
    )  # fmt: skip


def _reason(apart: float, weights: Floats, n: NDArray[np.int_]) -> str:
    difference = abs(weights[0, 0] - weights[1, 0])
    if apart < LEAST_APART or difference < 5 / np.sqrt(n.min()):
        return f"the two clouds do not separate: their centres lie {apart:.2g} widths apart"
    if difference < 0.2:
        return "both preparations give nearly the same mixture of states"
    return ""


def _histogram(along: Sequence[Floats], places: Floats, width: float, weights: Floats) -> tuple[Floats, Floats, Floats]:
    everything = np.concatenate(along)
    edges = np.linspace(everything.min(), everything.max() + 1e-12, 41)
    middle = (edges[1:] + edges[:-1]) / 2
    counts = [np.histogram(a, edges)[0].astype(float) for a in along]
    below = [ndtr((edges - place) / max(width, 1e-300)) for place in places]
    curves = [
        len(a) * sum(w * np.diff(b) for w, b in zip(row, below, strict=True))
        for a, row in zip(along, weights, strict=True)
    ]
    return np.tile(middle, len(along)), np.concatenate(counts), np.concatenate(curves)
