"""Undo known assignment errors of the readout: quasi-probabilities from counts.

Each bit errs on its own with P(read 1 | 0) = ``p01`` and P(read 0 | 1) = ``p10``, so the confusion matrix is a tensor
product. Few bits: its exact inverse. Many bits: the linear system restricted to the keys that were observed, with
columns renormalised, as in P. Nation et al., PRX Quantum 2, 040326 (2021), "M3".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ReadoutError

FULL_BITS = 10  # up to here all 2^n keys are solved for
DENSE_KEYS = 2048  # up to here the matrix of observed keys is stored and solved directly
MAX_KEYS = 32768
_BLOCK = 512


def mitigate(
    keys: NDArray[np.uint8], numbers: NDArray[np.int64], p01: NDArray[np.float64], p10: NDArray[np.float64]
) -> dict[str, float]:
    """Return quasi-probabilities (they sum to 1; some may be slightly negative) by key.

    Parameters
    ----------
    keys : uint8, shape (n_keys, n_bits), distinct observed bit strings
    numbers : how often each came
    p01, p10 : assignment errors of each bit, shape (n_bits,)

    Raises
    ------
    ReadoutError
        When an assignment error is not in [0, 0.5), or too many distinct keys came.
    """
    _check(keys, p01, p10)
    observed = numbers / numbers.sum()
    if keys.shape[1] <= FULL_BITS:
        return _full(keys, observed, p01, p10)
    if len(keys) <= DENSE_KEYS:
        columns = _confusion(keys, keys, p01, p10)
        columns /= columns.sum(axis=0)
        quasi = np.linalg.solve(columns, observed)
    else:
        quasi = _iterate(keys, observed, p01, p10)
    return {_text(key): float(q) for key, q in zip(keys, quasi, strict=True)}


def nearest_probabilities(quasi: dict[str, float]) -> dict[str, float]:
    """Return the closest true distribution in the 2-norm, without its zeros.

    Source: J. Smolin, J. Gambetta, G. Smith, PRL 108, 070502 (2012).
    """
    values = np.sort(np.array(list(quasi.values())))[::-1]
    surplus = (np.cumsum(values) - 1) / np.arange(1, len(values) + 1)
    shift = surplus[np.flatnonzero(values > surplus)[-1]]
    return {key: float(value - shift) for key, value in quasi.items() if value > shift}


def _full(
    keys: NDArray[np.uint8], observed: NDArray[np.float64], p01: NDArray[np.float64], p10: NDArray[np.float64]
) -> dict[str, float]:
    n_bits = keys.shape[1]
    quasi = np.zeros((2,) * n_bits)
    quasi[tuple(keys.T)] = observed
    for bit in range(n_bits):
        confusion = np.array([[1 - p01[bit], p10[bit]], [p01[bit], 1 - p10[bit]]])
        quasi = np.moveaxis(np.tensordot(np.linalg.inv(confusion), quasi, axes=(1, bit)), 0, bit)
    flat = quasi.ravel()
    present = np.flatnonzero(np.abs(flat) > 1e-12)
    return {format(index, f"0{n_bits}b"): float(flat[index]) for index in present.tolist()}


def _confusion(
    read: NDArray[np.uint8], true: NDArray[np.uint8], p01: NDArray[np.float64], p10: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return P(read i | true j): the logarithm is bilinear in the bits, so it is one matrix product."""
    tiny = 1e-30  # an error that never happens; its logarithm stays finite
    log01, log10 = np.log(np.maximum(p01, tiny)), np.log(np.maximum(p10, tiny))
    log00, log11 = np.log1p(-p01), np.log1p(-p10)
    x, y = read.astype(np.float64), true.astype(np.float64)
    # log P = l00 + x (l01 - l00) + y (l10 - l00) + x y (l11 - l10 - l01 + l00), summed over bits
    logs: NDArray[np.float64] = (x * (log11 - log10 - log01 + log00)) @ y.T
    logs += (x @ (log01 - log00))[:, None] + (y @ (log10 - log00))[None, :] + log00.sum()
    np.exp(logs, out=logs)
    return logs


def _iterate(
    keys: NDArray[np.uint8], observed: NDArray[np.float64], p01: NDArray[np.float64], p10: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solve without storing the matrix: its rows are made again, block by block, in each iteration."""
    from scipy.sparse.linalg import LinearOperator, gmres

    blocks = [slice(start, start + _BLOCK) for start in range(0, len(keys), _BLOCK)]
    totals = sum(_confusion(keys[block], keys, p01, p10).sum(axis=0) for block in blocks)

    def apply(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = vector.ravel() / totals
        return np.concatenate([_confusion(keys[block], keys, p01, p10) @ scaled for block in blocks])

    diagonal = np.exp(np.where(keys, np.log1p(-p10), np.log1p(-p01)).sum(axis=1)) / totals
    size = (len(keys), len(keys))
    quasi, failed = gmres(
        LinearOperator(size, matvec=apply), observed, x0=observed, rtol=1e-6, maxiter=25,
        M=LinearOperator(size, matvec=lambda vector: vector.ravel() / diagonal),
    )  # fmt: skip
    if failed:
        raise ReadoutError("readout-error mitigation did not converge", remedy="run it with more shots, or without")
    return np.asarray(quasi, np.float64)


def _check(keys: NDArray[np.uint8], p01: NDArray[np.float64], p10: NDArray[np.float64]) -> None:
    both = np.concatenate([p01, p10])
    if not np.all((both >= 0) & (both < 0.5)):  # also refuses NaN
        bad = both[~((both >= 0) & (both < 0.5))][0]
        raise ReadoutError(f"assignment error {bad:g}", allowed="0 up to, but not including, 0.5")
    if len(keys) > MAX_KEYS:
        raise ReadoutError(
            f"{len(keys)} distinct keys to mitigate", allowed=f"up to {MAX_KEYS}", remedy="run it without mitigation"
        )


def _text(key: NDArray[np.uint8]) -> str:
    return "".join(map(str, key.tolist()))
