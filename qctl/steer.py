"""One trip round for a program that the host steers within shots: parts to result."""

from __future__ import annotations

from qctl.compile import flatten
from qctl.compile.host import Steered
from qctl.control import Station
from qctl.control.parts import PartsPlayer
from qctl.control.photons import Photons
from qctl.core.parameters import Parameters
from qctl.core.protocols import Limits
from qctl.core.result import Result
from qctl.readout import ion_thresholds, read_parts


def steer(station: Station, ready: Steered, known: Parameters, limits: Limits) -> Result:
    """Play all shots of a program in parts, on a station at its operating point, and read them out.

    Raises
    ------
    InstrumentError
        When an instrument fails, or more decisions are late than in time.
    """
    playlists = flatten(ready.sequence, station.laboratory, limits)
    side = Photons(station, ready.sequence, ready.tree, ion_thresholds(ready.sequence.qubits, known))
    player = PartsPlayer(station, ready.sequence, ready.tree, playlists, side, ready.most_deep)
    played = player.play(ready.program.shots, known.id)
    return read_parts(played, ready.program, ready.measuring, ready.tree, known, station.laboratory)
