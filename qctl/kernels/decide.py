"""What measured values answer, as a number: the NumPy twin of ``ext/decide.pyx``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def code_of(values: NDArray[np.float64], least: NDArray[np.float64], channels: NDArray[np.int32]) -> int:
    """Return the answers of one part, answer k in bit k: 1 where a value is above what it must exceed; NaN is not.

    Parameters
    ----------
    values, least : float64, by channel
    channels : int32; which channel tells each answer, -1 from the first one on that there is not

    Raises
    ------
    ValueError
        When the shapes do not fit each other.
    """
    if values.shape != least.shape or (len(channels) and int(channels.max()) >= len(values)):
        raise ValueError("values, least and channels do not fit each other")
    code = 0
    for k, channel in enumerate(channels.tolist()):
        if channel < 0:
            break
        code |= int(values[channel] > least[channel]) << k
    return code
