"""Draw a sequence: one row for each line in use, I and Q over time in ns, shaded where a digitizer listens.

Lines are drawn as they meet at the chip: cable delays and trigger latencies are taken out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import UsageError
from qctl.core.sequence import Listening, Playlist, Sequence, Track

from .figure import figure_of, named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FULL_SCALE = 32767
ROW_HEIGHT = 0.8  # inches
SEEN = 0.004  # of full scale: what settles below it is drawn, but makes no figure longer
COLOURS = {"I": "#1f6fb4", "Q": "#d9731a", "": "#2e8540"}


def draw_samples(sequence: Sequence, playlists: Mapping[str, Playlist], title: str = "", point: int = 0) -> Figure:
    """Return a figure of one sweep point.

    Parameters
    ----------
    sequence : as `qctl.Lab.compile` gives it
    playlists : of the sequence, by `qctl.Lab.playlists`: samples are drawn as they would be uploaded

    Raises
    ------
    UsageError
        When there is no such point, or matplotlib is not installed.
    """
    if not 0 <= point < sequence.n_points:
        raise UsageError(f"sweep point {point}", allowed=f"0 to {sequence.n_points - 1}")
    tracks = {name: sequence.tracks[name] for name in lines_of(sequence, point) if name in sequence.tracks}
    n_rows = max(1, len(tracks) + len(sequence.digital))
    figure, rows = figure_of(n_rows, ROW_HEIGHT * n_rows + 1.2)
    end, highest = 0.0, 0.05
    for axes, (name, track) in zip(rows, tracks.items(), strict=False):
        for label, (time, values) in samples_of(track, playlists, point).items():
            axes.plot(time, values, color=COLOURS[label], linewidth=0.7, label=label or "output")
            busy = np.flatnonzero(np.abs(values - values[-1]) > SEEN)
            highest = max(highest, float(np.abs(values).max()))
            end = max(end, float(time[busy[-1]]) if len(busy) else 0.0)
        listening = sequence.listening.get(name)
        for start, stop in windows_of(listening, track, point) if listening is not None else ():
            axes.axvspan(start, stop, color="0.85", zorder=0)
            end = max(end, stop)
        named(axes, name)
        axes.tick_params(labelsize=7)
        axes.grid(axis="x", linewidth=0.3)
    for axes in rows:
        axes.set_ylim(-1.15 * highest, 1.15 * highest)
    for axes, (name, digital) in zip(rows[len(tracks) :], sequence.digital.items(), strict=False):
        named(axes, name)
        axes.set_yticks([])
        for start, stop in (digital.spans * 1e9).tolist():
            axes.axvspan(start, stop, color=COLOURS[""])
            end = max(end, stop)
    _in_seconds(rows[-1])
    rows[-1].set_xlim(-sequence.lead * 1e9, max(end, 1.0) * 1.02)
    said = "fraction of full scale; I blue, Q orange, flux, beams and switches green, listening grey"
    rows[0].set_title(f"{title}: {said}" if title else said, fontsize=9)
    return figure


def _in_seconds(axes: Axes) -> None:
    """Label an axis of nanoseconds with the prefix that suits its length: a shot of atoms lasts for 100 ms."""
    from matplotlib.ticker import EngFormatter

    seconds = EngFormatter("s")
    axes.xaxis.set_major_formatter(lambda time, _: seconds(time * 1e-9))
    axes.set_xlabel("time at the chip")


def lines_of(sequence: Sequence, point: int = 0) -> list[str]:
    """Return the lines that a sweep point uses."""
    playing = [name for name, track in sequence.tracks.items() if np.any(track.plays["point"] == point)]
    return [*playing, *sequence.digital]


def samples_of(
    track: Track, playlists: Mapping[str, Playlist], point: int = 0
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return time (ns) and value (fraction of full scale) of each output at a sweep point, as uploaded."""
    found = {}
    for label, port in zip(("I", "Q") if len(track.outputs) == 2 else ("",), track.outputs, strict=True):
        playlist = playlists[port.instrument]
        codes = playlist.waveforms[playlist.steps[point, port.number - 1]].codes
        found[label] = ((np.arange(len(codes)) - track.delay) / track.sample_rate * 1e9, codes / FULL_SCALE)
    return found


def windows_of(listening: Listening, track: Track, point: int = 0) -> list[tuple[float, float]]:
    """Return start and end (ns) of the spans in which a point is heard; the first begins with its tone."""
    windows = listening.windows[listening.windows["point"] == point]
    scale = 1e9 / listening.sample_rate
    first_tone = int(track.plays["start"][track.plays["point"] == point].min()) / track.sample_rate * 1e9
    way = int(windows["start"].min()) * scale - first_tone
    spans = {(int(w["start"]) * scale - way, int(w["start"] + w["length"]) * scale - way) for w in windows}
    return sorted(spans)
