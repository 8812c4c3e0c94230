"""First guesses of a laboratory file: complete, possible, and reachable by the instruments on their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qctl.core.laboratory import Line
from qctl.core.names import Target, unit_of
from qctl.core.units import format_quantity

from .check_times import whole
from .document import Steps
from .draft import Draft
from .guesses import SECTION

_COUNT = re.compile(r"_[0-9]+$")
_POSITIVE = ("frequency", "duration", "t1", "t2", "tau")
_PROBABILITIES = ("error", "p01", "p10")
_FRACTIONS = ("amplitude", "flux_amplitude", "coupler_amplitude", "offset_i", "offset_q")


def check_guesses(draft: Draft) -> None:
    """Check the guesses one by one, then against the wiring."""
    for steps, quantity, value in _guesses(draft):
        last = _COUNT.sub("", quantity.rpartition(".")[2])
        for bad, allowed in (
            (last in _POSITIVE and value <= 0, "more than zero"),
            (last == "anharmonicity" and value == 0, "not zero"),
            (last in _PROBABILITIES and not 0 <= value <= 1, "0 to 1"),
            (last in _FRACTIONS and abs(value) > 1, "-1 to 1, a fraction of full scale"),
        ):
            if bad:
                draft.wrong(steps, f"{quantity} {value:g}", allowed)
    for qubit in draft.laboratory.qubits:
        _qubit(draft, qubit)
    for name, line in draft.laboratory.lines.items():
        _bias(draft, name, line)
    _tones(draft)


def _guesses(draft: Draft) -> Iterator[tuple[Steps, str, float]]:
    """Yield where each guess stands, its quantity and its value; target and quantity may both hold dots."""
    targets = {name for section in ("qubits", "couplings", "lines") for name in draft.document.declared(section)}
    for name, value in draft.laboratory.first_guess.items():
        words = name.split(".")
        for k in range(1, len(words)):
            target, quantity = ".".join(words[:k]), ".".join(words[k:])
            if target in targets and draft.document.written((SECTION, target, quantity)):
                yield (SECTION, target, quantity), quantity, value


def _qubit(draft: Draft, qubit: str) -> None:
    guess = draft.laboratory.first_guess
    for quantity in draft.lines.of_qubits if draft.lines is not None else ():
        needed(draft, qubit, quantity, Target.QUBIT)
    t1, t2 = guess.get(f"{qubit}.t1"), guess.get(f"{qubit}.t2")
    if t1 is not None and t2 is not None and t2 > 2 * t1:
        draft.wrong((SECTION, qubit, "t2"), f"t2 of {qubit} is {t2:g} s", f"up to twice its t1, {2 * t1:g} s")
    _tone(draft, qubit, "frequency", draft.laboratory.qubits[qubit].drive)
    _tone(draft, qubit, "readout.frequency", draft.laboratory.qubits[qubit].readout)
    _direct_tone(draft, qubit)


def needed(draft: Draft, target: str, quantity: str, kind: Target) -> None:
    """Note that a first guess is missing which nobody can assume."""
    if not draft.document.written((SECTION, target, quantity)):
        unit = unit_of(quantity, kind)
        allowed = f"{quantity}: a quantity in {unit}" if unit else f"{quantity}: a number"
        draft.wrong((SECTION, target, quantity), f"no first guess of {target}.{quantity}", allowed)


def _tone(draft: Draft, qubit: str, quantity: str, line_name: str) -> None:
    """Check that a frequency can be reached from the carrier of its line; readout tones repeat with the shot."""
    laboratory, line = draft.laboratory, draft.laboratory.lines.get(line_name)
    frequency = laboratory.first_guess.get(f"{qubit}.{quantity}")
    carrier = laboratory.instruments.get(line.mixed_with or "") if line is not None else None
    if frequency is None or line is None or carrier is None or carrier.frequency is None:
        return
    steps, offset = (SECTION, qubit, quantity), frequency - carrier.frequency
    asked = f"{quantity} of {qubit} is {offset / 1e6:g} MHz from {line.mixed_with}"
    for port in (line.i, *line.heard_by):
        entry = laboratory.instruments.get(port.instrument) if port is not None else None
        if entry is not None and entry.sample_rate and abs(offset) >= entry.sample_rate / 2:
            draft.wrong(
                steps, asked, f"less than {entry.sample_rate / 2e6:g} MHz, half the clock of {port and port.instrument}"
            )
            return
    if line.back is not None and draft.whole("period") and offset and not whole(abs(offset) * laboratory.period):
        grid = 1 / laboratory.period
        nearest = carrier.frequency + round(offset / grid) * grid
        allowed = f"multiples of {format_quantity(round(grid, 6), 'Hz')}, so that every shot sees the same phase"
        draft.wrong(steps, asked, allowed, f"write {format_quantity(round(nearest, 6), 'Hz')}")


def _direct_tone(draft: Draft, qubit: str) -> None:
    """Check that a beam's own output can give the radio frequency of its qubit."""
    laboratory = draft.laboratory
    line, frequency = (
        laboratory.lines.get(laboratory.qubits[qubit].drive),
        laboratory.first_guess.get(f"{qubit}.frequency"),
    )
    if line is None or line.output is None or frequency is None:
        return
    entry = laboratory.instruments.get(line.output.instrument)
    if entry is not None and entry.sample_rate and not frequency < entry.sample_rate / 2:
        allowed = f"less than {entry.sample_rate / 2e6:g} MHz, half the clock of {line.output.instrument}"
        draft.wrong((SECTION, qubit, "frequency"), f"frequency of {qubit} is {frequency / 1e6:g} MHz", allowed)


def _tones(draft: Draft) -> None:
    """Check that no two qubits on one feedline are read out at one frequency."""
    first: dict[tuple[str, float], str] = {}
    for name, qubit in draft.laboratory.qubits.items():
        frequency = draft.laboratory.first_guess.get(f"{name}.readout.frequency")
        if frequency is not None and first.setdefault((qubit.readout, frequency), name) != name:
            other = first[qubit.readout, frequency]
            draft.wrong(
                (SECTION, name, "readout.frequency"), f"{name} at the readout frequency of {other}", "one for each"
            )


def _bias(draft: Draft, name: str, line: Line) -> None:
    value = draft.laboratory.first_guess.get(f"{name}.bias")
    if value is None:
        return
    limit = draft.laboratory.limits.get(line.bias or "")
    steps = (SECTION, name, "bias")
    if line.bias is None:
        draft.wrong(steps, f"line {name} has no bias", "lines with bias: an instrument")
    elif limit is not None and limit.unit == "A" and not limit.min <= value <= limit.max:
        draft.wrong(steps, f"{value:g} A is beyond the limits of {line.bias}", f"{limit.min:g} to {limit.max:g} A")
