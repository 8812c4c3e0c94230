"""The hidden truth of a simulated tweezer array: what calibration has to find, and only the mock rack may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np

from qctl.core.laboratory import Hertz, Seconds, Volts
from qctl.core.port import Port
from qctl.core.units import Unit

from ..twin import Kelvins, Radians, Wander

Metres = Annotated[float, Unit("m")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One static tweezer.

    Parameters
    ----------
    x, y : where it is
    depth : of the trap, as a temperature, while all traps of the array have one weight
    shift : of the qubit there, from the frequency that all share; trap light as deep as that included
    rabi : factor on the Rabi frequency of the global Raman beam there
    """

    x: Metres
    y: Metres
    depth: Kelvins = 1e-3
    shift: Hertz = 0.0
    rabi: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deflector:
    """Two crossed deflectors: a tone at f on one, and one at g on the other, make a beam at one place.

    ``x = x0 + slope_x f + shear g``, ``y = y0 + slope_y g``.

    Parameters
    ----------
    x0, y0 : where the beam would be without any frequency
    slope_x, slope_y, shear : metres per hertz
    full : amplitude of a tone, at the output, that diffracts most light
    """

    x0: Metres
    y0: Metres
    slope_x: float
    slope_y: float
    shear: float = 0.0
    full: Volts = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tweezers:
    """Traps and what becomes of atoms in them.

    Parameters
    ----------
    waist, wavelength : of every trap
    depth : of a movable trap with full tones
    temperature : after cooling light, and after imaging
    hot : temperature of what was just loaded
    cooling_time : 1/e time of cooling light
    loading, loading_time : probability of one atom after long loading (two never stay), and its 1/e time
    lifetime : of an atom in a trap
    shift : of the qubit in a movable trap
    move_loss : probability to lose an atom in one pick-up, journey and put-down
    heating : added to the temperature by a move
    fastest : speed at which half of the atoms are lost
    """

    waist: Metres = 0.9e-6
    wavelength: Metres = 852e-9
    depth: Kelvins = 2e-3
    temperature: Kelvins = 12e-6
    hot: Kelvins = 60e-6
    cooling_time: Seconds = 1e-3
    loading: float = 0.55
    loading_time: Seconds = 30e-3
    lifetime: Seconds = 20.0
    shift: Hertz = 0.0
    move_loss: float = 1e-3
    heating: Kelvins = 0.3e-6
    fastest: float = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """From photons to grey values.

    Parameters
    ----------
    row0, column0, scale, turn : a point (x, y) lies at row ``row0 + scale (y cos turn - x sin turn)``, column
        ``column0 + scale (x cos turn + y sin turn)``; pixels per metre, and rad
    blur : standard deviation of a point's image, pixels
    rate : photons per second that one atom sends to the camera
    background : photons per second and pixel while imaging light is on
    efficiency : probability that a photon is counted
    gain : grey values per counted photon
    offset, read_noise : grey values
    loss : probability that an atom is lost in 10 ms of imaging light
    """

    row0: float
    column0: float
    scale: float
    turn: Radians = 0.0
    blur: float = 1.0
    rate: float = 20e3
    background: float = 60.0
    efficiency: float = 0.7
    gain: float = 2.0
    offset: float = 100.0
    read_noise: float = 2.0
    loss: float = 3e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Qubits:
    """The clock transition of the ground state, and light that acts on it.

    Parameters
    ----------
    frequency : of the Raman modulators, at which the light is in resonance with the qubits
    noise : standard deviation of each atom's frequency from shot to shot
    rabi : of the global Raman beam with 1 V at the output
    local_rabi : of the local one, at its centre
    local_waist, local_floor : the local beam's amplitude at distance r is ``exp(-2 r^2 / waist^2)`` plus a floor
    trap_shift : of a qubit by trap light, Hz per K of its depth
    local_shift : light shift at the centre of the local beam, Hz per Hz of its Rabi frequency
    bandwidth : of the modulators, standard deviation of their Gaussian response
    amplitude_noise : standard deviation of both Rabi frequencies from shot to shot, relative
    scattering : probability of a spontaneous event in a pi pulse
    pumping_time, pumping_error : of optical pumping into 0: 1/e time, and what it never reaches
    bright_time, dark_time : mean time of probe light after which an atom in 1 goes dark, or one in 0 bright
    push_time : 1/e time in which push-out light removes an atom in 1
    push_error : probability that an atom in 0 is removed, in 1 ms
    """

    frequency: Hertz
    noise: Hertz = 5.0
    rabi: Hertz = 1e6
    local_rabi: Hertz = 1e6
    local_waist: Metres = 1.5e-6
    local_floor: float = 1e-3
    trap_shift: float = 0.0
    local_shift: float = 0.0
    bandwidth: Hertz = 3e6
    amplitude_noise: float = 2e-3
    scattering: float = 2e-4
    pumping_time: Seconds = 20e-6
    pumping_error: float = 3e-3
    bright_time: Seconds = 2.0
    dark_time: Seconds = 5.0
    push_time: Seconds = 30e-6
    push_error: float = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rydberg:
    """Two-photon excitation of 1 to 70S by beams of 420 nm (modulated) and 1013 nm (switched) that light one zone.

    ``Omega = Omega_blue Omega_red / 2 Delta_i``.

    Parameters
    ----------
    blue, red : single-photon Rabi frequencies: with 1 V at the output, and when it is on
    intermediate : detuning from 6P3/2
    linewidth : of 6P3/2; what both beams scatter there ends as loss
    frequency : of the blue modulator, at which both photons are in resonance, without light shifts
    shift : light shift of the resonance, as a factor on ``(Omega_blue^2 - Omega_red^2) / 4 Delta_i``
    bandwidth : of the blue modulator, standard deviation of its Gaussian response
    lifetime : of 70S, black-body radiation included
    frequency_noise, amplitude_noise : of the lasers, standard deviation from pulse to pulse
    y, waist : centre of the beams, which run along x, and their 1/e^2 radius
    lost : of all decays, those that end in other Rydberg levels (and so in loss)
    """

    frequency: Hertz
    blue: Hertz
    red: Hertz
    intermediate: Hertz = 7.8e9
    linewidth: Hertz = 1.4e6
    shift: float = 1.0
    bandwidth: Hertz = 8e6
    lifetime: Seconds = 130e-6
    frequency_noise: Hertz = 10e3
    amplitude_noise: float = 5e-3
    y: Metres = 0.0
    waist: Metres = 20e-6
    lost: float = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Lights on atoms in the zone alone, which look at them, cool them and bring them into 0, while others remember.

    All beams run along x through the zone, as in D. Bluvstein et al., Nature 626, 58 (2024), extended data figure 3.
    A probe that atoms in 1 alone scatter tells states with errors of 0.1 % and loses 1 % (M. N. H. Chow et al.,
    arXiv:2206.00144); other atoms of an array remember meanwhile (E. Deist et al., Phys. Rev. Lett. 129, 203602).

    Parameters
    ----------
    y, waist : centre of all beams, and their 1/e^2 radius
    floor : share of their light everywhere else: what windows reflect, and what other atoms scatter
    scattering : photons per second of an atom in 1, or one that is cooled, in full light; the first one takes its phase
    bright_time, dark_time : mean time of full light after which an atom in 1 goes dark, or one in 0 bright
    loss : probability that 10 ms of full light lose an atom that scatters it
    background : photons per second and pixel while this light is on
    pumping_time, pumping_error : of pumping light into 0: 1/e time, and what it never reaches
    """

    y: Metres = 0.0
    waist: Metres = 8e-6
    floor: float = 1e-6
    scattering: Hertz = 1.5e6
    bright_time: Seconds = 0.5
    dark_time: Seconds = 2.0
    loss: float = 3e-3
    background: float = 30.0
    pumping_time: Seconds = 30e-6
    pumping_error: float = 3e-3

    def share(self, y: Metres) -> float:
        """Return the light at a place, relative to the middle of the beams."""
        return float(np.exp(-2 * ((y - self.y) / self.waist) ** 2)) + self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A light that from some moment of virtual time on does not follow its line.

    Parameters
    ----------
    line : of the laboratory file: a shutter, or a line that plays waveforms (which then is dark)
    since : from when on
    until : and until when
    on : what it is instead
    """

    line: str
    since: Seconds = 0.0
    until: Seconds = 1e99
    on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomDrift:
    """How the truth moves in virtual time: Ornstein-Uhlenbeck processes; what is not named stays.

    Parameters
    ----------
    qubit_frequency, rydberg_frequency : Hz
    raman_rabi, rydberg_rabi, photons : relative
    """

    qubit_frequency: Wander | None = None
    rydberg_frequency: Wander | None = None
    raman_rabi: Wander | None = None
    rydberg_rabi: Wander | None = None
    photons: Wander | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hologram:
    """What makes the static traps of the array.

    Parameters
    ----------
    exponent : a trap's light goes as its weight to this power, before all light is shared out: neighbouring pixels of
        a display do not turn phases independently
    """

    exponent: float = 1.0


@dataclass(frozen=True, kw_only=True)
class AtomTwin:
    """Everything that is true of a tweezer array.

    Parameters
    ----------
    sites : static tweezers by name: those of the qubits, and those of the zone where gates happen
    deflector, pointer : of the movable tweezers, and of the local Raman beam
    zone : light on atoms in the zone alone
    hologram : of the static tweezers of qubits
    noise_groups : so many draws of noise are made for each pulse; shots share them
    latencies : from the trigger input to the first sample, by instrument; others are what the laboratory file says
    failures : of lights
    dead : outputs that give nothing
    drift : how all that moves
    """

    sites: Mapping[str, Site]
    deflector: Deflector
    pointer: Deflector
    camera: Camera
    tweezers: Tweezers = field(default_factory=Tweezers)
    qubits: Qubits
    rydberg: Rydberg
    zone: Zone = field(default_factory=Zone)
    hologram: Hologram = field(default_factory=Hologram)
    noise_groups: int = 32
    latencies: Mapping[str, Seconds] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    dead: tuple[Port, ...] = ()
    drift: AtomDrift | None = None
