"""How strongly light couples to an ion that moves, and how the number of quanta changes: both exact for Fock states."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_genlaguerre, gammaln, jv

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
MANY = 400
FEW = 64
MOLTEN = 100_000  # quanta
GROWTH = 20.0  # time constants of heat that are played out at once; far more than it takes to melt a crystal


def coupling(eta: float | Floats, quanta: Integers, order: int = 0) -> Floats:
    """Return ``|<n + s| exp(i eta (a + a^dag)) |n>|`` with its sign, for n = ``quanta`` and s = ``order``.

    ``exp(-eta^2 / 2) eta^|s| sqrt(n_<! / n_>!) L_{n_<}^{|s|}(eta^2)`` (Wineland et al., J. Res. NIST 103, 259, eq. 18);
    0 where n + s is below 0. The factor i^|s| is left to the caller. Above `MANY` quanta Hilb's asymptotic form
    ``J_s(2 eta sqrt(n_< + (s + 1) / 2))`` stands for the polynomial (Szego, Orthogonal Polynomials, 8.22.4).
    """
    n = np.asarray(quanta)
    if np.ndim(eta) == 0 and n.size and FEW > n.max() >= n.min() >= 0:  # cold ions: a look-up
        return np.asarray(_few(float(eta), order)[n])
    return _coupling(eta, n, order)


@lru_cache(maxsize=1024)
def _few(eta: float, order: int) -> Floats:
    return _coupling(eta, np.arange(FEW), order)


def _coupling(eta: float | Floats, n: Integers, order: int) -> Floats:
    s, x = abs(order), np.asarray(eta, np.float64)
    low = np.where(order < 0, n + order, n)
    floor = np.clip(low, 0, MANY)
    scale = np.exp(-(x**2) / 2 + (gammaln(floor + 1) - gammaln(floor + s + 1)) / 2)
    exact = scale * x**s * eval_genlaguerre(floor, s, x**2)
    far = jv(s, 2 * x * np.sqrt(np.maximum(low, 0) + (s + 1) / 2))
    return np.where(low < 0, 0.0, np.where(low > MANY, far, exact))


def moved_on(quanta: Integers, up: float, down: float, time: float, rng: np.random.Generator) -> Integers:
    """Return quanta after a time in which each quantum is lost at rate ``down`` and (n + 1) gained at rate ``up``, 1/s.

    Exact for any Fock state: a birth and death process with immigration (Kendall, Ann. Math. Stat. 19, 1). A thermal
    state stays thermal, with ``dn/dt = up - (down - up) n``; a pure heating rate is ``up = down``. Heat ends at
    `MOLTEN` quanta, where the Doppler effect takes ions out of resonance with what heats them.
    """
    if time <= 0 or (up <= 0 and down <= 0):
        return quanta
    lost, more = _fates(up, down, time)
    survivors = rng.binomial(quanta, 1 - lost) if lost > 0 else quanta
    born = rng.negative_binomial(survivors + 1, 1 - more) if more > 0 else 0
    return np.minimum(np.asarray(survivors + born, np.int64), MOLTEN)


def _fates(up: float, down: float, time: float) -> tuple[float, float]:
    """Return the probability that a quantum leaves no offspring, and the ratio of the geometric law of offspring."""
    net = down - up
    if abs(net) * time < 1e-9:
        share = up * time / (1 + up * time)
        return share, share
    left = np.exp(min(-net * time, GROWTH))
    whole = down - up * left
    return float(down * (1 - left) / whole), float(up * (1 - left) / whole)


def thermal(mean: float, shape: int | tuple[int, ...], rng: np.random.Generator) -> Integers:
    """Return quanta of a thermal state, ``p_n = m^n / (1 + m)^(n + 1)``."""
    return np.asarray(rng.geometric(1 / (1 + mean), shape) - 1, np.int64)
