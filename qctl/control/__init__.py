"""Sequence to Record: load, arm, trigger, fetch, and safe on any way out."""

from .batches import batches, shots_at_once
from .deciding import play_deciding
from .drivers import drivers_of, limits_of
from .operating import operating_point
from .play import play
from .safe import make_safe
from .sorting import play_sorted
from .station import Station, open_station

__all__ = [
    "Station",
    "batches",
    "drivers_of",
    "limits_of",
    "make_safe",
    "open_station",
    "operating_point",
    "play",
    "play_deciding",
    "play_sorted",
    "shots_at_once",
]
