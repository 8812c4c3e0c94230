"""When an output falls silent: the last pulse, and what predistortion still plays after it."""

import numpy as np
from numpy.typing import NDArray

from qctl.core.sequence import Track

HALF_CODE = 0.5 / 32767


def ring_down(track: Track) -> int:
    """Return the samples after which the filters' answer stays below half a code of the DAC.

    An upper bound: each pole p of the cascade, taken in partial fractions with residue c, is charged for as long as the
    busiest point plays at the largest amplitude (at most ``|c| A (1 - p^n) / (1 - p)``) and then decays as ``p^m``.
    """
    if not len(track.plays) or not (len(track.sections) or len(track.fir)):
        return 0
    poles = -track.sections[:, 2]
    lengths = np.array([len(waveform) for waveform in track.waveforms])
    busy = np.bincount(track.plays["point"], lengths[track.plays["waveform"]])
    amplitude = float(np.abs(track.plays["amplitude"]).max()) * max(1.0, float(np.abs(track.fir).sum()))
    charge = _residues(track) * amplitude * (1 - np.abs(poles) ** busy.max()) / (1 - np.abs(poles))
    over = charge * len(poles) > HALF_CODE
    samples = np.log(charge[over] * len(poles) / HALF_CODE) / -np.log(np.abs(poles[over]))
    return int(np.ceil(samples.max(initial=0.0))) + max(len(track.fir) - 1, 0)


def _residues(track: Track) -> NDArray[np.float64]:
    """Return |c_k| of ``sum_k c_k / (1 - p_k / z)``, the partial fractions of the cascade."""
    b0, b1, a1 = track.sections.T
    residues = np.empty(len(a1))
    for k, pole in enumerate(-a1):
        others = np.arange(len(a1)) != k
        # (b0 + b1/z) of every section at z = p_k, over (1 - p_j / p_k) of the others
        residues[k] = np.prod(b0 + b1 / pole) / np.prod(1 + a1[others] / pole)
    return np.abs(residues)


def end_of(track: Track) -> int:
    """Return when the last play of all sweep points has ended and its filters have settled, in samples; 0 without.

    The last play is taken to be as long as the line's longest waveform: cheap, and late by less than one waveform.
    """
    return int(track.plays["start"].max()) + _after(track) if len(track.plays) else 0


def ends_of_points(track: Track, n_points: int) -> NDArray[np.int64]:
    """Return the same by sweep point."""
    ends = np.zeros(n_points, np.int64)
    if len(track.plays):
        point = track.plays["point"]
        last = np.append(np.flatnonzero(point[1:] != point[:-1]), len(point) - 1)
        ends[point[last]] = track.plays["start"][last] + _after(track)
    return ends


def _after(track: Track) -> int:
    """Return the samples from the start of the last play to the end of all."""
    return max(map(len, track.waveforms)) + track.delay + ring_down(track)
