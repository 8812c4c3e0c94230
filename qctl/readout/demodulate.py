"""Turn digitised windows into one point of the IQ plane per measurement."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ReadoutError
from qctl.core.record import Trace
from qctl.core.result import MeanTrace
from qctl.kernels.integrate import integrate


def demodulate(
    trace: Trace,
    frequencies: Mapping[int, float],
    envelopes: Mapping[int, NDArray[np.complex128]] | None = None,
) -> NDArray[np.complex128]:
    """Return the mean amplitude of each window at its qubit's intermediate frequency.

    The carrier runs from the start of the shot, so a readout's phase does not depend on when it happens.

    Parameters
    ----------
    trace : digitised signals of one feedline, I then Q
    frequencies : intermediate frequency (Hz) by physical qubit
    envelopes : weights (any scale) by physical qubit; each at least as long as the window. Without one a window
        weighs all its samples alike.

    Returns
    -------
    complex128, shape (n_windows, shots), volts; rows follow ``trace.listening.windows``

    Raises
    ------
    ReadoutError
        When a frequency aliases, a window lies outside the recorded segment, or an envelope is too short.
    """
    windows = trace.listening.windows
    _check(trace, frequencies, envelopes or {})
    shots, n_points = trace.codes.shape[:2]
    points = np.empty((len(windows), shots), np.complex128)
    if _every_point_listens_alike(windows, n_points):
        # One call covers all sweep points: (shots, points) is one long axis.
        n_each = len(windows) // n_points
        together = trace.codes.reshape(shots * n_points, *trace.codes.shape[2:])
        for rows in _same_span(windows[:n_each]):
            found = _integrate(trace, together, windows[rows], frequencies, envelopes or {})
            by_point = found.reshape(shots, n_points, len(rows)).transpose(1, 2, 0)
            points.reshape(n_points, n_each, shots)[:, rows] = by_point
        return points
    for point in np.unique(windows["point"]):
        here = np.flatnonzero(windows["point"] == point)
        for rows in _same_span(windows[here]):
            chosen = here[rows]
            points[chosen] = _integrate(
                trace, trace.codes[:, point], windows[chosen], frequencies, envelopes or {}
            ).T  # fmt: skip
    return points


def mean_trace(trace: Trace) -> MeanTrace:
    """Return I + iQ of one feedline in volts, averaged over shots."""
    mean = trace.codes.mean(axis=0, dtype=np.float64) * trace.volts_per_code + trace.volts_at_zero
    volts = mean[:, 0] + (1j * mean[:, 1] if mean.shape[1] > 1 else 0j)
    return MeanTrace(volts, trace.listening.sample_rate, trace.listening.first)


def carrier_weights(
    windows: NDArray[np.void],
    sample_rate: float,
    frequencies: Mapping[int, float],
    envelopes: Mapping[int, NDArray[np.complex128]],
) -> NDArray[np.complex128]:
    """Return one row of weights per window of one span: conjugate carrier times envelope, normalised to a mean."""
    samples = np.arange(int(windows["start"][0]), int(windows["start"][0] + windows["length"][0]))
    qubits = windows["qubit"].tolist()
    turns = np.outer([frequencies[q] / sample_rate for q in qubits], samples)
    weights: NDArray[np.complex128] = np.exp(-2j * np.pi * (turns % 1.0))
    for row, qubit in enumerate(qubits):
        envelope = envelopes.get(qubit)
        if envelope is None:
            weights[row] /= len(samples)
        else:
            cut = envelope[: len(samples)]
            weights[row] *= cut / np.sum(np.abs(cut))
    return weights


def _integrate(
    trace: Trace,
    codes: NDArray[np.int16],
    windows: NDArray[np.void],
    frequencies: Mapping[int, float],
    envelopes: Mapping[int, NDArray[np.complex128]],
) -> NDArray[np.complex128]:
    first = int(windows["start"][0]) - trace.listening.first
    cut = codes[:, :, first : first + int(windows["length"][0])]
    weights = carrier_weights(windows, trace.listening.sample_rate, frequencies, envelopes)
    out = np.empty((len(codes), len(windows)), np.complex128)
    integrate(cut, weights, out)
    out *= trace.volts_per_code
    out += (1 + 1j) * trace.volts_at_zero * weights.sum(axis=1)
    return out


def _every_point_listens_alike(windows: NDArray[np.void], n_points: int) -> bool:
    if not len(windows) or len(windows) % n_points:
        return False
    by_point = windows.reshape(n_points, -1)
    points_fit = bool(np.all(by_point["point"] == np.arange(n_points)[:, None]))
    return points_fit and all(np.all(by_point[name] == by_point[name][0]) for name in ("qubit", "start", "length"))


def _same_span(windows: NDArray[np.void]) -> list[NDArray[np.intp]]:
    """Return row numbers of windows that cover the same samples: each group is one call of the kernel."""
    groups: dict[tuple[int, int], list[int]] = {}
    for row, span in enumerate(zip(windows["start"].tolist(), windows["length"].tolist(), strict=True)):
        groups.setdefault(span, []).append(row)
    return [np.array(rows, np.intp) for rows in groups.values()]


def _check(trace: Trace, frequencies: Mapping[int, float], envelopes: Mapping[int, NDArray[np.complex128]]) -> None:
    listening = trace.listening
    n_samples = trace.codes.shape[3]
    starts = listening.windows["start"] - listening.first
    if np.any(starts < 0) or np.any(starts + listening.windows["length"] > n_samples):
        raise ReadoutError(
            f"a window from sample {int(starts.min())} to {int((starts + listening.windows['length']).max())}",
            allowed=f"within the {n_samples} samples of the recorded segment",
            where=str(listening.inputs[0]),
        )
    for qubit in np.unique(listening.windows["qubit"]).tolist():
        if not abs(frequencies[qubit]) < listening.sample_rate / 2:
            raise ReadoutError(
                f"{frequencies[qubit]:g} Hz aliases",
                allowed=f"below half the sample rate of {listening.sample_rate:g} Hz",
                where=f"qubit {qubit}",
                remedy="move the readout source or the readout frequency",
            )
        needed = int(listening.windows["length"][listening.windows["qubit"] == qubit].max())
        if qubit in envelopes and len(envelopes[qubit]) < needed:
            raise ReadoutError(
                f"a weight envelope of {len(envelopes[qubit])} samples",
                allowed=f"at least the {needed} of its window",
                where=f"qubit {qubit}",
            )
