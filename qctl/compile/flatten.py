"""Cut a sequence to what an AWG without short segments can play: one waveform per output, shot and point."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import LimitError
from qctl.core.laboratory import Laboratory
from qctl.core.protocols import AwgLimits, Limits
from qctl.core.sequence import PLAY, Playlist, Port, Sequence, Track, Waveform
from qctl.kernels.filter import filter_fir, filter_sections
from qctl.kernels.render import quantise, render_iq, render_real

from .shot import ends_by_awg, played_samples
from .steps import branched, cuts_of, whole_shots

FULL_SCALE = 32767
TRIGGER_SECONDS = 100e-9


def flatten(sequence: Sequence, laboratory: Laboratory, limits: Limits) -> dict[str, Playlist]:
    """Return by AWG what it plays; step p of a playlist is sweep point p, but where a sequence branches.

    Lines that are silent at all points get no waveform, and AWGs of such lines alone no playlist: they would play
    what a stopped output gives. So the cost of a run is that of the lines it uses, not of the rack.

    All outputs of an AWG are equally long in one step: to the end of its last play and ring-down, then idle (the code
    of the offset) up to the next multiple of its granularity, at least its shortest waveform. Nothing is clipped.

    Raises
    ------
    LimitError
        When a value lies beyond full scale or beyond the limits of the laboratory file, or the memory is exceeded.
    """
    playlists, cuts = {}, dict[str, list[int]]()
    ends, none = ends_by_awg(sequence), np.zeros(sequence.n_points, np.int64)
    heard = [port for track in sequence.tracks.values() if not _is_silent(track) for port in track.outputs]
    for name in dict.fromkeys(port.instrument for port in (*sequence.triggers, *heard)):
        awg = limits[name]
        if not isinstance(awg, AwgLimits):
            raise LimitError(f"{name} feeds lines", allowed="an AWG", where=name)
        needed = ends.get(name, none)
        if sequence.branching is not None:
            cuts[name] = cuts_of(sequence, name, laboratory, awg)
            needed = whole_shots(needed, cuts[name], awg)
        playlists[name] = _Flattening(name, sequence, laboratory, awg).playlist(needed)
    return playlists if sequence.branching is None else branched(playlists, sequence, cuts)


def _is_silent(track: Track) -> bool:
    return not len(track.plays) and not track.offset.any()


def render_line(track: Track, point: int, n_samples: int, line: str = "") -> NDArray[np.int16]:
    """Return the codes that one line plays at one sweep point, for each of its outputs.

    Returns
    -------
    int16, shape (n_outputs, n_samples); +-32767 is full scale

    Raises
    ------
    LimitError
        When a value lies beyond full scale: nothing is clipped.
    """
    first, last = np.searchsorted(track.plays["point"], (point, point + 1))
    return _render(
        track, track.plays[first:last], _envelopes(track), n_samples, f"{line or track.outputs[0]}, point {point}"
    )


def _envelopes(track: Track) -> tuple[NDArray[np.complex128], NDArray[np.int64]]:
    """Return all envelopes end to end, and where each begins."""
    first = np.cumsum([0, *(len(waveform) for waveform in track.waveforms)])
    return np.concatenate([*track.waveforms, np.zeros(0, np.complex128)]), first.astype(np.int64)


def _render(
    track: Track,
    plays: NDArray[np.void],
    envelopes: tuple[NDArray[np.complex128], NDArray[np.int64]],
    n_samples: int,
    where: str,
) -> NDArray[np.int16]:
    waveform, amplitude, phase = (np.ascontiguousarray(plays[name]) for name in ("waveform", "amplitude", "phase"))
    start = plays["start"] + track.delay
    out = np.empty((len(track.outputs), n_samples), np.int16)
    carrier = track.carriers[plays["carrier"]] / track.sample_rate
    mixer, offset = np.ascontiguousarray(track.mixer), np.ascontiguousarray(track.offset)
    if len(track.outputs) == 2:
        peak = render_iq(*envelopes, waveform, start, amplitude, phase, carrier, track.delay, mixer, offset, out)
    elif carrier.any():  # a modulator behind one output: what would be Q is not wired
        both, only_i = np.empty((2, n_samples), np.int16), np.diag([1.0, 0.0])
        peak = render_iq(*envelopes, waveform, start, amplitude, phase, carrier, track.delay, only_i, offset, both)
        out[0] = both[0]
    else:
        values = np.empty(n_samples)
        render_real(*envelopes, waveform, start, amplitude, phase, values)
        if len(track.sections):
            filter_sections(values, np.ascontiguousarray(track.sections), values)
        if len(track.fir):
            settled = np.empty(n_samples)
            filter_fir(values, np.ascontiguousarray(track.fir), settled)
            values = settled
        peak = quantise(values, float(track.offset[0]), out[0])
    if not peak <= 1:
        raise LimitError(
            f"the waveform reaches {peak:.4g} of full scale",
            allowed="at most 1, with mixer correction, predistortion and the sum of all tones",
            where=where,
            remedy="lower the amplitude parameters of this line, or raise full_scale of its AWG",
        )
    return out


@dataclass
class _Flattening:
    """One AWG's playlist in the making."""

    name: str
    sequence: Sequence
    laboratory: Laboratory
    limits: AwgLimits
    waveforms: list[Waveform] = field(default_factory=list)
    found: dict[bytes, int] = field(default_factory=dict)  # by what is played, then by content

    def playlist(self, ends: NDArray[np.int64]) -> Playlist:
        n_samples = played_samples(ends, self.limits)
        steps = np.full((self.sequence.n_points, self.limits.n_channels), -1, np.int32)
        markers = self._markers()
        for line, track in self.sequence.tracks.items():
            if track.outputs[0].instrument == self.name and not _is_silent(track):
                self._line(line, track, n_samples, markers, steps)
        for channel, bits in markers.items():  # a marker of a channel that feeds no line
            if steps[0, channel] < 0:
                for point, n in enumerate(n_samples.tolist()):
                    steps[point, channel] = self._add(np.zeros(n, np.int16), bits)
        self._check_memory(steps)
        return Playlist(tuple(self.waveforms), steps)

    def _markers(self) -> dict[int, int]:
        """Return by channel which marker bits rise at the start of a shot."""
        found: dict[int, int] = {}
        for port in self.sequence.triggers:
            if port.instrument == self.name:
                channel, bit = divmod(port.number - 1, self.limits.markers_per_channel)
                found[channel] = found.get(channel, 0) | 1 << bit
        return found

    def _line(
        self,
        line: str,
        track: Track,
        n_samples: NDArray[np.int64],
        markers: Mapping[int, int],
        steps: NDArray[np.int32],
    ) -> None:
        envelopes, channels = _envelopes(track), [port.number - 1 for port in track.outputs]
        edges = np.searchsorted(track.plays["point"], np.arange(self.sequence.n_points + 1))
        played: dict[tuple[int, bytes], list[int]] = {}
        for point, n in enumerate(n_samples.tolist()):
            plays = track.plays[edges[point] : edges[point + 1]]
            key = n, b"".join(plays[name].tobytes() for name in (PLAY.names or ())[1:])
            if key not in played:
                codes = _render(track, plays, envelopes, n, f"{line}, point {point}")
                for port, row in zip(track.outputs, codes, strict=True):
                    self._check_limits(port, row, track.sample_rate, f"{line}, point {point}")
                played[key] = [self._add(row, markers.get(c, 0)) for c, row in zip(channels, codes, strict=True)]
            steps[point, channels] = played[key]

    def _add(self, codes: NDArray[np.int16], bits: int) -> int:
        """Return the index of a waveform, the one that is already there when the content is the same."""
        key = hashlib.sha256(codes.tobytes() + bytes([bits])).digest()
        if key not in self.found:
            rate = self.laboratory.instruments[self.name].sample_rate or 1.0
            marker = np.zeros(len(codes), np.uint8)
            marker[: max(1, round(TRIGGER_SECONDS * rate))] = bits
            self.found[key] = len(self.waveforms)
            self.waveforms.append(Waveform(codes, marker))
        return self.found[key]

    def _check_limits(self, port: Port, codes: NDArray[np.int16], rate: float, where: str) -> None:
        """Compare with the absolute limits of the laboratory file, in volts."""
        limit = self.laboratory.limits.get(self.name)
        full_scale = self.laboratory.instruments[self.name].full_scale
        if limit is None or full_scale is None or not len(codes):
            return
        low, high = int(codes.min()) / FULL_SCALE * full_scale, int(codes.max()) / FULL_SCALE * full_scale
        if low < limit.min or high > limit.max:
            raise LimitError(
                f"{port} goes from {low:.4g} to {high:.4g} V",
                allowed=f"{limit.min:g} to {limit.max:g} V",
                where=where,
                remedy=f"lower the amplitudes, or change limits.{self.name} in the laboratory file",
            )
        steepest = int(np.abs(np.diff(codes.astype(np.int32))).max(initial=0)) / FULL_SCALE * full_scale * rate
        if limit.rate is not None and steepest > limit.rate:
            raise LimitError(
                f"{port} changes by {steepest:.4g} V/s",
                allowed=f"{limit.rate:g} V/s",
                where=where,
                remedy="slower edges",
            )

    def _check_memory(self, steps: NDArray[np.int32]) -> None:
        lengths = np.array([len(waveform.codes) for waveform in self.waveforms], np.int64)
        for channel in range(steps.shape[1]):
            used = int(lengths[np.unique(steps[steps[:, channel] >= 0, channel])].sum())
            if used > self.limits.memory:
                raise LimitError(
                    f"channel {channel + 1} needs {used} samples for {len(steps)} sweep points",
                    allowed=f"{self.limits.memory} samples",
                    where=self.name,
                    remedy="run fewer sweep points at once",
                )
