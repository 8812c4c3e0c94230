"""Plays a sequence as it asks for: straight through, with decisions within its shots, or with its atoms sorted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from qctl.control import Station, play, play_deciding, play_sorted
from qctl.core.parameters import Parameters
from qctl.core.record import Record
from qctl.core.sequence import Playlist, Sequence


def play_as_asked(
    station: Station, sequence: Sequence, playlists: Mapping[str, Playlist], parameters_id: str,
    known: Parameters | None,
) -> Record:  # fmt: skip
    """Play a sequence and return what was recorded.

    Parameters
    ----------
    known : says in which sites an image shows atoms; not needed unless the sequence has sites to be filled

    Raises
    ------
    InstrumentError
        When an instrument fails, or arrays are loaded too thinly again and again.
    """
    if sequence.branching is not None:
        return play_deciding(station, sequence, playlists, parameters_id)
    if not sequence.filled:
        return play(station, sequence, playlists, parameters_id)
    from qctl.readout import loaded_sites  # only arrays need it

    assert known is not None
    return play_sorted(station, sequence, playlists, known, partial(loaded_sites, sequence.qubits, known))
