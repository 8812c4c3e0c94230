"""The hidden truth of a simulated ion chain: what calibration has to find, and only the mock rack may read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from qctl.core.laboratory import Hertz, Seconds, Volts
from qctl.core.units import Unit

Radians = Annotated[float, Unit("rad")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ion:
    """One 171Yb+ ion, its qubit the hyperfine clock transition: 0 is dark, 1 is bright.

    Parameters
    ----------
    frequency : of its beam's radio frequency in front of the modulator, at which the carrier is in resonance
    t2 : coherence time, white phase noise of light and field
    detuning_noise : standard deviation of the frequency from one group of shots to the next
    bright, dark : photons counted per second in state 1 and in state 0
    """

    frequency: Hertz
    t2: Seconds = math.inf
    detuning_noise: Hertz = 0.0
    bright: Annotated[float, Unit("Hz")] = 40e3
    dark: Annotated[float, Unit("Hz")] = 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Beam:
    """An addressing beam, from the output of a generator through an acousto-optic modulator to an ion.

    Parameters
    ----------
    rabi_frequency : of the carrier of an ion at rest, for 1 V in the middle of the modulator's band
    light_shift : of the qubit, by the square of that amplitude, Hz / V^2
    saturation : amplitude at which the modulator deflects everything; the light grows as ``sin(pi v / 2 saturation)``
    bandwidth, centre : of the modulator's acoustic response, full width at half maximum of the field; Gaussian
    delay : from the output to the ion
    """

    rabi_frequency: Hertz
    light_shift: Hertz = 0.0
    saturation: Volts = math.inf
    bandwidth: Hertz = math.inf
    centre: Hertz = 0.0
    delay: Seconds = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosstalk:
    """What an ion feels of a beam that is not its own, relative to what that beam's own ion does."""

    beam: str
    ion: str
    magnitude: float
    phase: Radians = 0.0


class Glow(StrEnum):
    """What a light does."""

    COOLING = "cooling"  # red of the 369 nm transition, with all repumpers
    PUMPING = "pumping"  # leaves ions in 0
    DETECTION = "detection"  # ions in 1 scatter


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A light that a digital output switches and a channel of a synthesiser shifts.

    Parameters
    ----------
    kind : what it does
    resonance : radio frequency at which the light is in resonance; a higher one is bluer
    linewidth : of the transition, full width (369 nm: 19.6 MHz, Olmschenk et al., Phys. Rev. A 76, 052314)
    saturation : intensity over that which saturates, at full power
    power : of its radio frequency at which it has that intensity, dBm
    rate : pumping: of emptying state 1 in resonance, 1/s; cooling: scale of the rate at which quanta are lost, 1/s
    error : pumping: share that stays in state 1
    leak_bright, leak_dark : detection: rates at which state 1 turns dark, and state 0 bright, in resonance, 1/s
    """

    kind: Glow
    resonance: Hertz = 0.0
    linewidth: Hertz = 19.6e6
    saturation: float = 0.5
    power: Annotated[float, Unit("dBm")] = 0.0
    rate: Annotated[float, Unit("Hz")] = 1e5
    error: float = 0.0
    leak_bright: Annotated[float, Unit("Hz")] = 0.0
    leak_dark: Annotated[float, Unit("Hz")] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """Detection light on single ions, behind a deflector; it comes across the chain.

    Parameters
    ----------
    line, pumping : the deflector's, and that of the switch which makes pumping light of it
    places : tone that points at each ion
    width : from a tone in the middle of an ion to where its intensity is down by 1/e^2
    floor : intensity at all other ions, relative: aberrations and scatter
    full : amplitude of a tone at which it shines as brightly as the light on all ions
    collection : photons counted for each one scattered
    """

    line: str = "focus"
    pumping: str = "focus_pumping"
    places: Mapping[str, Hertz]
    width: Hertz = 200e3
    floor: float = 0.0
    full: Volts = 0.1
    collection: float = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """The trap and the axial motion of its chain.

    Parameters
    ----------
    frequency : of the axial centre-of-mass mode with the electrodes as they should be
    lamb_dicke : of a single ion in that mode
    heating : of the centre-of-mass mode, quanta per second
    heating_others : of all other modes, which see hardly any uniform field
    mode_noise : standard deviation of mode frequencies from one group of shots to the next
    intensity_noise : relative standard deviation of the light of all beams from one group of shots to the next
    radio_frequency : of the trap
    spring : of the centre-of-mass frequency by volts of the electrode named ``confinement``, Hz / V
    drive : line of the trap's radio frequency, where the laboratory has one; when it is off, ions are lost
    confinement : electrode that squeezes the chain; None where none does
    """

    frequency: Hertz
    lamb_dicke: float = 0.15
    heating: float = 0.0
    heating_others: float = 0.0
    mode_noise: Hertz = 0.0
    intensity_noise: float = 0.0
    radio_frequency: Hertz = 20e6
    spring: Annotated[float, Unit("Hz")] = 0.0
    drive: str | None = None
    confinement: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Electrode:
    """One electrode against stray fields.

    Parameters
    ----------
    compensation : voltage at which the ions sit on the trap's axis
    modulation : index of micromotion per volt beyond it
    seen_by : ``beams`` or ``cooling``: which light runs along the motion
    """

    compensation: Volts = 0.0
    modulation: float = 0.0
    seen_by: str = "beams"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickle:
    """A tone on an electrode, which shakes the chain across its axis, and how it is held there.

    Parameters
    ----------
    line : of the laboratory
    radial_1, radial_2 : of both centre-of-mass modes across the axis, with the electrodes as they should be
    tilt : of the field against the axis of the first of them
    field : at the ions, by the tone's peak voltage into 50 ohm, 1/m
    """

    line: str = "tickle"
    radial_1: Hertz
    radial_2: Hertz
    tilt: Radians = math.pi / 4
    field: float = 90.0


class Mishap(StrEnum):
    """What can go wrong."""

    DARK = "dark"  # the ion stays, and neither scatters nor answers to beams
    LOST = "lost"  # the ion is gone, and all others move
    HOT = "hot"  # a collision: thousands of quanta, cooled away by the next shot
    STUCK_OPEN = "stuck_open"  # a shutter: the light shines whatever the switch says
    STUCK_SHUT = "stuck_shut"
    TRAP_OFF = "trap_off"  # all ions are lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong at a moment of virtual time, and ends at another one where it can.

    Parameters
    ----------
    kind : what
    target : ion of a dark or lost one, line of a stuck shutter
    at, until : s
    """

    kind: Mishap
    target: str = ""
    at: Seconds = 0.0
    until: Seconds = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Wandering:
    """Ornstein-Uhlenbeck process: standard deviation and correlation time."""

    sigma: float
    tau: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class IonDrift:
    """How the truth moves in virtual time; what is not named stays.

    Parameters
    ----------
    frequencies : of qubits, Hz, by ion; ``all`` moves all of them together (the magnetic field)
    beams : of ln(Rabi frequency), by beam
    mode : of the centre-of-mass frequency, Hz
    fields : of the compensation, V, by electrode
    lights : of ln(photon rate), by ion
    """

    frequencies: Mapping[str, Wandering] = field(default_factory=dict)
    beams: Mapping[str, Wandering] = field(default_factory=dict)
    mode: Wandering | None = None
    fields: Mapping[str, Wandering] = field(default_factory=dict)
    lights: Mapping[str, Wandering] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class IonTwin:
    """Everything that is true of the chain and what surrounds it; names are those of the laboratory file.

    Parameters
    ----------
    noise_groups : shots of a run fall into so many groups, each with its own draw of slow noise
    ions : by qubit, in the order in which they stand
    beams, lights, electrodes : by line
    focus : light on single ions, where there is any
    tickle : a tone that shakes all ions, where there is one
    waist : of beams and of the detectors' view, over the length scale of the chain; counts where ions move
    collisions : mean time between two of them, each heats the chain
    latencies : from the trigger input to the first sample, by instrument; others are what the laboratory file says
    """

    noise_groups: int = 8
    ions: Mapping[str, Ion]
    beams: Mapping[str, Beam]
    lights: Mapping[str, Light]
    trap: Trap
    electrodes: Mapping[str, Electrode] = field(default_factory=dict)
    crosstalk: tuple[Crosstalk, ...] = ()
    focus: Focus | None = None
    tickle: Tickle | None = None
    waist: float = 0.25
    collisions: Seconds = math.inf
    latencies: Mapping[str, Seconds] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    drift: IonDrift | None = None
