"""Draw a sequence: one row for each line in use, I and Q over time in ns, shaded where a digitizer listens.

Lines are drawn as they meet at the chip: cable delays and trigger latencies are taken out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import UsageError
from qctl.core.sequence import Listening, Playlist, Sequence, Track

FULL_SCALE = 32767
ROW_HEIGHT, WIDTH = 0.8, 11.0  # inches
COLOURS = {"I": "#1f6fb4", "Q": "#d9731a", "": "#2e8540"}


def draw(sequence: Sequence, playlists: Mapping[str, Playlist], title: str, out: Path) -> list[str]:
    """Write a picture of the first sweep point; return the lines that it shows.

    Parameters
    ----------
    sequence, playlists : what is played and heard; samples are taken from the playlists, as they would be uploaded
    out : its suffix says the format

    Raises
    ------
    UsageError
        When matplotlib is not installed, or cannot write such a file.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as reason:
        raise UsageError("drawing needs matplotlib", remedy="pip install 'qctl[plot]'") from reason
    tracks = {name: track for name, track in sequence.tracks.items() if np.any(track.plays["point"] == 0)}
    n_rows = max(1, len(tracks) + len(sequence.digital))
    height = ROW_HEIGHT * n_rows + 1.2
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(n_rows, 1, sharex=True, squeeze=False)[:, 0]
    end, highest = 0.0, 0.05
    for axes, (name, track) in zip(rows, tracks.items(), strict=False):
        for label, (time, values) in samples_of(track, playlists).items():
            axes.plot(time, values, color=COLOURS[label], linewidth=0.7, label=label or "output")
            busy = np.flatnonzero(values != values[-1])
            highest = max(highest, float(np.abs(values).max()))
            end = max(end, float(time[busy[-1]]) if len(busy) else 0.0)
        listening = sequence.listening.get(name)
        if listening is not None:
            spans = windows_of(listening, track)
            end = max(end, *(stop for _, stop in spans))
            for start, stop in spans:
                axes.axvspan(start, stop, color="0.85", zorder=0)
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
        axes.tick_params(labelsize=7)
        axes.grid(axis="x", linewidth=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in rows:
        axes.set_ylim(-1.15 * highest, 1.15 * highest)
    for axes, (name, digital) in zip(rows[len(tracks) :], sequence.digital.items(), strict=False):
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
        axes.set_yticks([])
        axes.spines[["top", "right"]].set_visible(False)
        for start, stop in (digital.spans * 1e9).tolist():
            axes.axvspan(start, stop, color=COLOURS[""])
            end = max(end, stop)
    rows[-1].set_xlabel("time at the chip (ns)")
    rows[-1].set_xlim(-sequence.lead * 1e9, max(end, 1.0) * 1.02)
    rows[0].set_title(
        f"{title}: fraction of full scale; I blue, Q orange, flux, beams and switches green, listening grey", fontsize=9
    )
    try:
        figure.savefig(out, dpi=130)
    except (ValueError, OSError) as reason:
        raise UsageError(f"cannot write {str(out)!r} ({reason})", allowed="a .png, .pdf or .svg file") from reason
    return [*tracks, *sequence.digital]


def samples_of(
    track: Track, playlists: Mapping[str, Playlist]
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return time (ns) and value (fraction of full scale) of each output at the first sweep point, as uploaded."""
    found = {}
    for label, port in zip(("I", "Q") if len(track.outputs) == 2 else ("",), track.outputs, strict=True):
        playlist = playlists[port.instrument]
        codes = playlist.waveforms[playlist.steps[0, port.number - 1]].codes
        found[label] = ((np.arange(len(codes)) - track.delay) / track.sample_rate * 1e9, codes / FULL_SCALE)
    return found


def windows_of(listening: Listening, track: Track) -> list[tuple[float, float]]:
    """Return start and end (ns) of the spans in which the first point is heard; the first begins with its tone."""
    windows = listening.windows[listening.windows["point"] == 0]
    scale = 1e9 / listening.sample_rate
    first_tone = int(track.plays["start"][track.plays["point"] == 0].min()) / track.sample_rate * 1e9
    way = int(windows["start"].min()) * scale - first_tone
    spans = {(int(w["start"]) * scale - way, int(w["start"] + w["length"]) * scale - way) for w in windows}
    return sorted(spans)
