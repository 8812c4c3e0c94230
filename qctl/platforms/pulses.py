"""What one operation plays: envelope, carrier and amplitude of each of its pulses, from Parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core import pulse as core
from qctl.core.errors import CompileError, LimitError
from qctl.core.laboratory import Laboratory, Line

from .envelopes import drag, flat_top
from .known import CZ, QUBIT, value
from .waves import envelope, on_grid
from .wiring import sample_rate


@dataclass(frozen=True, slots=True)
class Pulse:
    """One pulse on one line.

    Parameters
    ----------
    line : name
    envelope : complex128, peak 1
    amplitude : fraction of full scale at the peak
    carrier : intermediate frequency, Hz; 0 on flux lines
    shift : samples from the start of the operation
    phase : rad, beside that of the operation
    """

    line: str
    envelope: NDArray[np.complex128]
    amplitude: float
    carrier: float = 0.0
    shift: int = 0
    phase: float = 0.0


def rotation(lab: Laboratory, known: Mapping[str, float], qubit: int, kind: str) -> tuple[Pulse, ...]:
    """Return the DRAG pulse ``x90`` or ``x180``: ``Q = drag * dI/dt / (2 pi anharmonicity)``."""
    name = lab.qubit_names[qubit]
    line = lab.qubits[name].drive
    rate = sample_rate(lab, lab.lines[line].outputs[0])
    slope = known[f"{name}.{kind}.drag"] / (2 * np.pi * known[f"{name}.anharmonicity"])
    envelope = drag(n_samples(known[f"{name}.{kind}.duration"], rate), rate, slope)
    carrier = carrier_of(lab, line, known[f"{name}.frequency"], f"{name}.frequency")
    return (Pulse(line, envelope, known[f"{name}.{kind}.amplitude"], carrier),)


def readout(lab: Laboratory, known: Mapping[str, float], qubit: int) -> tuple[Pulse, ...]:
    """Return the readout tone of one qubit: a flat top of ``readout.duration`` with edges of ``readout.edge``."""
    name = lab.qubit_names[qubit]
    tone = readout_tone(lab, known, qubit)
    rate = sample_rate(lab, lab.lines[tone.line].outputs[0])
    n, edge = n_samples(tone.duration, rate), round(tone.edge * rate)
    if 2 * edge > n:
        raise LimitError(f"two edges of {edge} samples", allowed=f"{n} samples together", where=f"{name}.readout.edge")
    carrier = carrier_of(lab, tone.line, known[f"{name}.readout.frequency"], f"{name}.readout.frequency")
    return (Pulse(tone.line, flat_top(n, edge), tone.amplitude, carrier),)


def readout_tone(lab: Laboratory, known: Mapping[str, float], qubit: int) -> core.Tone:
    """Return the readout tone of one qubit as a program would play it."""
    name = lab.qubit_names[qubit]
    duration, amplitude, frequency = (
        known[f"{name}.readout.{part}"] for part in ("duration", "amplitude", "frequency")
    )
    edge = value(known, f"{name}.readout.edge", QUBIT["readout.edge"][0])
    line = lab.qubits[name].readout
    return core.Tone(line=line, amplitude=amplitude, duration=duration, edge=edge, frequency=frequency)


def cz(lab: Laboratory, known: Mapping[str, float], name: str) -> tuple[Pulse, ...]:
    """Return the flux pulses of a CZ: the high qubit goes to where |11> meets |20>, inside it the coupler opens.

    The qubit's pulse fills ``cz.duration`` and has edges of ``cz.edge``. The coupler's pulse begins ``cz.edge`` and
    ``cz.margin`` later, when the qubit has settled, ends as early, and has edges of ``cz.coupler_edge``, smooth enough
    not to swap |01> and |10>. A coupling without flux line is always open: then the qubit's pulse is the gate.
    """
    a, b = (lab.qubit_names.index(qubit) for qubit in lab.couplings[name].pair)
    high = lab.qubit_names[high_qubit(lab, known, a, b)]
    flux, coupler = lab.qubits[high].flux, lab.couplings[name].flux
    if flux is None:
        raise CompileError(f"CZ on {name} needs a flux line at {high}", where=f"qubits.{high}", remedy="wire one")
    edge, margin, coupler_edge = (
        value(known, f"{name}.cz.{part}", CZ[f"cz.{part}"][0]) for part in ("edge", "margin", "coupler_edge")
    )
    pulses = [_edged(lab, known, flux, f"{name}.cz.flux_amplitude", known[f"{name}.cz.duration"], edge, 0.0)]
    if coupler is not None:
        wait = edge + margin
        inside = known[f"{name}.cz.duration"] - 2 * wait
        pulses.append(_edged(lab, known, coupler, f"{name}.cz.coupler_amplitude", inside, coupler_edge, wait))
    return tuple(pulses)


def tones(lab: Laboratory, pulse: core.Pulse) -> tuple[Pulse, ...]:
    """Return what the lines of one pulse of a program play.

    Raises
    ------
    CompileError
        When there is no such line, or a tone has a frequency on a line without a source, or none on one with it.
    LimitError
        When a time is no whole number of samples of its line.
    """
    return tuple(_tone(lab, tone) for tone in pulse.tones)


def played_line(lab: Laboratory, name: str) -> Line:
    """Return a line that plays samples; raise CompileError for any other, with those that do."""
    wiring = lab.lines.get(name)
    if wiring is None or not wiring.outputs or wiring.starts or wiring.branches:
        playable = [each for each, line in lab.lines.items() if line.outputs and not (line.starts or line.branches)]
        raise CompileError(f"a tone on line {name!r}", allowed=", ".join(playable), where=lab.name)
    return wiring


def _tone(lab: Laboratory, tone: core.Tone) -> Pulse:
    wiring = played_line(lab, tone.line)
    beam = lab.platform != "superconducting" and wiring.output is not None  # carries its own radio frequency
    if (tone.frequency is None) is not (wiring.mixed_with is None and not beam):
        raise CompileError(
            f"a tone {'without' if tone.frequency is None else 'with'} a frequency",
            allowed="a frequency where the line is mixed with a source or drives a beam, and only there",
            where=tone.line,
        )
    rate = sample_rate(lab, wiring.outputs[0])
    shape, amplitude = envelope(tone, rate)
    if tone.frequency is None and np.any(shape.imag):
        raise CompileError(
            "a waveform with a quadrature, on a line without a carrier", allowed="real ones", where=tone.line
        )
    carrier = 0.0 if tone.frequency is None else carrier_of(lab, tone.line, tone.frequency, "a tone")
    return Pulse(tone.line, shape, amplitude, carrier, on_grid(tone.start, rate, tone.line), tone.phase)


def high_qubit(lab: Laboratory, known: Mapping[str, float], a: int, b: int) -> int:
    """Return the one of two qubits whose frequency is higher: the one that a CZ moves."""
    names = lab.qubit_names
    return a if known[f"{names[a]}.frequency"] > known[f"{names[b]}.frequency"] else b


def coupling_of(lab: Laboratory, a: int, b: int) -> str:
    """Return the name of the coupling of two physical qubits."""
    pair = {lab.qubit_names[a], lab.qubit_names[b]}
    for name, coupling in lab.couplings.items():
        if pair == set(coupling.pair):
            return name
    raise CompileError(
        f"CZ between {' and '.join(sorted(pair))}",
        allowed=f"coupled pairs: {', '.join(lab.couplings) or 'there are none'}",
        remedy="let compile route the program (physical=False)",
    )


def n_samples(seconds: float, rate: float) -> int:
    """Return a duration that is known to lie on the grid, in samples."""
    return round(seconds * rate)


def _edged(
    lab: Laboratory, known: Mapping[str, float], line: str, name: str, seconds: float, edge: float, wait: float
) -> Pulse:
    rate = sample_rate(lab, lab.lines[line].outputs[0])
    n, n_edge, shift = (
        n_samples(seconds, rate),
        *(on_grid(part, rate, name.rpartition(".")[0]) for part in (edge, wait)),
    )
    if n < 2 * n_edge or n <= 0:
        raise LimitError(
            f"{n / rate:g} s are left for two edges of {edge:g} s",
            allowed="edges that fit into cz.duration",
            where=name,
            remedy="shorten cz.edge, cz.margin or cz.coupler_edge, or lengthen cz.duration",
        )
    return Pulse(line, flat_top(n, n_edge), known[name], 0.0, shift)


def carrier_of(lab: Laboratory, line: str, frequency: float, name: str) -> float:
    """Return the frequency that the outputs of a line play for one at the chip, Hz."""
    wiring: Line = lab.lines[line]
    source = lab.instruments[wiring.mixed_with].frequency if wiring.mixed_with is not None else 0.0
    if source is None:
        raise CompileError("no frequency", where=wiring.mixed_with or line, remedy="give it in the laboratory file")
    carrier = frequency - source
    nyquist = sample_rate(lab, wiring.outputs[0]) / 2
    if not abs(carrier) < nyquist:
        mixed = wiring.mixed_with is not None
        raise LimitError(
            f"{name} of {frequency:g} Hz" + (f" lies {carrier:g} Hz from its source" if mixed else ""),
            allowed=f"less than {nyquist:g} Hz, half the sample rate",
            where=line,
            remedy=f"move {wiring.mixed_with} closer" if mixed else "a lower frequency, or a faster sample clock",
        )
    return carrier
