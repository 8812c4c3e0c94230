"""Rows of templates with noise that is looked up: what a digitizer hears of many shots."""

import numpy as np
from numpy.typing import NDArray


def noisy_rows(
    templates: NDArray[np.float32],
    which: NDArray[np.int64],
    values: NDArray[np.float32],
    rng: np.random.Generator,
    out: NDArray[np.float32],
) -> None:
    """Fill each row of ``out`` with a template and noise; four samples for each number of the generator.

    Parameters
    ----------
    templates : shape (n_templates, n_samples)
    which : template of each row, shape (n_rows,)
    values : 65,536 equally probable values of the noise
    rng : its numbers are taken as they come, 64 bits each, the lowest 16 first (on a little-endian machine)
    out : shape (n_rows, n_samples); filled

    Raises
    ------
    ValueError
        When shapes do not fit each other, or a template does not exist.
    """
    if which.shape != out.shape[:1] or templates.shape[1:] != out.shape[1:] or values.shape != (65536,):
        raise ValueError("templates, which, values and out do not fit each other")
    if len(which) and not 0 <= which.min() <= which.max() < len(templates):
        raise ValueError(f"a template beyond the {len(templates)} there are")
    n = out.size
    bits = rng.integers(0, 2**64 - 1, -(-n // 4), np.uint64, endpoint=True).view(np.uint16)[:n]
    out[:] = templates[which] + values[bits].reshape(out.shape)
