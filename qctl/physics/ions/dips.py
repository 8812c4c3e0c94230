"""Where one gate ends and another begins: the light dips, and other ions are driven behind than before."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

Floats = NDArray[np.float64]
DIP = 0.1  # of the strength on both sides; edges of gates go through 0
REACH = 6e-6  # s; so far on both sides is looked, and a dip is the lowest point within that
FAINT = 0.01  # of the strongest light; filters ring, and what is weaker is no gate
SHARE = 0.3  # of the strongest drive; ions with less are neighbours that only lend a hand


def changes(sizes: Floats, dt: float, least: float) -> list[int]:
    """Return the samples at which light goes over from some ions to others, rising.

    An ion that a first gate reaches a little and a second one in full sees light without a gap; whose light dips, and
    to whom it belongs then, tells both gates apart. Rows of gates on the same ions are left in one piece: what is left
    of their motion adds up.

    Parameters
    ----------
    sizes : strength of the light at each ion, shape (n_ions, n_samples)
    dt : s
    least : strength below which there is no light
    """
    whole, reach = sizes.max(axis=0), max(1, round(REACH / dt))
    lowest = minimum_filter1d(whole, 2 * reach + 1)
    before = maximum_filter1d(whole, reach, mode="constant", origin=(reach - 1) // 2)
    behind = maximum_filter1d(whole, reach, mode="constant", origin=-(reach // 2))
    sides, least = np.minimum(before, behind), max(least, FAINT * whole.max())
    dips = np.flatnonzero((whole == lowest) & (whole < DIP * sides) & (sides > least))
    dips = dips[np.diff(dips, prepend=-reach) >= reach]
    edges = [0, *dips.tolist(), len(whole)]
    peaks = [sizes[:, a:b].max(axis=1) for a, b in pairwise(edges)]
    driven = [tuple(peak > SHARE * peak.max()) for peak in peaks]
    return [dip for dip, left, right in zip(edges[1:-1], driven[:-1], driven[1:], strict=True) if left != right]
