"""One trip round for programs that the host steers within shots: parts to result, one sweep point after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from qctl.compile import flatten
from qctl.compile.host import Steered
from qctl.control import Station
from qctl.control.frames import Frames
from qctl.control.parts import PartsPlayer, Side
from qctl.control.photons import Photons
from qctl.control.sorting import assigned
from qctl.core.parameters import Parameters
from qctl.core.played import Played
from qctl.core.protocols import Limits
from qctl.core.record import Timing
from qctl.core.result import Result, points_in_a_row
from qctl.core.sequence import Playlist
from qctl.core.sequence import Sequence as Playable
from qctl.core.tree import Tree
from qctl.readout import at_spots, ion_thresholds, loaded_sites, read_parts


def steer(station: Station, points: Sequence[Steered], known: Parameters, limits: Limits) -> Result:
    """Play all shots of a program in parts, on a station at its operating point, and read them out.

    Parameters
    ----------
    points : its sweep points, each with the shots that it gets

    Raises
    ------
    InstrumentError
        When an instrument fails, or more decisions are late than in time.
    """
    results, timing = list[Result](), Timing()
    for one in points:
        played = play_in_parts(station, one.sequence, flatten(one.sequence, station.laboratory, limits), known)
        tree = one.tree
        results.append(read_parts(played, one.program, one.measuring, tree, known, station.laboratory, one.point))
        timing += results[-1].timing
    ways: dict[str, int] = {}
    for result in results:
        ways |= {way: ways.get(way, 0) + number for way, number in result.ways.items()}
    return replace(points_in_a_row(results), timing=timing, ways=ways)


def play_in_parts(station: Station, sequence: Playable, playlists: Mapping[str, Playlist], known: Parameters) -> Played:
    """Play all shots of one sweep point.

    Parameters
    ----------
    sequence : whose sweep points are the parts, and whose tree says what follows what
    playlists : what each AWG plays in each part
    known : says what answers are told from

    Raises
    ------
    InstrumentError
        When an instrument fails, or more decisions are late than in time.
    """
    tree = sequence.tree
    assert tree is not None
    side = _side(station, sequence, tree, tuple(playlists), known)
    return PartsPlayer(station, sequence, tree, playlists, side, tree.depth).play(sequence.shots, known.id)


def _side(station: Station, sequence: Playable, tree: Tree, awgs: tuple[str, ...], known: Parameters) -> Side:
    """Return who listens: counters, or a camera that also sees to it that atoms are there."""
    if sequence.gathering is None:
        return Photons(station, sequence, tree, ion_thresholds(sequence.qubits, known))
    look = partial(loaded_sites, sequence.qubits, known)
    tell = at_spots(sequence.gathering.spots)
    return Frames(station, sequence, tree, awgs, look, tell, assigned(station.laboratory, known, sequence.filled))
