"""Integrate readout traces: one complex number per shot and weight."""

import numpy as np
from numpy.typing import NDArray

BLOCK = 256  # shots at once, so that the complex copy stays small


def integrate(codes: NDArray[np.int16], weights: NDArray[np.complex128], out: NDArray[np.complex128]) -> None:
    """Fill ``out[n, m] = sum_s (codes[n, 0, s] + 1j * codes[n, 1, s]) * weights[m, s]``.

    Parameters
    ----------
    codes : shape (n_shots, 2, n_samples), I and Q, ADC codes; the first two axes may be strided
    weights : shape (n_outputs, n_samples), C-contiguous
    out : shape (n_shots, n_outputs), unit of the weights times codes; filled

    Raises
    ------
    ValueError
        When the shapes do not fit each other, or the samples of a shot are not contiguous.
    """
    n, inputs, s = codes.shape
    if inputs != 2 or weights.shape[1] != s or out.shape != (n, len(weights)):
        raise ValueError("codes, weights and out do not fit each other")
    if n and s > 1 and codes.strides[2] != codes.itemsize:
        raise ValueError("the samples of codes must be contiguous")
    for first in range(0, n, BLOCK):
        block = codes[first : first + BLOCK]
        out[first : first + BLOCK] = (block[:, 0] + 1j * block[:, 1]) @ weights.T
