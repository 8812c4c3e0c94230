"""Shots of an ion chain in parts: light on single ions measures them, and leaves them in 0, while others remember.

Light at 369 nm that reaches all ions ends the shot of all. A beam of it that is focused on one ion leaves its
neighbours alone as far as its aberrations allow: S. Motlakunta et al., Nat. Commun. 15, 6575 (2024), 171Yb+ a few
micrometres apart, measured and pumped one by one. Here a deflector points it, one tone for each ion that is measured,
and a switch makes pumping light of it (by a sideband, Olmschenk et al., Phys. Rev. A 76, 052314): a bright ion
scatters into all Zeeman states of F = 1, so whatever was found, the ion is pumped into 0 before it is used again.

All parts share one program of the pulse generator. Cooling and pumping of all ions belong to the first part alone:
their outputs are off in all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.core.course import Measuring
from qctl.core.laboratory import Laboratory
from qctl.core.program import Op
from qctl.core.schedule import Schedule
from qctl.core.sequence import PLAY, Sequence, Track

from .envelopes import flat_top
from .ion_known import COOLING, FOCUS, FOCUS_PUMPING, PUMPING
from .ion_shot import counting_of, digital_of, shot_of
from .ion_tracks import beams
from .pulses import n_samples
from .ringdown import end_of
from .wiring import Arrival, arrival, sample_rate

Known = Mapping[str, float]

AT_ONCE = 4  # tones of the deflector at a time
EDGE = 3e-6  # s; a tone that began at once would point at the neighbours too, a tenth of a photon for each measurement


def measuring(lab: Laboratory) -> Measuring | None:
    """Return how ions are measured in the middle of a shot; None without light for single ions."""
    wired = FOCUS in lab.lines and lab.lines[FOCUS].output is not None and FOCUS_PUMPING in lab.lines
    return Measuring(AT_ONCE, grounded=True) if wired else None


def turned(lab: Laboratory, known: Known, seconds: float) -> NDArray[np.float64]:
    """Return by how much frames turn from the start of one part to that of the next, rad, shape (n_qubits,).

    The tones of each part count their phase from its own start; the ions go on.
    """
    return np.array([-2 * pi * ((known[f"{name}.frequency"] * seconds) % 1.0) for name in lab.qubit_names])


def misread(lab: Laboratory, known: Known, qubit: int) -> None:
    """Return None: an ion is read as it is at the end of a shot."""


def refocused(lab: Laboratory, known: Known, qubit: int, slot: float) -> bool:
    """Return False: ions remember for many slots."""
    return False


def sequence(schedule: Schedule, known: Known, lab: Laboratory, slot: float) -> Sequence:
    """Return parts as sweep points, each of which lasts ``slot`` seconds; the first one opens the shot."""
    arrive = arrival(lab, known)
    shot = shot_of(known, float(schedule.length_ticks.max(initial=0) * schedule.tick), schedule.tick)
    seen = shot.detection[0], shot.detection[0] + known[f"{FOCUS}.duration"]
    emptied = seen[1], seen[1] + known[f"{FOCUS_PUMPING}.duration"]
    shot = replace(shot, detection=seen)
    lights = {COOLING: shot.cooling, PUMPING: shot.pumping, FOCUS_PUMPING: emptied}
    digital, lead = digital_of(lab, shot, lights, arrive.chip)
    tracks = beams(schedule, known, lab, arrive, shot, 1)
    tracks[FOCUS] = _focus(schedule, known, lab, arrive, (seen[0], emptied[1]))
    ends = [end_of(track) / track.sample_rate for track in tracks.values()]
    return Sequence(
        tracks=tracks,
        listening={},
        triggers=(),
        n_points=schedule.n_points,
        shots=1,
        n_bits=schedule.n_bits,
        tick=schedule.tick,
        period=slot,
        length=float(max([emptied[1] + arrive.chip, *ends])),
        qubits=schedule.qubits,
        placement=schedule.placement,
        digest="",
        digital=digital,
        counting=counting_of(lab, schedule, digital),
        lead=lead,
        opening=(COOLING, PUMPING),
    )


def _focus(schedule: Schedule, known: Known, lab: Laboratory, arrive: Arrival, span: tuple[float, float]) -> Track:
    """Return what the deflector plays: a tone for each ion that a part measures."""
    port = lab.lines[FOCUS].outputs[0]
    rate = sample_rate(lab, port)
    measured = schedule.operations[schedule.operations["op"] == Op.MEASURE]
    names = [schedule.qubits[q] for q in range(len(schedule.qubits))]
    plays = np.zeros(len(measured), PLAY)
    plays["point"], plays["carrier"] = measured["point"], measured["q"][:, 0]
    plays["start"] = round(span[0] * rate)
    used = set(measured["q"][:, 0].tolist())
    heights = [known[f"{name}.focus.amplitude"] if q in used else 0.0 for q, name in enumerate(names)]
    tones = [known[f"{name}.focus.frequency"] if q in used else 0.0 for q, name in enumerate(names)]
    plays["amplitude"] = np.array(heights)[measured["q"][:, 0]]
    # Phases that grow with the square of the number keep the sum of the tones low (Schroeder).
    plays["phase"] = pi * measured["bit"].astype(np.float64) ** 2 / AT_ONCE
    envelope = flat_top(n_samples(span[1] - span[0], rate), n_samples(EDGE, rate))
    order = np.argsort(plays["point"], kind="stable")
    return Track((port,), rate, (envelope,), plays[order], np.array(tones), delay=arrive.tracks[FOCUS])
