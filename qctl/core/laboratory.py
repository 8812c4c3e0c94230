"""A laboratory as a person describes it: instruments, wiring, limits, safe states, first guesses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from .sequence import Port
from .units import Unit

Hertz = Annotated[float, Unit("Hz")]
Seconds = Annotated[float, Unit("s")]
Volts = Annotated[float, Unit("V")]
Amperes = Annotated[float, Unit("A")]
Decibels = Annotated[float, Unit("dB")]
PowerDbm = Annotated[float, Unit("dBm")]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentEntry:
    """One instrument: which driver, where, and the settings that a person decides.

    Parameters
    ----------
    driver : ``module:Class``
    address : VISA resource name, or ``mock``
    sample_rate : AWG or digitizer
    full_scale : AWG: amplitude of full scale (peak, into 50 ohm); digitizer: largest voltage it resolves
    frequency, power : microwave source
    trigger_latency : AWG or digitizer: from the edge at its trigger input to its first sample
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

    Exactly one of ``i`` and ``q`` together, or ``output``, says what feeds it.

    Parameters
    ----------
    i, q : outputs of an I/Q pair
    output : a single output, or a marker for a trigger line
    mixed_with : the source whose carrier the pair modulates (and, for a feedline, demodulates)
    bias : DC source added behind the output
    back : I and Q inputs of the digitizer, for a feedline
    starts : instruments whose trigger input this marker feeds
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
    starts: tuple[str, ...] = ()
    attenuation: Decibels = 0.0
    delay: Seconds = 0.0
    return_delay: Seconds = 0.0

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Return the one or two outputs that feed the line."""
        return tuple(port for port in (self.i, self.q, self.output) if port is not None)


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
    """Safe state of one instrument's outputs; ``value`` and ``rate`` are in the unit of the output."""

    action: SafeAction
    value: float | None = None
    rate: float | None = None
    order: int = 0
    timeout: Seconds = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitEntry:
    """Absolute limits of one instrument's outputs, in the unit of the output (V, A, dBm)."""

    min: float
    max: float
    rate: float | None = None  # per second


@dataclass(frozen=True, kw_only=True)
class Laboratory:
    """Everything a laboratory file says.

    Parameters
    ----------
    name : stem of the file
    platform : ``superconducting``, ...
    reference : frequency of the clock distributed to every instrument
    period : repetition period of shots; the passive reset is part of it
    qubits, couplings : in file order; index in this order is the physical index
    first_guess : SI values by parameter name (``q0.frequency``), used until measured
    parameters : file of a committed snapshot beside the laboratory file, if any
    digest : SHA-256 of the file's content
    """

    name: str
    platform: str
    reference: Hertz
    period: Seconds
    instruments: Mapping[str, InstrumentEntry]
    lines: Mapping[str, Line]
    qubits: Mapping[str, Qubit]
    couplings: Mapping[str, Coupling]
    safe: Mapping[str, SafeEntry]
    limits: Mapping[str, LimitEntry]
    first_guess: Mapping[str, float] = field(default_factory=dict)
    parameters: str | None = None
    path: str = ""
    digest: str = ""

    @property
    def qubit_names(self) -> tuple[str, ...]:
        """Return the physical qubits in index order."""
        return tuple(self.qubits)

    def feedlines(self) -> tuple[str, ...]:
        """Return the names of all lines that come back to a digitizer."""
        return tuple(name for name, line in self.lines.items() if line.back is not None)
