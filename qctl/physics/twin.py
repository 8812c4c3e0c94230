"""The hidden truth of a simulated laboratory: what calibration has to find, and only the mock rack may read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from qctl.core.laboratory import DERIVED, Amperes, Decibels, Hertz, Seconds, Volts
from qctl.core.port import Port
from qctl.core.units import Unit

Radians = Annotated[float, Unit("rad")]
Kelvins = Annotated[float, Unit("K")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """One term of a step response ``s(t) = 1 + sum_k amplitude_k exp(-t / tau_k)``."""

    amplitude: float
    tau: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveLine:
    """From the two outputs of an I/Q pair to a qubit.

    Parameters
    ----------
    rabi_frequency : of the 0-1 transition, driven in resonance with an amplitude of 1 V at the outputs
    gain, phase : imbalance of the mixer, ``I' = I``, ``Q' = gain (Q cos(phase) + I sin(phase))``
    offset_i, offset_q : added to the outputs in front of the mixer; they leak the carrier
    delay : from the outputs to the chip
    """

    rabi_frequency: Hertz
    gain: float = 1.0
    phase: Radians = 0.0
    offset_i: Volts = 0.0
    offset_q: Volts = 0.0
    delay: Seconds = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FluxLine:
    """From an output and a direct-current source to a loop; fluxes in flux quanta.

    Parameters
    ----------
    flux_per_volt : of the output
    bias_period : direct current that threads one flux quantum
    offset : flux without any current
    delay : from the output to the chip
    distortion : step response of the pulsed path
    """

    flux_per_volt: float
    bias_period: Amperes = 10e-3
    offset: float = 0.0
    delay: Seconds = 0.0
    distortion: tuple[Exponential, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmon:
    """One qubit.

    Parameters
    ----------
    frequency, anharmonicity : at zero flux, from the exact spectrum; they fix E_J and E_C
    asymmetry : (E_J1 - E_J2) / (E_J1 + E_J2) of the loop
    t1 : of level 1; level n decays n times as fast
    t_phi : pure dephasing between levels 0 and 1, white
    detuning_noise : standard deviation of the frequency from one group of shots to the next
    thermal : probability of level 1 at rest
    moved : by drift and defects; level n lies n times as much higher than the spectrum says. No file writes it
    """

    frequency: Hertz
    anharmonicity: Hertz
    asymmetry: float = 0.3
    t1: Seconds = math.inf
    t_phi: Seconds = math.inf
    detuning_noise: Hertz = 0.0
    thermal: float = 0.0
    moved: Hertz = field(default=0.0, metadata=DERIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """A two-level defect near a qubit, seen where the qubit rests: it shifts the qubit and shortens its T1.

    Parameters
    ----------
    distance : of the defect above the qubit's frequency at zero flux
    coupling : g of the exchange with the qubit
    linewidth : of the defect, full width
    near, away : mean times for which it is there and for which it is not, exponential; by default it is always there
    """

    distance: Hertz
    coupling: Hertz
    linewidth: Hertz
    near: Seconds = math.inf
    away: Seconds = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupler:
    """A tunable coupler, eliminated: exchange against its flux, and what is left of it at rest.

    ``g(flux) = g12 + g1 g2 / 2 (1/D1 + 1/D2)``, ``D = f_qubit - f_coupler(flux)``, at the frequencies of the CZ gate
    (Yan et al., Phys. Rev. Applied 10, 054062, eq. 3). The direct coupling g12 is the one that leaves ``residual`` at
    zero flux.

    Parameters
    ----------
    frequency, anharmonicity, asymmetry : of the coupler, itself a transmon
    g1, g2 : to its two qubits
    residual : exchange at zero flux
    zz : static shift beyond that of ``residual``, f(11) - f(10) - f(01) + f(00)
    """

    frequency: Hertz
    anharmonicity: Hertz
    g1: Hertz
    g2: Hertz
    asymmetry: float = 0.55
    residual: Hertz = 0.0
    zz: Hertz = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resonator:
    """Readout resonator of one qubit, a notch in (or a path along) its feedline.

    Parameters
    ----------
    frequency : with the qubit in level 0
    kappa : total linewidth, full width at half maximum in energy
    shifts : resonance with the qubit in level 1, 2, ... less that in level 0
    coupling : kappa_external / kappa, depth of the notch
    fano : phase of the notch (Khalil et al., J. Appl. Phys. 111, 054510)
    critical_photons : above them level 1 is lost faster: rate (1 + n / critical_photons) / T1
    """

    frequency: Hertz
    kappa: Hertz
    shifts: tuple[Hertz, ...]
    coupling: float = 1.0
    fano: Radians = 0.0
    critical_photons: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedline:
    """Readout path: up with one carrier, past the resonators, amplified, and down with the same carrier.

    Parameters
    ----------
    attenuation, delay : from the outputs to the chip
    amplification, return_delay : from the chip to the digitizer
    noise_temperature : of the amplifier, at the chip
    gain, phase, offset_i, offset_q : of the mixer that goes up, as for a DriveLine
    transmission : the resonators pass the signal on instead of notching it
    """

    attenuation: Decibels
    amplification: Decibels
    noise_temperature: Kelvins
    delay: Seconds = 0.0
    return_delay: Seconds = 0.0
    gain: float = 1.0
    phase: Radians = 0.0
    offset_i: Volts = 0.0
    offset_q: Volts = 0.0
    transmission: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveCrosstalk:
    """What a qubit sees of a line that is not its own, relative to that line's own qubit."""

    source: str
    qubit: str
    magnitude: float
    phase: Radians = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FluxCrosstalk:
    """Flux in the loop of line ``target`` per flux in the loop of line ``source``."""

    source: str
    target: str
    magnitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyWander:
    """Ornstein-Uhlenbeck process of a frequency: standard deviation and correlation time."""

    sigma: Hertz
    tau: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Wander:
    """Ornstein-Uhlenbeck process of a plain number: standard deviation and correlation time."""

    sigma: float
    tau: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class MixerWander:
    """Ornstein-Uhlenbeck processes of a mixer's gain, phase and two offsets, all with one correlation time."""

    gain: float
    phase: Radians
    offset: Volts
    tau: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Leap:
    """Rare jumps of a frequency: mean time between them, standard deviation of their size."""

    every: Seconds
    size: Hertz


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How the truth moves in virtual time; what is not named stays.

    Parameters
    ----------
    frequencies : of qubits, each a sum of processes
    lifetimes : of ln T1 of qubits
    leaps : of the frequencies of qubits
    gains : of drive lines and feedlines, relative change in an hour
    mixers : of drive lines and feedlines
    fluxes : flux offsets of flux lines, flux quanta
    thermals : of the logarithm of thermal levels 1 of qubits
    """

    frequencies: Mapping[str, tuple[FrequencyWander, ...]] = field(default_factory=dict)
    lifetimes: Mapping[str, Wander] = field(default_factory=dict)
    leaps: Mapping[str, Leap] = field(default_factory=dict)
    gains: Mapping[str, float] = field(default_factory=dict)
    mixers: Mapping[str, MixerWander] = field(default_factory=dict)
    fluxes: Mapping[str, Wander] = field(default_factory=dict)
    thermals: Mapping[str, Wander] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Twin:
    """Everything that is true of the chip and its lines; names are those of the laboratory file.

    Parameters
    ----------
    levels : kept of each transmon, 3 or 4
    noise_groups : shots of a run fall into so many groups, each with its own draw of slow noise
    qubits, resonators : by qubit
    couplers : by coupling
    drives, fluxes, feedlines : by line; the entry ``default`` serves lines that have none of their own
    latencies : from the trigger input to the first sample, by instrument; others are what the laboratory file says
    dead : outputs that give nothing
    swapped : pairs of outputs whose cables are exchanged
    defects : by qubit
    drift : how all that moves
    """

    levels: int = 3
    noise_groups: int = 8
    qubits: Mapping[str, Transmon]
    resonators: Mapping[str, Resonator]
    couplers: Mapping[str, Coupler] = field(default_factory=dict)
    drives: Mapping[str, DriveLine] = field(default_factory=dict)
    fluxes: Mapping[str, FluxLine] = field(default_factory=dict)
    feedlines: Mapping[str, Feedline] = field(default_factory=dict)
    drive_crosstalk: tuple[DriveCrosstalk, ...] = ()
    flux_crosstalk: tuple[FluxCrosstalk, ...] = ()
    latencies: Mapping[str, Seconds] = field(default_factory=dict)
    dead: tuple[Port, ...] = ()
    swapped: tuple[tuple[Port, Port], ...] = ()
    defects: Mapping[str, tuple[Defect, ...]] = field(default_factory=dict)
    drift: Drift | None = None
