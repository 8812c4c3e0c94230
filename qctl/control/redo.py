"""A chunk of shots is whole, or discarded whole and played again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from qctl.core.errors import InstrumentError

from .station import Station
from .stopwatch import Stopwatch
from .upload import forget

REDOS = 2  # a chunk that is not whole is played again at most this often


class Chunk(NamedTuple):
    """Shots ``first`` to before ``last``; ``segments`` are recorded in them."""

    first: int
    last: int
    segments: int


def until_whole(
    attempt: Callable[[], None],
    stop: Callable[[], None],
    chunk: Chunk,
    watch: Stopwatch,
    station: Station,
    loaded: Iterable[str],
) -> None:
    """Play and fetch a chunk; what a fault left of it is discarded and counted.

    Parameters
    ----------
    attempt : plays and fetches it once
    stop : everything that plays, before the next attempt
    loaded : whose program memory is not to be trusted after a fault

    Raises
    ------
    InstrumentError
        That of the last attempt.
    """
    for number in range(REDOS + 1):
        try:
            attempt()
        except InstrumentError as error:
            watch.discarded_segments += chunk.segments
            watch.count("redone chunks" if number < REDOS else "given up chunks")
            forget(station, loaded)
            if number == REDOS:
                error.add_note(f"shots {chunk.first} to {chunk.last} were tried {REDOS + 1} times")
                raise
            stop()
        else:
            return
