"""Filter one output's samples: a cascade of first-order sections, or a short FIR."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter


def filter_sections(x: NDArray[np.float64], sections: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Fill ``out`` with ``x`` after every section ``y[k] = b0 x[k] + b1 x[k-1] - a1 y[k-1]``, at rest before ``x[0]``.

    Parameters
    ----------
    x : shape (n_samples,)
    sections : shape (n_sections, 3), one section (b0, b1, a1) per row; none copies ``x``
    out : shape (n_samples,), unit of ``x``; filled; may be ``x``. NaN in ``x`` makes ``out`` NaN from there on.

    Raises
    ------
    ValueError
        When the shapes do not fit each other, or ``x`` and ``out`` share memory without being the same.
    """
    if sections.shape[1:] != (3,) or x.shape != out.shape or x.ndim != 1:
        raise ValueError("x, sections and out do not fit each other")
    if x.ctypes.data != out.ctypes.data and np.may_share_memory(x, out):
        raise ValueError("x and out share memory without being the same")
    y = x
    for b0, b1, a1 in sections:
        y = lfilter([b0, b1], [1.0, a1], y)
    out[:] = y


def filter_fir(x: NDArray[np.float64], taps: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Fill ``out[k] = sum_j taps[j] * x[k - j]``, with ``x = 0`` before ``x[0]``.

    Parameters
    ----------
    x : shape (n_samples,)
    taps : shape (n_taps,), at least one
    out : shape (n_samples,), unit of ``x``; filled; shares no memory with ``x``

    Raises
    ------
    ValueError
        When the shapes do not fit each other, or ``x`` and ``out`` share memory.
    """
    if len(taps) < 1 or x.shape != out.shape or x.ndim != 1:
        raise ValueError("x, taps and out do not fit each other")
    if np.may_share_memory(x, out):
        raise ValueError("x and out share memory")
    out[:] = np.convolve(x, taps)[: len(x)] if len(x) else x
