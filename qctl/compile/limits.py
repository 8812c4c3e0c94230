"""Every limit of every instrument, checked before anything is sent: the number, the limit, the remedy."""

from __future__ import annotations

from math import isfinite

import numpy as np

from qctl.core.errors import LimitError
from qctl.core.laboratory import Laboratory
from qctl.core.protocols import AwgLimits, DigitizerLimits, Limits
from qctl.core.schedule import Schedule
from qctl.core.sequence import Listening, Sequence, Track
from qctl.platforms.ringdown import end_of

from .check_switching import check_switching
from .flatten import render_line
from .shot import played_samples


def check_limits(sequence: Sequence, laboratory: Laboratory, limits: Limits) -> None:
    """Raise LimitError at the first number that an instrument cannot do.

    Absolute limits of the laboratory file in volts are compared with the finished samples, by ``flatten``.

    Raises
    ------
    LimitError
        Names the number, the limit, the instrument or line, and what to do.
    """
    if sequence.lead + sequence.length > sequence.period:
        raise LimitError(
            f"a shot of {sequence.lead + sequence.length:.6g} s, with line delays and the ring-down of filters",
            allowed=f"less than the period of {sequence.period:g} s",
            where=laboratory.name,
            remedy="shorten the program, or raise period in the laboratory file",
        )
    for line, track in sequence.tracks.items():
        _check_amplitude(line, track)
    outputs: dict[str, int] = {}
    ends: dict[str, int] = {}
    for track in sequence.tracks.values():
        name = track.outputs[0].instrument
        ends[name] = max(end_of(track), ends.get(name, 0))
        for port in track.outputs:
            outputs[port.instrument] = max(port.number, outputs.get(port.instrument, 0))
    for name, last_output in outputs.items():
        _check_awg(name, last_output, ends[name], sequence, laboratory, limits)
    for line, heard in sequence.listening.items():
        _check_listening(line, heard, sequence, limits)
    check_switching(sequence, limits)
    for name in dict.fromkeys(port.instrument for heard in sequence.listening.values() for port in heard.inputs):
        _check_settings(name, laboratory, limits)


def check_length(schedule: Schedule, period: float, where: str) -> None:
    """Raise LimitError where operations alone take longer than a shot may: nothing has been made of them yet."""
    seconds = float(schedule.length_ticks.max(initial=0) * schedule.tick)
    if seconds > period:
        raise LimitError(
            f"operations that take {seconds:.6g} s",
            allowed=f"less than the period of {period:g} s",
            where=where,
            remedy="shorten the program, or raise period in the laboratory file",
        )


def _check_awg(
    name: str,
    last_output: int,
    end: int,
    sequence: Sequence,
    laboratory: Laboratory,
    limits: Limits,
) -> None:
    awg = limits.get(name)
    if not isinstance(awg, AwgLimits):
        raise LimitError(f"{name} feeds lines", allowed="an AWG", where=name, remedy="name another driver")
    _check_settings(name, laboratory, limits)
    _at_most(last_output, awg.n_channels, "output", name, "wire the line to another output")
    for port in sequence.triggers:
        if port.instrument == name:
            _at_most(port.number, awg.n_channels * awg.markers_per_channel, "marker", name, "wire another marker")
    _at_most(sequence.n_points, awg.max_steps, "sweep points, one step each", name, "run fewer points at once")
    n_samples = int(played_samples(np.array([end]), awg)[0])
    _at_most(n_samples, awg.memory, "samples per shot", name, "shorten the program")
    rate = laboratory.instruments[name].sample_rate or 1.0
    if n_samples / rate > sequence.period:
        raise LimitError(
            f"{n_samples} samples, which last {n_samples / rate:.6g} s",
            allowed=f"one period of {sequence.period:g} s; the shortest waveform has {awg.min_samples} samples",
            where=name,
            remedy="raise period in the laboratory file",
        )


def _check_listening(line: str, heard: Listening, sequence: Sequence, limits: Limits) -> None:
    name = heard.inputs[0].instrument
    digitizer = limits.get(name)
    if not isinstance(digitizer, DigitizerLimits):
        raise LimitError(f"{name} hears {line}", allowed="a digitizer", where=name, remedy="name another driver")
    _at_most(max(port.number for port in heard.inputs), digitizer.n_channels, "input", name, "wire another input")
    _at_most(sequence.n_points, digitizer.max_segments, "segments per repetition", name, "run fewer points at once")
    n_samples = sequence.n_points * heard.n_samples
    _at_most(n_samples, digitizer.memory, "samples per repetition", name, "run fewer points at once")
    if heard.first < 0:
        raise LimitError(
            f"a window that begins {-heard.first} samples before the trigger", allowed="0 or later", where=line
        )
    if heard.n_samples < digitizer.min_samples:
        raise LimitError(
            f"a segment of {heard.n_samples} samples",
            allowed=f"at least {digitizer.min_samples}",
            where=name,
            remedy="lengthen readout.duration",
        )
    end = (heard.first + heard.n_samples) / heard.sample_rate
    if end + digitizer.rearm > sequence.period:
        raise LimitError(
            f"a segment that ends {end:.6g} s after the trigger, and {digitizer.rearm:g} s to re-arm",
            allowed=f"one period of {sequence.period:g} s",
            where=name,
            remedy="shorten the program, or raise period in the laboratory file",
        )


def _check_settings(name: str, laboratory: Laboratory, limits: Limits) -> None:
    """Check sample rate and full scale of the laboratory file against what the instrument can do."""
    entry, limit = laboratory.instruments[name], limits.get(name)
    rate, full_scale = entry.sample_rate, entry.full_scale
    if isinstance(limit, AwgLimits):
        possible = rate is not None and limit.min_rate <= rate <= limit.max_rate
        rates = f"{limit.min_rate:g} to {limit.max_rate:g} Hz"
    elif isinstance(limit, DigitizerLimits):
        possible, rates = rate in limit.rates, ", ".join(f"{one:g}" for one in limit.rates) + " Hz"
    else:
        raise LimitError(f"{name} has lines", allowed="an AWG or a digitizer", where=name)
    if not possible:
        raise LimitError(f"sample rate {rate or 0:g} Hz", allowed=rates, where=name, remedy="change sample_rate")
    if full_scale is not None and not limit.min_full_scale <= full_scale <= limit.max_full_scale:
        raise LimitError(
            f"full scale {full_scale:g} V",
            allowed=f"{limit.min_full_scale:g} to {limit.max_full_scale:g} V",
            where=name,
            remedy="change full_scale",
        )


def _check_amplitude(line: str, track: Track) -> None:
    """Bound the peak; where the bound exceeds full scale, render the points in question and look."""
    plays, offsets = track.plays, [abs(offset) for offset in track.offset.tolist()]
    outside = max(offsets)
    if not all(offset <= 1 for offset in offsets):
        raise LimitError(f"an offset of {outside:g}", allowed="at most 1 of full scale", where=line)
    if not len(plays):
        return
    largest = np.abs(plays["amplitude"])
    highest = float(largest.max())
    if not isfinite(highest):
        raise LimitError("an amplitude that is not finite", allowed="numbers", where=line, remedy="calibrate it again")
    gain = float(np.hypot(*track.mixer.T).max()) if len(track.outputs) == 2 else _filter_gain(track)
    if highest * gain * most_at_once(track) + outside <= 1:
        return
    lengths = np.array([len(waveform) for waveform in track.waveforms])
    total = np.bincount(plays["point"], largest)
    for point in np.flatnonzero(total * gain + outside > 1).tolist():
        rows = plays["point"] == point
        n_samples = int((plays["start"][rows] + lengths[plays["waveform"][rows]]).max()) + track.delay
        render_line(track, point, n_samples, line)


def most_at_once(track: Track) -> int:
    """Return how many plays of a line overlap at most."""
    plays, start = track.plays, np.ascontiguousarray(track.plays["start"])
    close = np.flatnonzero(start[1:] - start[:-1] < max(map(len, track.waveforms)))
    if not len(close) or np.all(plays["point"][close + 1] != plays["point"][close]):
        return 1
    lengths = np.array([len(waveform) for waveform in track.waveforms])
    when = np.concatenate([start, start + lengths[plays["waveform"]]])
    step = np.repeat([1, -1], len(plays))
    order = np.lexsort((step, when, np.tile(plays["point"], 2)))
    return int(np.cumsum(step[order]).max())


def _filter_gain(track: Track) -> float:
    """Bound the largest answer to an input of at most 1: the product of the filters' sums of |impulse response|."""
    b0, b1, a1 = track.sections.T
    sections = np.abs(b0) + np.abs(b1 - a1 * b0) / (1 - np.abs(a1))
    return float(np.prod(sections)) * (float(np.abs(track.fir).sum()) if len(track.fir) else 1.0)


def _at_most(asked: int, allowed: int, what: str, where: str, remedy: str) -> None:
    if asked > allowed:
        raise LimitError(f"{asked} {what}", allowed=f"at most {allowed}", where=where, remedy=remedy)
