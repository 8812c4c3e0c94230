"""Three or more clouds of shots: their centres, and a linear discriminator, which is to be as near as possible."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fit import Fit, failed
from .mixture import LEAST_APART, gaussians, medians, unfit

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def nearest(shots: Complexes, centres: Complexes) -> NDArray[np.intp]:
    """Return for each shot the number of the nearest centre: clouds of one round shape are told apart best by that.

    It is linear: the largest of ``Re(z conj(c_k)) - |c_k|^2 / 2``.
    """
    scores = (shots[:, None] * centres.conj()).real - np.abs(centres) ** 2 / 2
    return np.asarray(scores.argmax(axis=1))


def fit_three_states(iq0: ArrayLike, iq1: ArrayLike, iq2: ArrayLike) -> Fit:
    """Tell clouds of shots prepared in 0, 1 and 2 apart; as `fit_states`."""
    return fit_states([iq0, iq1, iq2])


def fit_states(clouds: Sequence[ArrayLike]) -> Fit:
    """Tell clouds of shots, one for each prepared state, apart.

    Parameters
    ----------
    clouds : complex shots of each state, any unit

    Returns
    -------
    Fit
        Centres ``i0, q0, i1, ...``, ``width`` (standard deviation of one quadrature), ``separation`` of the nearest
        two in widths, ``p01`` and so on: probability to read 1 where 0 was prepared; ``w01``: share of shots that were
        in 1 where 0 was prepared (preparation, decay, heating), so that what is left of p01 is overlap; ``fidelity``,
        the mean of p00, p11, ... x, y and curve are the numbers of pairs (prepared, read), the shares read, and those
        that Gaussians predict.
    """
    shots = [np.ravel(np.asarray(cloud, complex)) for cloud in clouds]
    n = len(shots)
    pairs = [(k, m) for k in range(n) for m in range(n)]
    names = (
        *(f"{axis}{k}" for k in range(n) for axis in "iq"), "width", "separation", *(f"p{k}{m}" for k, m in pairs),
        *(f"w{k}{m}" for k, m in pairs), "fidelity",
    )  # fmt: skip
    model = f"{n} states"
    if reason := unfit(shots):
        return failed(model, names, reason, np.zeros(0), np.zeros(0), np.zeros(0))
    centres, width, weights, _ = gaussians(shots, medians(shots))
    read = np.array([np.bincount(nearest(cloud, centres), minlength=n) / len(cloud) for cloud in shots])
    apart = min(abs(a - b) for k, a in enumerate(centres) for b in centres[:k]) / max(width, 1e-300)
    values = np.array([
        *(part for c in centres for part in (c.real, c.imag)), width, apart, *read.ravel(), *weights.ravel(),
        read.trace() / n,
    ])  # fmt: skip
    sizes = np.array([len(cloud) for cloud in shots], float)
    variances = _variances(sizes, width, float(apart), read, weights)
    reason = _reason(float(apart), weights)
    predicted = weights @ _overlaps(centres, width)
    sigma = np.sqrt(np.maximum(predicted * (1 - predicted), 1 / sizes[:, None]) / sizes[:, None])
    chi2 = float(np.mean(((read - predicted) / sigma) ** 2))
    return Fit(
        model, names, values, np.diag(variances), chi2, 1.0, (), float(apart), not reason, reason,
        np.arange(float(n * n)), read.ravel(), sigma.ravel(), predicted.ravel(),
    )  # fmt: skip


def _variances(sizes: Floats, width: float, apart: float, read: Floats, weights: Floats) -> list[float]:
    own = np.maximum(sizes @ weights, 1.0)
    place = np.repeat(width**2 / own, 2)
    total = float(sizes.sum())
    counted = [np.maximum(p * (1 - p), 1 / sizes[:, None]) / sizes[:, None] for p in (read, weights)]
    diagonal = np.arange(len(sizes))
    faithful = float(counted[0][diagonal, diagonal].sum()) / len(sizes) ** 2
    return [
        *place, width**2 / (2 * total), 2 / float(own.min()) + apart**2 / (4 * total), *counted[0].ravel(),
        *counted[1].ravel(),
        faithful,
    ]  # fmt: skip


def _overlaps(centres: Complexes, width: float) -> Floats:
    """Return the probability that a shot of a Gaussian (row) lies nearest to a centre (column)."""
    rng = np.random.default_rng(1)
    around = width * (rng.normal(size=20_000) + 1j * rng.normal(size=20_000))
    n = len(centres)
    return np.array([np.bincount(nearest(c + around, centres), minlength=n) / len(around) for c in centres])


def _reason(apart: float, weights: Floats) -> str:
    if apart < LEAST_APART:
        return f"two of the clouds do not separate: their centres lie {apart:.2g} widths apart"
    k = np.arange(len(weights))
    if (weights.argmax(axis=1) != k).any():
        wrong = int(np.flatnonzero(weights.argmax(axis=1) != k)[0])
        return f"most shots prepared in {wrong} lie in the cloud of {int(weights[wrong].argmax())}"
    return ""
