"""A laboratory as a person describes it: instruments, wiring, limits, safe states, first guesses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from .names import ParameterNames
from .port import Port
from .units import AnyUnit, Unit

Hertz = Annotated[float, Unit("Hz")]
Seconds = Annotated[float, Unit("s")]
Volts = Annotated[float, Unit("V")]
Amperes = Annotated[float, Unit("A")]
Decibels = Annotated[float, Unit("dB")]
PowerDbm = Annotated[float, Unit("dBm")]
Level = Annotated[float, AnyUnit(("V", "A", "dBm"))]
Rate = Annotated[float, AnyUnit(("V/s", "A/s", "dBm/s"))]

DERIVED: Mapping[str, bool] = {"derived": True}
"""Metadata of a field that no file writes: whoever reads the file fills it in."""


class Role(StrEnum):
    """What an instrument does here; follows from where the lines name it."""

    AWG = "awg"  # has outputs that play waveforms
    DIGITIZER = "digitizer"  # has inputs at the end of a feedline
    SOURCE = "source"  # gives the carrier of a mixer
    BIAS = "bias"  # gives a direct current or voltage
    PULSER = "pulser"  # has digital outputs: switches lights, starts other instruments
    DDS = "dds"  # has channels that each give one tone
    SUPPLY = "supply"  # has channels that each hold a voltage
    COUNTER = "counter"  # counts photons
    CAMERA = "camera"  # takes images
    HOLOGRAM = "hologram"  # a display whose pattern makes traps
    DECIDER = "decider"  # tells states while the shot goes on, and lets AWGs branch by them


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentEntry:
    """One instrument: which driver, where, and the settings that a person decides.

    Parameters
    ----------
    driver : ``module:Class``
    address : VISA resource name, or ``mock``
    sample_rate : AWG, digitizer or decider
    full_scale : AWG: amplitude of full scale (peak, into 50 ohm); digitizer: largest voltage it resolves
    frequency, power : microwave source
    trigger_latency : AWG, digitizer or decider: from the edge at its trigger input to its first sample
    """

    driver: str
    address: str
    sample_rate: Hertz | None = None
    full_scale: Volts | None = None
    frequency: Hertz | None = None
    power: PowerDbm | None = None
    trigger_latency: Seconds = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A signal path between instruments and one port of the chip (or a trigger input).

    One of ``i`` and ``q`` together, ``output``, ``switch``, ``carrier``, ``supply``, ``counted_by``, ``seen_by`` or
    ``shaped_by`` says what stands at its end; a light has both a switch and a carrier.

    Parameters
    ----------
    i, q : outputs of an I/Q pair
    output : a single output, or a marker for a trigger line
    mixed_with : the source whose carrier the pair modulates (and, for a feedline, demodulates)
    bias : DC source added behind the output
    back : I and Q inputs of the digitizer, for a feedline
    decided_by : I and Q inputs of an instrument that tells states within the shot, behind a splitter before `back`
    switch : a digital output of a pulse generator, high while the line is on
    carrier : a channel of a DDS, whose tone runs along the line
    supply : a channel of a multi-channel DC supply, which holds the line at a voltage
    counted_by : an input of a photon counter
    seen_by : a camera
    shaped_by : what displays the hologram that makes the traps of all qubits out of this light
    starts : instruments whose trigger, gate or exposure input this marker or switch feeds
    branches : AWGs whose second trigger input (event input) this marker of a decider feeds
    attenuation : between output and chip
    delay : from output to chip, as far as known
    return_delay : from the chip to the digitizer, as far as known
    """

    i: Port | None = None
    q: Port | None = None
    output: Port | None = None
    mixed_with: str | None = None
    bias: str | None = None
    back: tuple[Port, Port] | None = None
    decided_by: tuple[Port, Port] | None = None
    switch: Port | None = None
    carrier: Port | None = None
    supply: Port | None = None
    counted_by: Port | None = None
    seen_by: Port | None = None
    shaped_by: str | None = None
    starts: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    attenuation: Decibels = 0.0
    delay: Seconds = 0.0
    return_delay: Seconds = 0.0

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Return the one or two outputs that feed the line with waveforms, or the marker."""
        return tuple(filter(None, (self.i, self.q, self.output)))

    @property
    def uses(self) -> tuple[tuple[str, Port | str, Role], ...]:
        """Return whatever is connected, by key of the laboratory file, and what it serves as here."""
        roles = {**_ROLES, "output": Role.DECIDER} if self.branches else _ROLES
        ports = [(key, getattr(self, key), role) for key, role in roles.items()]
        back = [("back", port, Role.DIGITIZER) for port in self.back or ()]
        back += [("decided_by", port, Role.DECIDER) for port in self.decided_by or ()]
        return tuple((key, end, role) for key, end, role in (*ports, *back) if end is not None)

    @property
    def heard_by(self) -> tuple[Port, ...]:
        """Return all inputs at the end of a feedline, I before Q."""
        return (*(self.back or ()), *(self.decided_by or ()))


_ROLES: Mapping[str, Role] = {
    "i": Role.AWG,
    "q": Role.AWG,
    "output": Role.AWG,
    "mixed_with": Role.SOURCE,
    "bias": Role.BIAS,
    "switch": Role.PULSER,
    "carrier": Role.DDS,
    "supply": Role.SUPPLY,
    "counted_by": Role.COUNTER,
    "seen_by": Role.CAMERA,
    "shaped_by": Role.HOLOGRAM,
}


def instrument_of(end: Port | str) -> str:
    """Return the instrument that a line names, by one of its connectors or by itself."""
    return end.instrument if isinstance(end, Port) else end


@dataclass(frozen=True, slots=True, kw_only=True)
class Qubit:
    """Lines of one qubit, by name; platforms without one of them leave it empty."""

    drive: str
    readout: str
    flux: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupling:
    """A pair of neighbours, and the flux line of its coupler when it is tunable."""

    pair: tuple[str, str]
    flux: str | None = None


class SafeAction(StrEnum):
    """What happens to an output when a run ends in any way."""

    HOLD = "hold"
    RAMP = "ramp"
    OFF = "off"
    VALUE = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeEntry:
    """Safe state of one instrument's outputs; ``value`` and ``rate`` (per second) are in ``unit``.

    Instruments of lower ``order`` are made safe first. ``unit`` is V, A or dBm, empty without a value.
    """

    action: SafeAction
    value: Level | None = None
    rate: Rate | None = None
    order: int = 0
    timeout: Seconds = 10.0
    unit: str = field(default="", metadata=DERIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitEntry:
    """Absolute limits of one instrument's outputs, in ``unit``: V, A or dBm; ``rate`` is per second."""

    min: Level
    max: Level
    rate: Rate | None = None
    unit: str = field(default="", metadata=DERIVED)


@dataclass(frozen=True, kw_only=True)
class Laboratory:
    """Everything a laboratory file says.

    Parameters
    ----------
    name : stem of the file
    platform : ``superconducting``, ...
    reference : frequency of the clock distributed to every instrument
    period : repetition period of shots; the passive reset is part of it
    slot : where the host decides within a shot: the period of a clock, locked to the reference, at whose edges the
        pulse generator starts each part
    longest_run : machine time that one run may take, unless it is asked for more
    qubits, couplings : in file order; index in this order is the physical index
    first_guess : SI values by parameter name (``q0.frequency``), used until measured
    parameters : file of a committed snapshot beside the laboratory file, if any
    path, digest : where the file is, and the SHA-256 of its content
    """

    name: str = field(metadata=DERIVED)
    platform: str
    reference: Hertz
    period: Seconds
    instruments: Mapping[str, InstrumentEntry]
    lines: Mapping[str, Line]
    qubits: Mapping[str, Qubit]
    couplings: Mapping[str, Coupling]
    safe: Mapping[str, SafeEntry]
    limits: Mapping[str, LimitEntry]
    first_guess: Annotated[Mapping[str, float], ParameterNames()] = field(default_factory=dict)
    parameters: str | None = None
    slot: Seconds | None = None
    longest_run: Seconds = 3600.0
    path: str = field(default="", metadata=DERIVED)
    digest: str = field(default="", metadata=DERIVED)

    def led_to(self, line: str) -> tuple[str, ...]:
        """Return the qubits that a line leads to: the pair of a coupler, or whose drive, flux or readout it is."""
        pairs = [coupling.pair for coupling in self.couplings.values() if coupling.flux == line]
        alone = [name for name, qubit in self.qubits.items() if line in (qubit.drive, qubit.flux, qubit.readout)]
        return pairs[0] if pairs else tuple(alone)

    @property
    def qubit_names(self) -> tuple[str, ...]:
        """Return the physical qubits in index order."""
        return tuple(self.qubits)

    def feedlines(self) -> tuple[str, ...]:
        """Return the names of all lines that come back to a digitizer."""
        return tuple(name for name, line in self.lines.items() if line.back is not None)

    def event_line(self) -> Line | None:
        """Return the line from the marker of a decider to the AWGs that branch; None where nothing does."""
        return next((line for line in self.lines.values() if line.branches), None)

    def roles(self) -> dict[str, Role]:
        """Return what each wired instrument does, in order of the file; the first role when lines disagree."""
        wired: dict[str, Role] = {}
        for line in self.lines.values():
            for _, end, role in line.uses:
                wired.setdefault(instrument_of(end), role)
        return {name: wired[name] for name in self.instruments if name in wired}

    def masters(self) -> tuple[str, ...]:
        """Return what triggers itself: the pulse generators and AWGs that no line starts.

        A checked laboratory has exactly one; where there is a pulse generator, that one.
        """
        started = {name for line in self.lines.values() for name in line.starts}
        roles = {name: role for name, role in self.roles().items() if name not in started}
        return tuple(n for kind in (Role.PULSER, Role.AWG) for n, role in roles.items() if role is kind)
