"""Names of parameters: ``TARGET.QUANTITY``, where the quantity fixes the unit and the kind of target."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    """What a parameter belongs to."""

    QUBIT = "qubit"
    COUPLING = "coupling"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class ParameterNames:
    """Marks a table of first guesses: by target, then by quantity, each in the unit that the quantity fixes."""


_PULSE = {"amplitude": "", "duration": "s", "drag": ""}
DEFLECTORS = ("tweezers_x", "tweezers_y", "pointer_x", "pointer_y")
UNITS: dict[Target, dict[str, str]] = {
    Target.QUBIT: {
        "frequency": "Hz",
        "anharmonicity": "Hz",
        "arc_N": "Hz",  # a flux pulse of height A (of full scale) shifts the qubit by sum_N arc_N A^N
        "t1": "s",
        "t2": "s",  # echo
        "t2_ramsey": "s",
        "error": "",  # of one single-qubit gate
        "light_shift": "Hz",  # of an ion by one tone of a pi pulse's amplitude
        "thermal": "",  # probability to begin in 1
        "allxy.amplitude": "",  # how far each is off, as AllXY saw it; relative
        "allxy.frequency": "Hz",
        "allxy.drag": "",
        **{f"{pulse}.{name}": unit for pulse in ("x180", "x90") for name, unit in _PULSE.items()},
        "readout.frequency": "Hz",
        "readout.amplitude": "",
        "readout.duration": "s",
        "readout.rotation": "rad",
        "readout.threshold": "V",
        "readout.counts": "",  # photons; more than so many say 1
        "readout.present": "",  # photons under cooling light; not more say that the ion or atom is not there
        "readout.stray": "Hz",  # photons per second without any light
        "readout.bleed": "",  # light of all neighbours' atoms at an atom's site, in parts of its own
        "readout.p01": "",  # P(read 1 | prepared 0)
        "readout.p10": "",  # P(read 0 | prepared 1)
        "readout.weight_re_N": "",  # N from 1: integration weight in the N-th of equal parts of the window
        "readout.weight_im_N": "",
        "readout.centre_re_N": "V",  # N from 1: where shots of state N - 1 lie
        "readout.centre_im_N": "V",
        "decision.rotation": "rad",  # as of readout, for the instrument that tells states within the shot
        "decision.threshold": "V",
        "decision.p01": "",
        "decision.p10": "",
        "focus.frequency": "Hz",  # tone of the deflector that points detection light at one ion
        "focus.amplitude": "",
        "focus.counts": "",  # photons of that light; more than so many say 1
        "memory": "",  # what is left of an ion's superposition after a wait of 5 ms
        "echo": "",  # what is left of an atom's superposition after 40 ms, refocused in their middle
        "balance": "",  # of the tones on an ion that make gates of two: blue over red
        "site.row": "",  # of an atom's trap, in pixels of the camera
        "site.column": "",
        "site.loaded": "",  # probability that loading leaves an atom in it
        "site.kept": "",  # probability that an atom is still there after a shot without gates
        "site.temperature": "K",
        "site.weight": "",  # part of the light that its trap is to get, relative to others
        "site.trap_frequency": "Hz",  # of an atom across the beam of its trap
        "x180.shift": "Hz",  # of an atom's frequency by local light as strong as that of its half turn
        "crosstalk": "",  # turn of an atom by all others' local light, in parts of their own turns
        "resonator.frequency": "Hz",  # with the qubit in 0
        "resonator.kappa": "Hz",  # full width at half maximum
        "resonator.power_shift": "Hz",  # of the resonance, per square of the tone's amplitude
        "resonator.shift": "Hz",  # with the qubit in 1, less that with the qubit in 0
    },
    Target.COUPLING: {
        "chevron.flux_amplitude": "",  # where |11> meets |20>
        "chevron.coupler_amplitude": "",  # of the first full return of |11>
        "cz.flux_amplitude": "",
        "cz.coupler_amplitude": "",
        "cz.duration": "s",
        "cz.phase_low": "rad",
        "cz.phase_high": "rad",
        "cz.conditional_phase": "rad",  # of |11>, at the set-point
        "cz.error": "",
        "cz.leakage": "",
        "cz.loss": "",  # probability that a gate loses an atom in 1, more than one in 0
        "cz.flips": "",  # probability that a gate flips a qubit
        "zz": "Hz",  # f(11) - f(10) - f(01) + f(00) at rest
        "ms.duration": "s",
        "ms.edge": "s",  # of each end of its envelope
        "ms.detuning": "Hz",  # of its tones beyond the sidebands of mode 1
        "ms.amplitude": "",  # of each tone, relative to x180.amplitude of the ion
        "ms.centre": "Hz",  # added to both tones: light shift
        "ms.split": "Hz",  # by how much more for the first ion than for the second
        "ms.phase_a": "rad",  # of the spins
        "ms.phase_b": "rad",
        "ms.shift_a": "rad",  # of the frames, behind the gate
        "ms.shift_b": "rad",
        "ms.error": "",
    },
    Target.LINE: {
        "tone.frequency": "Hz",  # of a DDS channel
        "tone.amplitude": "",  # fraction of its full scale
        "saturation": "",  # of an ion by a light: intensity over that at which it scatters half of the most
        "duration": "s",  # for which a light is on in a shot
        "voltage": "V",  # of an electrode
        "heating": "Hz",  # quanta of the first mode, per second
        "radial_N": "Hz",  # of its centre-of-mass modes across the axis, N from 1
        "mode_N": "Hz",  # of a trap's axial modes, N from 1, the centre of mass
        "sideband_duration": "s",  # of resolved-sideband cooling
        "sideband_amplitude": "",  # of each of its tones, relative to x180.amplitude of the ion
        # Of an array of atoms, named by the line of the camera that sees it:
        **{f"{deflector}.map_N": "Hz" for deflector in DEFLECTORS},  # its tone: map_1 + map_2 column + map_3 row
        **{f"{deflector}.level": "" for deflector in DEFLECTORS},  # of a tone, fraction of full scale
        "pace": "s",  # for which a movable trap travels one pixel
        "away": "Hz",  # frequency of qubits in movable traps and in the zone
        "zone.row_N": "",  # pixels; the N-th place of the zone where atoms are gated
        "zone.column_N": "",
        "zone.counts_N": "",  # grey values at that place under light of the zone; more say 1
        "zone.reading": "",  # not 0: atoms are measured in the zone, at the end of a shot too
        "zone.p01": "",  # P(read 1 | prepared 0) there
        "zone.p10": "",
        "global.amplitude": "",  # of a pi/2 pulse on all atoms, fraction of full scale; 0: there is none
        "global.duration": "s",
        "global.phase": "rad",  # of its light, for which it turns about the same axis as local light of phase 0
        "switch.level": "",  # of outputs that switch a light, fraction of full scale
        "release": "s",  # for which traps are off behind the program
        "pumping.tau": "s",
        "rydberg.resonance": "Hz",  # of the blue beam's modulator
        "rydberg.level": "",
        "rydberg.rabi": "Hz",  # at `rydberg.level`
        "rydberg.radius": "",  # pixels within which atoms blockade each other
        # a Rydberg gate: phase depth sin(swing w t - lag) + slope w t, with w 2 pi rabi, and t from its middle
        "gate.duration": "s",
        "gate.depth": "rad",
        "gate.swing": "",
        "gate.lag": "rad",
        "gate.edge": "s",
        "gate.slope": "",
        "gate.phase": "rad",  # that a single atom picks up
        "loading.tau": "s",
        "mixer.gain": "",
        "mixer.phase": "rad",
        "mixer.offset_i": "",
        "mixer.offset_q": "",
        "delay": "s",
        "return_delay": "s",
        "bias": "A",
        "predistortion.amplitude_N": "",  # N from 1: one exponential each
        "predistortion.tau_N": "s",
    },
}
"""SI unit of each quantity, by kind of target; empty for a plain number."""

_COUNTED = re.compile(r"_[1-9][0-9]?$")


def unit_of(quantity: str, target: Target) -> str | None:
    """Return the unit of ``x180.duration`` and the like; None when such a target has no such quantity."""
    units = UNITS[target]
    if target in (Target.LINE, Target.QUBIT) and quantity.startswith("crosstalk."):
        # crosstalk.LINE: height that this line feels by height of a pulse on that one; crosstalk.QUBIT: what a qubit
        # feels of this drive line, relative to what its own qubit does; of a qubit: what another feels of its light
        return ""
    return None if quantity.endswith("_N") else units.get(quantity, units.get(_COUNTED.sub("_N", quantity)))
