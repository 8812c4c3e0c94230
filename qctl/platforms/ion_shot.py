"""One shot of an ion chain: cool, look whether all ions are there, cool further, pump, play, detect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory, Line
from qctl.core.program import Op
from qctl.core.schedule import Schedule
from qctl.core.sequence import READ, Counting, Digital
from qctl.core.units import to_ticks

from .ion_known import COOLING, DETECTION, LIGHTS, PUMPING, TICKLE

Known = Mapping[str, float]

GUARD = 10e-6  # s between a light and what must not see it: switches and modulators need 1 us
DARK = 100e-6  # s, in which nothing shines and nothing may be counted
PULSE = 1e-6  # s, of triggers
STEP = 10e-9  # s; edges of digital outputs are met to the nearest
PRESENT, DARKNESS, DETECTED = 0, 1, 2  # windows of a shot, in order


@dataclass(frozen=True)
class Shot:
    """Times in seconds at the ions, from the start of sideband cooling, which is where the beams begin to play.

    Parameters
    ----------
    program : when the program starts
    end : when its last operation ends, at the longest sweep point
    """

    cooling: tuple[float, float]
    present: tuple[float, float]
    dark: tuple[float, float]
    pumping: tuple[float, float]
    program: float
    end: float
    detection: tuple[float, float]


def shot_of(known: Known, length: float, tick: Fraction) -> Shot:
    """Return when lights shine, photons are counted and the program plays, for a program that lasts ``length`` s."""
    sideband, pumping = max(0.0, known[f"{COOLING}.sideband_duration"]), known[f"{PUMPING}.duration"]
    for name in (f"{COOLING}.duration", f"{PUMPING}.duration", f"{DETECTION}.duration"):
        if not known[name] > 0:
            raise CompileError(f"{name} {known[name]:g} s", allowed="above 0 s", where=name)
    to_ticks(sideband, tick, f"{COOLING}.sideband_duration")
    program = _on_grid(sideband + pumping + GUARD, tick)
    dark = -GUARD - DARK, -GUARD
    cooled = dark[0] - GUARD
    cooling = cooled - known[f"{COOLING}.duration"], cooled
    end = program + length
    detection = end + GUARD, end + GUARD + known[f"{DETECTION}.duration"]
    return Shot(cooling, cooling, dark, (0.0, sideband + pumping), program, end, detection)


def lights_of(shot: Shot, lab: Laboratory, known: Known) -> dict[str, tuple[float, float]]:
    """Return when each light shines in a shot that ends with the detection of all ions, and when a tickle shakes them.

    A tickle of amplitude 0 stays switched off.
    """
    found = {COOLING: shot.cooling, PUMPING: shot.pumping, DETECTION: shot.detection}
    wired = TICKLE in lab.lines and lab.lines[TICKLE].switch is not None
    return found | ({TICKLE: shot.cooling} if wired and known[f"{TICKLE}.tone.amplitude"] > 0 else {})


def digital_of(
    lab: Laboratory, shot: Shot, lights: Mapping[str, tuple[float, float]], chip: float
) -> tuple[dict[str, Digital], float]:
    """Return the digital outputs by line, and by how much a shot begins before its waveforms, s.

    Parameters
    ----------
    lights : when each light shines, by line; other lights stay dark
    chip : s from the trigger that starts the waveforms until what plays at time 0 reaches the ions
    """
    gates = [shot.present, shot.dark, shot.detection]
    found: dict[str, Digital] = {}
    for name, line in lab.lines.items():
        if line.switch is None:
            continue
        if _starts_counters(lab, line):
            times = np.array(gates)
        elif line.starts:
            found[name] = Digital(line.switch, np.array([[0.0, PULSE]]))
            continue
        elif name in lights:
            times = np.array([lights[name]])
        elif name in (*LIGHTS, TICKLE):
            continue
        else:
            allowed = ", ".join((*LIGHTS, TICKLE, "lines that start instruments"))
            raise CompileError(f"a switch on line {name!r}", allowed=allowed, where=name)
        found[name] = Digital(line.switch, on_steps(times + chip - line.delay))
    missing = [name for name in lights if name not in found]
    if missing:
        raise CompileError(f"no line {missing[0]!r} with a switch", where=lab.name, remedy="wire one")
    earliest = min(float(digital.spans.min()) for digital in found.values())
    return found, float(np.ceil(max(0.0, -earliest) / PULSE) * PULSE)


def counting_of(lab: Laboratory, schedule: Schedule, digital: Mapping[str, Digital]) -> dict[str, Counting]:
    """Return what the counter of each ion is to count: all ions are looked at, whatever the program measures."""
    gates = {
        instrument: digital[name].spans + line.delay
        for name, line in lab.lines.items()
        if name in digital
        for instrument in line.starts
    }
    reads = _reads(schedule)
    found = {}
    for index, qubit in enumerate(lab.qubits.values()):
        end = lab.lines[qubit.readout].counted_by
        if end is None:
            raise CompileError(f"{qubit.readout} has no counter", allowed="counted_by", where=qubit.readout)
        checks = {PRESENT: "present", DARKNESS: "dark"}
        found[qubit.readout] = Counting(end, gates[end.instrument], reads[reads["qubit"] == index], checks)
    return found


def _reads(schedule: Schedule) -> NDArray[np.void]:
    rows = schedule.operations[schedule.operations["op"] == Op.MEASURE]
    reads = np.zeros(len(rows), READ)
    reads["point"], reads["qubit"], reads["bit"], reads["window"] = (
        rows["point"],
        rows["q"][:, 0],
        rows["bit"],
        DETECTED,
    )
    return reads


def _starts_counters(lab: Laboratory, line: Line) -> bool:
    counters = {end.instrument for one in lab.lines.values() if (end := one.counted_by) is not None}
    return bool(counters & set(line.starts))


def on_steps(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return times met to the nearest step of a pulse generator's clock."""
    return np.asarray(np.rint(times / STEP) * STEP)


def _on_grid(seconds: float, tick: Fraction) -> float:
    """Return the first multiple of a tick that is not before ``seconds``."""
    return float(-(-seconds // float(tick)) * tick)
