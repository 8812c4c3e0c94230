"""What one operation plays, line by line: local Raman pulses, journeys to the zone and back, Rydberg gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.pulse import Pulse, Tone

from ..envelopes import flat_top
from ..pulses import carrier_of, played_line
from ..waves import envelope
from ..wiring import sample_rate
from .known import array_of
from .paths import Array, Way, wave

Known = Mapping[str, float]
Envelope = NDArray[np.complex128]

SETTLE, AFTER = 12e-6, 6e-6  # s that the pointer stands before and behind a pulse: sound crosses its beam in 10 us
EDGE = 0.2e-6  # s, of Raman pulses
REST = 50e-6  # s between journeys
LOCAL, POINTER = "raman_local", frozenset({"pointer_x", "pointer_y"})  # the beam on one atom, and what points it
RADIO = POINTER | {LOCAL, "raman", "tweezers_x", "tweezers_y", "rydberg_blue"}  # light and traps that follow a tone
MARGIN = 2e-6  # s for which traps are off before and behind a Rydberg pulse


@dataclass(frozen=True)
class Play:
    """One waveform on one line.

    Parameters
    ----------
    line : name
    start : s after the start of the operation
    envelope : complex128, peak 1
    amplitude : fraction of full scale
    carrier : Hz
    phase : rad, of the waveform, beside that of the operation
    follows : the phase of the operation turns it
    """

    line: str
    start: float
    envelope: Envelope
    amplitude: float
    carrier: float = 0.0
    phase: float = 0.0
    follows: bool = False


def rate_of(lab: Laboratory, line: str) -> float:
    """Return the sample rate of a line, Hz."""
    return sample_rate(lab, lab.lines[line].outputs[0])


def flat(lab: Laboratory, line: str, seconds: float, edge: float = 0.0) -> Envelope:
    """Return a flat top on a line's samples."""
    rate = rate_of(lab, line)
    return flat_top(round(seconds * rate), round(edge * rate))


def axis(known: Known, array: str, line: str) -> tuple[float, float, float]:
    """Return the map of a deflector, Hz."""
    return known[f"{array}.{line}.map_1"], known[f"{array}.{line}.map_2"], known[f"{array}.{line}.map_3"]


def rotation_time(known: Known, qubit: str, kind: str) -> float:
    """Return how long a local rotation takes, the pointer's settling included, s."""
    return SETTLE + known[f"{qubit}.{kind}.duration"] + AFTER


def rotation(lab: Laboratory, known: Known, qubit: str, kind: str) -> list[Play]:
    """Return a pulse of local Raman light on one atom: ``x90`` or ``x180``."""
    seconds = known[f"{qubit}.{kind}.duration"]
    plays = _pointed(lab, known, qubit, seconds)
    shape = flat(lab, LOCAL, seconds, min(EDGE, seconds / 2))
    amplitude, strongest = known[f"{qubit}.{kind}.amplitude"], known[f"{qubit}.x180.amplitude"]
    if known[f"{qubit}.x180.shift"] and strongest:
        # Light follows the frequency that it shifts, about the middle of the pulse: its phase there stays.
        shift = known[f"{qubit}.x180.shift"] * amplitude / strongest
        t = (np.arange(len(shape)) + 0.5) / rate_of(lab, LOCAL) - seconds / 2
        shape = shape * np.exp(2j * np.pi * shift * t)
    plays.append(Play(LOCAL, SETTLE, shape, amplitude, known[f"{qubit}.frequency"], follows=True))
    return plays


def _pointed(lab: Laboratory, known: Known, qubit: str, seconds: float) -> list[Play]:
    """Return what points the local beam at an atom for so long, from SETTLE on."""
    row, column, array = known[f"{qubit}.site.row"], known[f"{qubit}.site.column"], array_of(lab)
    plays = []
    for line in sorted(POINTER):
        first, across, up = axis(known, array, line)
        shape = flat(lab, line, SETTLE + seconds + AFTER)
        plays.append(Play(line, 0.0, shape, known[f"{array}.{line}.level"], first + across * column + up * row))
    return plays


@dataclass(frozen=True)
class Visit:
    """When two atoms travel, s after the start of a gate: out, then the gate, then back in the other order."""

    ways: tuple[Way, Way]
    out: tuple[float, float]
    pulse: float
    back: tuple[float, float]
    total: float

    def away(self, which: int) -> float:
        """Return for how long an atom is away from its site, s."""
        return self.back[which] + self.ways[which].duration - self.out[which]


def visit(lab: Laboratory, known: Known, a: int, b: int, tick: float) -> Visit:
    """Return the journeys of two atoms, all on the grid of ticks."""
    places = Array.of(lab, known)
    ways = places.to_zone(a, 0), places.to_zone(b, 1)
    first = 0.0
    second = _up(first + ways[0].duration + REST, tick)
    pulse = _up(second + ways[1].duration + REST / 2, tick)
    window = known[f"{array_of(lab)}.gate.duration"] + 2 * MARGIN
    second_back = _up(pulse + window + REST / 2, tick)
    first_back = _up(second_back + ways[1].duration + REST, tick)
    total = _up(first_back + ways[0].duration + REST, tick)
    return Visit(ways, (first, second), pulse, (first_back, second_back), total)


def _up(seconds: float, tick: float) -> float:
    return float(np.ceil(seconds / tick - 1e-6)) * tick


def cz(lab: Laboratory, known: Known, a: int, b: int, tick: float) -> list[Play]:
    """Return a CZ: both atoms to the zone, one Rydberg pulse with all traps off, and back."""
    array, plan, plays = array_of(lab), visit(lab, known, a, b, tick), list[Play]()
    for line in ("tweezers_x", "tweezers_y"):
        for k, way in enumerate(plan.ways):
            for start, one in ((plan.out[k], way), (plan.back[k], way.back)):
                shape = travelled(one, axis(known, array, line), rate_of(lab, line))
                plays.append(Play(line, start, shape, known[f"{array}.{line}.level"]))
    seconds, rate = known[f"{array}.gate.duration"], rate_of(lab, "rydberg_blue")
    window = np.ceil(seconds * rate) / rate + 2 * MARGIN
    for line in ("dark", "rydberg_red"):
        plays.append(Play(line, plan.pulse, flat(lab, line, window), known[f"{array}.switch.level"]))
    shape = gate(known, array, rate)
    if len(shape):
        # The tone begins with the same phase in every gate: a pulse is so short that its edges depend on it.
        turns = known[f"{array}.rydberg.resonance"] * (np.arange(len(shape)) + 0.5) / rate
        level = known[f"{array}.rydberg.level"]
        plays.append(Play("rydberg_blue", plan.pulse + MARGIN, shape * np.exp(2j * np.pi * turns), level))
    return plays


def carried(lab: Laboratory, known: Known, way: Way) -> list[Play]:
    """Return what both deflectors of the movable traps play along a way."""
    array = array_of(lab)
    return [
        Play(line, 0.0, travelled(way, axis(known, array, line), rate_of(lab, line)), known[f"{array}.{line}.level"])
        for line in ("tweezers_x", "tweezers_y")
    ]


@lru_cache(maxsize=512)
def travelled(way: Way, line: tuple[float, float, float], rate: float) -> Envelope:
    """Return the tone of one deflector along a way, see `wave`; computed once."""
    found = wave(way, line, rate)
    found.setflags(write=False)
    return found


def gate(known: Known, array: str, rate: float) -> Envelope:
    """Return the envelope of the Rydberg gate; a duration between two samples makes the last one weaker.

    The time-optimal phase (Jandura and Pupillo, Quantum 6, 712) is odd about the middle of the pulse: its cosine, which
    lags by 0.156 rad, passes 3 pi / 2 there. Hung on the middle it stays so when the duration changes. Edges are soft:
    behind a sharp one a modulator also lets the mirror image of the tone through, which no phase of the pulse undoes.
    """
    seconds, rabi = known[f"{array}.gate.duration"], 2 * np.pi * known[f"{array}.rydberg.rabi"]
    parts = ("depth", "swing", "lag", "slope", "edge")
    depth, swing, lag, slope, edge = (known[f"{array}.gate.{part}"] for part in parts)
    n = int(np.ceil(seconds * rate - 1e-9))
    t = (np.arange(n) + 0.5) / rate
    middle = t - seconds / 2
    phase = depth * np.sin(swing * rabi * middle - lag) + slope * rabi * middle
    return np.asarray(soft(t, seconds, edge, rate) * np.exp(1j * phase))


def soft(t: NDArray[np.floating[Any]], seconds: float, edge: float, rate: float) -> NDArray[np.float64]:
    """Return a pulse's height at the middles ``t`` of its samples: sine squared edges, or a weaker last sample."""
    if edge > 0:
        return np.asarray(np.sin(np.pi / 2 * np.clip(np.minimum(t, seconds - t) / edge, 0, 1)) ** 2)
    height = np.ones(len(t))
    if len(t):
        height[-1] = seconds * rate - (len(t) - 1)
    return height


def pulse_time(one: Pulse) -> float:
    """Return how long a pulse that no gate stands for takes, the pointer's settling included, s."""
    return one.duration + (SETTLE + AFTER if _is_pointed(one) else 0.0)


def pulse(lab: Laboratory, known: Known, one: Pulse, on: Sequence[int]) -> list[Play]:
    """Return the tones of a pulse that no gate stands for; frequencies are those of the lines' own outputs.

    The pointer stands on the atom before and behind local Raman light, as in a rotation, unless the pulse moves it
    itself.

    Raises
    ------
    CompileError
        For lines that play no samples, tones without a frequency where light needs one, and local light on two atoms.
    """
    if not _is_pointed(one):
        return [_tone(lab, tone) for tone in one.tones]
    if len(on) != 1:
        raise CompileError(
            f"a pulse on {LOCAL} that keeps {len(on)} atoms busy",
            allowed="one: the pointer stands on it",
            where=lab.name,
            remedy="play on pointer_x and pointer_y, too, to point elsewhere",
        )
    late = [_tone(lab, replace(tone, start=tone.start + SETTLE)) for tone in one.tones]
    return [*_pointed(lab, known, lab.qubit_names[on[0]], one.duration), *late]


def _is_pointed(one: Pulse) -> bool:
    lines = {tone.line for tone in one.tones}
    return LOCAL in lines and not lines & POINTER


def _tone(lab: Laboratory, tone: Tone) -> Play:
    played_line(lab, tone.line)
    if tone.frequency is None and tone.line in RADIO:
        raise CompileError("a tone without a frequency", allowed="a frequency in Hz on this line", where=tone.line)
    shape, amplitude = envelope(tone, rate_of(lab, tone.line))
    if tone.frequency is None and np.any(shape.imag):
        raise CompileError("a waveform with a quadrature, without a frequency", allowed="real ones", where=tone.line)
    carrier = 0.0 if tone.frequency is None else carrier_of(lab, tone.line, tone.frequency, "a tone")
    return Play(tone.line, tone.start, shape, amplitude, carrier, tone.phase, follows=tone.frequency is not None)
