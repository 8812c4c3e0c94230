"""The lights of a shot: traps emptied, loaded, seen, cooled and pumped before the waveforms; probed and seen behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.sequence import Digital, Exposing

Known = Mapping[str, float]
Span = tuple[float, float]

GRID = 10e-6  # s, of all edges
SOON = 50e-6  # s from pumping to the first waveform, and from the last one to probe light
DARKEN = 5e-3  # s in which the cloud falls away before the first image
CLEAR = 1e-3  # s between an image and other light
TRIGGER = 20e-6  # s, of the pulse that starts the waveforms

PRESENT, STATE, LEFT = 0, 1, 2
"""Images of a shot: who is there, who is in 1, who is left."""


@dataclass(frozen=True)
class Lights:
    """Spans of each line, s after the trigger, and the three exposures.

    Parameters
    ----------
    lead : s by which everything begins before the trigger
    """

    spans: Mapping[str, tuple[Span, ...]]
    exposures: tuple[Span, ...]
    lead: float

    def seen_in(self, exposure: Span) -> Lights:
        """Return the same with states told by another exposure, without probe light on all atoms."""
        spans = {line: several for line, several in self.spans.items() if line != "probe"}
        first, _, last = self.exposures
        return Lights(spans, (first, exposure, last), self.lead)


def lights(known: Known, length: float) -> Lights:
    """Return all lights around waveforms of ``length`` seconds."""
    lasts = {line: _grid(known[f"{line}.duration"]) for line in TIMED}
    pump = _before(-SOON, lasts["pumping"])
    cool = _before(pump[0] - 4 * SOON, lasts["cooling"])
    first = _before(cool[0] - CLEAR, lasts["imaging"])
    mot = _before(first[0] - DARKEN, lasts["mot"])
    empty = _before(mot[0] - CLEAR, lasts["trap_off"])
    end = _grid(length) + SOON
    probe = (end, end + lasts["probe"])
    last = (probe[1] + CLEAR, probe[1] + CLEAR + lasts["imaging"])
    spans = {
        "trap_off": (empty,),
        "mot": (mot,),
        "imaging": (first, last),
        "cooling": (cool,),
        "pumping": (pump,),
        "probe": (probe,),
    }
    return Lights(spans, (first, probe, last), GRID - empty[0])


TIMED = ("trap_off", "mot", "imaging", "cooling", "pumping", "probe")


def digital(lab: Laboratory, what: Lights) -> dict[str, Digital]:
    """Return what each output of the pulse generator gives, the trigger and the camera's exposures included."""
    spans = dict(what.spans)
    cameras = {line.seen_by.instrument for line in lab.lines.values() if line.seen_by is not None}
    for name, line in lab.lines.items():
        if line.switch is not None and line.starts:
            spans[name] = what.exposures if cameras & set(line.starts) else ((0.0, TRIGGER),)
    return {
        name: Digital(port, np.array(sorted(spans[name]), np.float64))
        for name, line in lab.lines.items()
        if name in spans and (port := line.switch) is not None
    }


def exposing(
    lab: Laboratory,
    what: Lights,
    reads: NDArray[np.void],
    watched: NDArray[np.void],
    away: Mapping[int, tuple[float, float]] | None = None,
    turned: frozenset[int] = frozenset(),
) -> dict[str, Exposing]:
    """Return what the camera is to look at: reads name the image that tells states, watched who else must be there."""
    checks = {PRESENT: "present", LEFT: "left"}
    return {
        name: Exposing(line.seen_by, np.array(what.exposures), reads, checks, watched, away or {}, turned)
        for name, line in lab.lines.items()
        if line.seen_by is not None
    }


def _before(end: float, seconds: float) -> Span:
    return end - seconds, end


def _grid(seconds: float) -> float:
    return float(np.ceil(seconds / GRID - 1e-6)) * GRID
