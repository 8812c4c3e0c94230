"""Bring playlists into AWGs and pulses into pulse generators, only where the memory holds something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from qctl.core.protocols import PulseGenerator
from qctl.core.sequence import Playlist

from .station import Station
from .together import each


def digest_of(playlist: Playlist) -> str:
    """Return a hash of everything that an AWG would play."""
    return playlist.digest


def upload(station: Station, playlists: Mapping[str, Playlist]) -> int:
    """Load what changed, all AWGs at once; return how many were loaded."""
    wanted = {name: digest_of(playlist) for name, playlist in playlists.items()}
    changed = {name: playlists[name] for name in playlists if station.loaded.get(name) != wanted[name]}
    forget(station, changed)  # until it is loaded and checked, nobody knows what is in there

    def load(name: str, playlist: Playlist) -> None:
        awg = station.awg(name)
        awg.load(playlist)
        awg.check()
        station.loaded[name] = wanted[name]

    each(load, changed)
    return len(changed)


def upload_pulses(
    station: Station, name: str, pulser: PulseGenerator, pulses: Mapping[int, NDArray[np.float64]]
) -> bool:
    """Load what a pulse generator gives in a shot, if it changed; say whether it did."""
    content = repr(sorted((output, spans.tolist()) for output, spans in pulses.items()))
    if station.loaded.get(name) == content:
        return False
    forget(station, [name])
    pulser.load(pulses)
    pulser.check()
    station.loaded[name] = content
    return True


def forget(station: Station, names: Iterable[str]) -> None:
    """Count the program memory of these AWGs as dirty: it is loaded again before the next start."""
    for name in names:
        station.loaded.pop(name, None)
