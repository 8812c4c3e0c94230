"""Pulses of a program to OpenPulse: a port for each line, a calibrated gate for each pulse and its qubits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qctl.core.program import Op, Program
from qctl.core.pulse import WAVES, Pulse, Shape, Tone, Wave


def calibrations(program: Program) -> Iterator[str]:
    """Yield the definitions of a program's pulses; none for programs without."""
    rows = program.events[program.events["op"] == Op.PULSE]
    if not len(rows):
        return
    lines = list(dict.fromkeys(tone.line for pulse in program.pulses for tone in pulse.tones))
    port = {line: f"port{k}" for k, line in enumerate(lines)}
    yield 'defcalgrammar "openpulse";'
    yield "cal {"
    for line in lines:
        yield f"  @line {line}"
        yield f"  port {port[line]};"
    yield "}"
    for number, on in sorted({(int(row["bit"]), tuple(q for q in row["q"].tolist() if q >= 0)) for row in rows}):
        yield from _definition(program.pulses[number], name(number, on), on, port)


def name(number: int, on: tuple[int, ...]) -> str:
    """Return the name of the gate that plays a pulse on some qubits."""
    return "_".join(["pulse", str(number), *map(str, on)])


def played(number: int, on: tuple[int, ...], phase: float) -> str:
    """Return the statement that plays a pulse."""
    return f"{name(number, on)}({phase!r}) {', '.join(f'${qubit}' for qubit in on)};"


def _definition(pulse: Pulse, gate: str, on: tuple[int, ...], port: dict[str, str]) -> Iterator[str]:
    yield f"defcal {gate}(float phase) {', '.join(f'${qubit}' for qubit in on)} {{"
    arrays: dict[Wave, str] = {}
    for wave in (wave for tone in pulse.tones for wave in _waves(tone) if wave.name == "samples"):
        if wave not in arrays:
            arrays[wave] = f"w{len(arrays)}"
            yield f"  waveform {arrays[wave]} = {{{', '.join(map(_complex, wave.numbers))}}};"
    for k, tone in enumerate(pulse.tones):
        phase = "0.0" if tone.frequency is None else f"{tone.phase!r} + phase"
        yield f"  frame f{k} = newframe({port[tone.line]}, {tone.frequency or 0.0!r}, {phase});"
        if tone.start:
            yield f"  delay[{tone.start!r}s] f{k};"
        yield f"  play(f{k}, {_waveform(tone, arrays)});"
    yield "}"


def _waves(tone: Tone) -> Iterator[Wave]:
    if tone.wave is not None:
        yield tone.wave
        for part in tone.wave.parts:
            yield from _waves(part)


def _complex(number: complex) -> str:
    return f"{number.real!r} + {number.imag!r}im" if number.imag else repr(number.real)


def _waveform(tone: Tone, arrays: Mapping[Wave, str]) -> str:
    if tone.wave is not None:
        found = _wave(tone.wave, tone.duration, arrays)
        return found if tone.amplitude == 1 else f"scale({found}, {tone.amplitude!r})"
    if tone.shape == Shape.COSINE:
        return f"raised_cosine({tone.amplitude!r}, {tone.duration!r}s, {tone.slope!r} * 1s)"
    if tone.edge:
        return f"flat_top_cosine({tone.amplitude!r}, {tone.duration!r}s, {tone.edge!r}s)"
    return f"constant({tone.amplitude!r}, {tone.duration!r}s)"


def _wave(wave: Wave, duration: float, arrays: Mapping[Wave, str]) -> str:
    if wave in arrays:
        return arrays[wave]
    if wave.parts:
        parts = (f"phase_shift({_waveform(part, arrays)}, {part.phase!r})" for part in wave.parts)
        return f"{wave.name}({', '.join(parts)})"
    size, *numbers = wave.numbers
    units = WAVES[wave.name]
    rest = [f"{n.real!r}{'s' if unit == 'duration' else ''}" for n, unit in zip(numbers, units, strict=True)]
    return f"{wave.name}({', '.join([_complex(size), f'{duration!r}s', *rest])})"
