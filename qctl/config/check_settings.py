"""Settings of one instrument in a laboratory file, against the limits that its driver declares."""

from __future__ import annotations

import math
from collections.abc import Iterator

from qctl.core.laboratory import Laboratory, Role
from qctl.core.protocols import AwgLimits, DeciderLimits, Declared, DigitizerLimits, StandingLimits
from qctl.core.units import format_quantity

from .document import Document, Steps
from .guesses import SECTION

_Rules = Iterator[tuple[bool, Steps, str, str]]


def check_settings(document: Document, laboratory: Laboratory, name: str, limits: Declared) -> None:
    """Note a mistake for each rate, full scale, frequency and level that the instrument cannot do."""
    for rules in (_rates(laboratory, name, limits), _scales(laboratory, name, limits)):
        _note(document, name, rules)
    if isinstance(limits, StandingLimits):
        _note(document, name, _standing(laboratory, name, limits))
        _note(document, name, _tones(laboratory, name, limits))


def _note(document: Document, name: str, rules: _Rules) -> None:
    for bad, steps, asked, allowed in rules:
        if bad:
            remedy = f"change {steps[-1]}, or name another instrument and its driver"
            document.wrong(steps, f"{name}: {asked}", allowed, remedy)


def _rates(laboratory: Laboratory, name: str, limits: Declared) -> _Rules:
    rate, place = laboratory.instruments[name].sample_rate, ("instruments", name, "sample_rate")
    if rate is None:
        return
    asked = f"sample_rate of {format_quantity(rate, 'Hz')}"
    if isinstance(limits, AwgLimits):
        yield (
            not limits.min_rate <= rate <= limits.max_rate,
            place,
            asked,
            _span(limits.min_rate, limits.max_rate, "Hz"),
        )
    elif isinstance(limits, DigitizerLimits | DeciderLimits):
        yield rate not in limits.rates, place, asked, ", ".join(format_quantity(one, "Hz") for one in limits.rates)


def _scales(laboratory: Laboratory, name: str, limits: Declared) -> _Rules:
    volts, place = laboratory.instruments[name].full_scale, ("instruments", name, "full_scale")
    if volts is not None and isinstance(limits, AwgLimits | DigitizerLimits):
        low, high = limits.min_full_scale, limits.max_full_scale
        yield not low <= volts <= high, place, f"full_scale of {format_quantity(volts, 'V')}", _span(low, high, "V")


def _standing(laboratory: Laboratory, name: str, limits: StandingLimits) -> _Rules:
    """Yield rules of what stands still: its carrier, and the levels within which it may be, or goes to be safe."""
    entry, limit, safe = laboratory.instruments[name], laboratory.limits.get(name), laboratory.safe.get(name)
    unit, levels = limits.unit, _span(limits.min_level, limits.max_level, limits.unit)
    if limit is not None and limit.unit != unit:
        yield True, ("limits", name, "min"), f"limits in {limit.unit}", f"{unit}, which is what it gives"
        return
    if entry.frequency is not None:
        low, high = limits.min_frequency, limits.max_frequency
        asked = f"frequency of {format_quantity(entry.frequency, 'Hz')}"
        yield not low <= entry.frequency <= high, ("instruments", name, "frequency"), asked, _span(low, high, "Hz")
    named = {("instruments", name, "power"): entry.power}
    named[("safe", name, "value")] = None if safe is None else safe.value
    if limit is not None and laboratory.roles()[name] in (Role.BIAS, Role.SUPPLY):  # their range must hold their limits
        named |= {("limits", name, "min"): limit.min, ("limits", name, "max"): limit.max}
    for place, level in named.items():
        if level is not None:
            beyond = not limits.min_level <= level <= limits.max_level
            yield beyond, place, f"{place[-1]} of {format_quantity(level, unit)}", levels


def _tones(laboratory: Laboratory, name: str, limits: StandingLimits) -> _Rules:
    """Yield rules of first guesses of the tones that an instrument gives: frequency, and power within its limits."""
    limit = laboratory.limits.get(name)
    for line in [key for key, one in laboratory.lines.items() if one.carrier and one.carrier.instrument == name]:
        frequency = laboratory.first_guess.get(f"{line}.tone.frequency")
        amplitude = laboratory.first_guess.get(f"{line}.tone.amplitude")
        if frequency is not None:
            low, high = limits.min_frequency, limits.max_frequency
            asked = f"tone of {line} at {format_quantity(frequency, 'Hz')}"
            yield not low <= frequency <= high, (SECTION, line, "tone.frequency"), asked, _span(low, high, "Hz")
        if amplitude is not None and amplitude > 0 and limit is not None:
            level = limits.max_level + 20 * math.log10(amplitude)
            asked = f"tone of {line} with {level:.3g} {limits.unit}"
            inside = limit.min <= level <= limit.max
            yield not inside, (SECTION, line, "tone.amplitude"), asked, _span(limit.min, limit.max, limits.unit)


def _span(low: float, high: float, unit: str) -> str:
    if not math.isfinite(low):
        return f"up to {format_quantity(high, unit)}"
    if not math.isfinite(high):
        return f"{format_quantity(low, unit)} or more"
    return f"{format_quantity(low, unit)} to {format_quantity(high, unit)}"
