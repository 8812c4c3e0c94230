"""How well a readout tells 0 from 1: clouds by formula, with decay, heating and photons that shorten T1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qctl.core.sequence import Listening
from qctl.physics.feed import Feed
from qctl.physics.operators import Complex
from qctl.physics.traces import amplitude, noise_volts

from .clouds import Cloud, errors, jump_shares, mixed
from .stage import Bench, Upload

N_TIMES = 64  # stretches of a tone in which the first jump may happen; a second one is left out


@dataclass(frozen=True)
class ReadoutScore:
    """What the judge finds of the readout of one qubit, all qubits of its feedline being read out at once.

    Parameters
    ----------
    p01, p10 : P(read 1 | prepared 0) and P(read 0 | prepared 1) with the stored threshold, others in 0
    fidelity : ``1 - (p01 + p10) / 2``
    best : the same of the best tone on the grid of :mod:`.readout_grid`, alone on its feedline
    frequency, amplitude, duration : of that tone; Hz, fraction of full scale, s
    """

    target: str
    p01: float
    p10: float
    best: float
    frequency: float
    amplitude: float
    duration: float

    @property
    def fidelity(self) -> float:
        """Return the mean probability of being told rightly."""
        return 1 - (self.p01 + self.p10) / 2


@dataclass(frozen=True)
class Readout:
    """A measurement of all qubits as it would be uploaded and read.

    Parameters
    ----------
    upload : measures all qubits at its first sweep point
    weights : by qubit, one for each sample of its window; they multiply I + iQ in volts
    """

    upload: Upload
    weights: Mapping[str, Complex]


def assignment(bench: Bench, readout: Readout, qubit: str, *, alternating: bool = False) -> tuple[float, float]:
    """Return p01 and p10 of one qubit, with the stored weights, rotation and threshold.

    Parameters
    ----------
    alternating : the shot before was prepared in the other state, and the passive reset leaves some of it
    """
    index, line = bench.chip.names.index(qubit), bench.laboratory.qubits[qubit].readout
    weights, scenery = readout.weights[qubit], bench.scenery(readout.upload)
    feed, heard = scenery.scene(scenery.stage.waveforms[0]).feeds[line], readout.upload.sequence.listening[line]
    rotation = np.exp(1j * bench.parameters[f"{qubit}.readout.rotation"])
    axis = rotation * weights * _scale(bench, line)
    sigma = float(noise_volts(feed.truth, heard.sample_rate) * np.sqrt(np.sum(np.abs(weights) ** 2)))
    clouds = [_cloud(bench, feed, index, level, _window(heard, index), axis) for level in (0, 1)]
    truth = bench.chip.transmon(index)
    left = float(np.exp(-bench.laboratory.period / truth.t1)) if alternating else 0.0
    zero, one = prepared(clouds, truth.thermal, left)
    threshold = np.array([bench.parameters[f"{qubit}.readout.threshold"]])
    p01, p10 = errors(zero, one, threshold, sigma)
    return float(p01[0]), float(p10[0])


def prepared(clouds: list[Cloud], thermal: float, left: float = 0.0) -> tuple[Cloud, Cloud]:
    """Return the clouds of qubits prepared in 0 and 1: what is warm at rest is flipped with the rest.

    Parameters
    ----------
    left : how much of the shot before, which was prepared in the other state, is still there
    """
    zero, one = clouds
    warm = thermal + left * (1 - 2 * thermal)
    return mixed([(1 - warm, zero), (warm, one)]), mixed([(thermal, zero), (1 - thermal, one)])


def _scale(bench: Bench, line: str) -> complex:
    truth = bench.chip.feedline(line)
    source = bench.laboratory.lines[line].mixed_with
    carrier = bench.laboratory.instruments[source].frequency if source is not None else None
    return complex(amplitude(truth) * np.exp(-2j * np.pi * (carrier or 0.0) * truth.return_delay))


def _window(heard: Listening, qubit: int) -> slice:
    """Return the samples of a segment that belong to the window of one qubit."""
    (row,) = heard.windows[heard.windows["qubit"] == qubit]
    first = int(row["start"]) - heard.first
    return slice(first, first + int(row["length"]))


def _cloud(bench: Bench, feed: Feed, qubit: int, level: int, window: slice, axis: Complex) -> Cloud:
    """Return where shots lie that begin in ``level`` (0 or 1), with at most one jump to the other."""
    other, response, times = 1 - level, feed.responses[qubit], feed.times[window]
    start, end, factor = response.windows[0] if response.windows else (times[0], times[-1], 1.0)
    down, up, _ = bench.chip.rates(qubit)
    rate = down * factor if level else up
    before, shares = jump_shares(rate, end - start, N_TIMES)
    at = start + before
    steady, after = (feed.quiet[window] + feed.changes[qubit][n][window] for n in (level, other))
    left = feed.answer(qubit, response.at(level, at) - response.at(other, at))
    past = times[None] - at[:, None]
    ringing = left[:, None] * np.exp(response.rates[other] * np.maximum(past, 0.0))
    jumped = np.where(past > 0, after[None] + ringing, steady[None])
    middles = np.concatenate([[steady @ axis], jumped @ axis]).real
    return Cloud(np.concatenate([[np.exp(-rate * (end - start))], shares]), np.asarray(middles, np.float64))
