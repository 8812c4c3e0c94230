"""What happens to atoms during one shot, in order of time, as the lines really carry it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise

import numpy as np

from qctl.core.laboratory import Laboratory

from ..memory import Memory
from ..stage import Exposing, Playing
from .journeys import Journey, Places, beams, journeys_of
from .optics import Light, pulses
from .switches import Lines, Span, cut, overlap, united
from .tones import Tones, journeys
from .twin import AtomTwin

LONG_DARK = 200e-6  # s without trap light after which nothing is left


class What(IntEnum):
    """Kinds of events; of those that end together the lower comes first."""

    RAMAN = 0
    LOCAL = 1
    RYDBERG = 2
    DARK = 3
    TRAVEL = 4
    LOAD = 5
    COOL = 6
    PUMP = 7
    PUSH = 8
    SHINE = 9  # light on atoms in the zone
    CALM = 10  # cooling light on them
    EMPTY = 11  # pumping light on them
    IMAGE = 12


@dataclass(frozen=True)
class Event:
    """Something between two moments, s after the start of the shot.

    Parameters
    ----------
    light : Raman or Rydberg pulse
    journey : of movable tweezers
    at : where the local beam points, m, and the share of its amplitude that gets there
    red, trapped : whether the other Rydberg beam, and trap light of array and zone, is on meanwhile
    lit, probed : loading: seconds with the traps on; exposure: seconds of imaging light and of probe light within it
    number : of the exposure (-1 none), or which traps (0 array, 1 zone)
    held : places over which a movable trap stands all the time
    """

    what: What
    start: float
    end: float
    light: Light | None = None
    journey: Journey | None = None
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)
    red: bool = False
    trapped: tuple[bool, bool] = (True, True)
    lit: float = 0.0
    probed: float = 0.0
    number: int = 0
    held: tuple[int, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Events in order of time, and whether the shot begins with empty traps that are loaded anew."""

    events: tuple[Event, ...]
    anew: bool


class Planner:
    """Makes plans; journeys and pulses are remembered by the waveforms they came from."""

    def __init__(self, laboratory: Laboratory, truth: AtomTwin) -> None:
        self.laboratory, self.truth = laboratory, truth
        sites = truth.sites.values()
        self.places = Places(np.array([[s.x, s.y] for s in sites]), np.array([s.depth for s in sites]))
        self._memory = Memory(1 << 27)

    def plan(self, lines: Lines, exposing: Exposing | None, frequency: float, rydberg: float) -> Plan:
        """Return what happens in a shot.

        Parameters
        ----------
        frequency, rydberg : of Raman and blue modulators in resonance, Hz, as they are now
        """
        truth = self.truth
        both = lines.spans("dark")
        # One switch turns the loading light on and the traps of the zone off: nothing is loaded there.
        dark = [united(lines.spans(line) + both) for line in ("trap_off", "mot")]
        travels = self._travels(lines)
        events = self._switched(lines, dark, travels) + travels
        events += self._seen(lines, exposing)
        for light in self._pulses(lines.wave("raman"), frequency, truth.qubits.bandwidth):
            events.append(Event(What.RAMAN, light.start, light.end, light))
        events += self._local(lines, frequency)
        red = lines.spans("rydberg_red")
        for light in self._pulses(lines.wave("rydberg_blue"), rydberg, truth.rydberg.bandwidth):
            span = light.start, light.end
            trapped = (
                overlap(dark[0], span) < 0.5 * (span[1] - span[0]),
                overlap(dark[1], span) < 0.5 * (span[1] - span[0]),
            )
            on = overlap(red, span) > 0.5 * (span[1] - span[0])
            events.append(Event(What.RYDBERG, *span, light, red=on, trapped=trapped))
        ordered = tuple(sorted(_interrupted(events), key=lambda e: (e.end, e.what)))
        return Plan(ordered, _begins_anew(ordered))

    def _switched(self, lines: Lines, dark: list[list[Span]], travels: list[Event]) -> list[Event]:
        zone = (What.CALM, "zone_cooling"), (What.EMPTY, "zone_pumping")
        kinds = ((What.COOL, "cooling"), (What.PUMP, "pumping"), (What.PUSH, "pushout"), *zone)
        events = [Event(kind, *span) for kind, line in kinds for span in lines.spans(line)]
        events += [Event(What.DARK, *s, number=k, held=_held(travels, s)) for k in (0, 1) for s in dark[k]]
        for span in lines.spans("mot"):
            events.append(Event(What.LOAD, *span, lit=span[1] - span[0] - overlap(dark[0], span)))
        return events

    def _seen(self, lines: Lines, exposing: Exposing | None) -> list[Event]:
        # Cooling and loading light make atoms shine as well, where a stuck shutter lets it into an exposure.
        shining = [span for line in ("imaging", "cooling", "mot") for span in lines.spans(line)]
        imaging, probe = united(shining), lines.spans("probe")
        spans = [] if exposing is None else [(float(a), float(b)) for a, b in exposing.exposures]
        images = [
            Event(What.IMAGE, *span, lit=overlap(imaging, span), probed=overlap(probe, span), number=k)
            for k, span in enumerate(spans)
        ]
        return images + [
            Event(What.SHINE, *part, number=number)
            for light in lines.spans("zone_light")
            for part, number in cut(light, spans)
        ]

    def _travels(self, lines: Lines) -> list[Event]:
        x, y = lines.wave("tweezers_x"), lines.wave("tweezers_y")
        if x is None or y is None:
            return []
        key = "travel", x.digest, y.digest
        found = self._memory.get(
            key, lambda: _Many(journeys_of(x, y, self.truth.deflector, self.truth.tweezers, self.places, self._memory))
        )
        return [Event(What.TRAVEL, one.start, one.end, journey=one) for one in found.items]

    def _pulses(self, playing: Playing | None, frequency: float, bandwidth: float) -> list[Light]:
        if playing is None:
            return []
        key = "pulses", playing.digest, frequency, bandwidth
        return self._memory.get(key, lambda: _Many(pulses(playing, frequency, bandwidth))).items

    def _local(self, lines: Lines, frequency: float) -> list[Event]:
        lights = self._pulses(lines.wave("raman_local"), frequency, self.truth.qubits.bandwidth)
        x, y = lines.wave("pointer_x"), lines.wave("pointer_y")
        if not lights or x is None or y is None:
            return []
        tones = [
            self._memory.get(("pointer", one.digest), lambda one=one: _Many(journeys(one, self._memory))).items  # type: ignore[misc]
            for one in (x, y)
        ]
        spans = tuple((light.start, light.end) for light in lights)
        pointed = self._memory.get(
            ("pointed", x.digest, y.digest, spans),
            lambda: _Many([_pointed(span, tones[0], tones[1], self.truth) for span in spans]),
        )
        return [
            Event(What.LOCAL, light.start, light.end, light, at=where)
            for light, many in zip(lights, pointed.items, strict=True)
            for where in many
        ]


def _interrupted(events: list[Event]) -> list[Event]:
    """Return events with pumping light cut where others begin and end: what stays on pumps before each of them."""
    edges = sorted({edge for e in events if e.what is not What.PUMP for edge in (e.start, e.end)})
    found = list[Event]()
    for event in events:
        inner = [edge for edge in edges if event.start < edge < event.end] if event.what is What.PUMP else []
        times = [event.start, *inner, event.end]
        found += [replace(event, start=a, end=b) for a, b in pairwise(times)]
    return found


def _held(travels: list[Event], span: Span) -> tuple[int, ...]:
    held = [one.journey.holds(*span) for one in travels if one.journey is not None]
    return tuple(np.flatnonzero(np.any(held, axis=0)).tolist()) if held else ()


@dataclass(frozen=True)
class _Many:
    """A list that knows its size."""

    items: list  # type: ignore[type-arg]

    @property
    def nbytes(self) -> int:
        """Return about how many bytes they take."""
        return sum(getattr(one, "nbytes", 1 << 12) for one in self.items) + (1 << 10)


def _pointed(span: Span, x: list[Tones], y: list[Tones], truth: AtomTwin) -> list[tuple[float, float, float]]:
    """Return where the local beam points in the middle of a pulse, and the share of amplitude of each spot."""
    middle = (span[0] + span[1]) / 2
    for part in x:
        hop = int(np.argmin(np.abs(part.times - middle)))
        if abs(part.times[hop] - middle) < 5e-6:
            xy, depth = beams(part.at(hop), [other.near(middle) for other in y], truth.pointer)
            return [
                (float(p[0]), float(p[1]), float(np.sqrt(d))) for p, d in zip(xy[0], depth[0], strict=True) if d > 0
            ]
    return []


def _begins_anew(events: tuple[Event, ...]) -> bool:
    """Tell whether no atom from before can be there when the traps are loaded."""
    for event in events:
        if event.what is What.DARK and event.number == 0 and event.end - event.start > LONG_DARK:
            return True
        if event.what not in (What.DARK, What.PUMP):
            return False
    return False
