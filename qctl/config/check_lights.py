"""Lights, electrodes and what a platform cannot do without: there, tuned by first guesses, and within limits."""

from __future__ import annotations

from qctl.core.laboratory import Line

from .draft import Draft
from .guesses import SECTION

_LIGHTS = {"trapped_ion": ("cooling", "pumping", "detection")}
"""Lines with a switch that every shot of a platform uses."""

_NEEDED = {"trapped_ion": ("trap.mode_1",)}
"""First guesses that a platform cannot assume, beside those of qubits."""


def check_lights(draft: Draft) -> None:
    """Check the lights that a platform needs, and the tones and voltages of all lines that have one."""
    laboratory = draft.laboratory
    if draft.whole("lines"):
        for name in _LIGHTS.get(laboratory.platform, ()):
            line = laboratory.lines.get(name)
            if line is None or line.switch is None:
                wanted = f"{name}: {{switch: an output of a pulse generator}}"
                draft.wrong(
                    ("lines", name), f"no line {name!r} with a switch on platform {laboratory.platform}", wanted
                )
    for parameter in _NEEDED.get(laboratory.platform, ()):
        target, _, quantity = parameter.partition(".")
        _needed(draft, target, quantity)
    for name, line in laboratory.lines.items():
        _tone(draft, name, line)
        _voltage(draft, name, line)


def _needed(draft: Draft, target: str, quantity: str) -> None:
    if not draft.document.written((SECTION, target, quantity)):
        draft.wrong((SECTION, target, quantity), f"no first guess of {target}.{quantity}", f"{quantity}: a quantity")


def _tone(draft: Draft, name: str, line: Line) -> None:
    """Check frequency and amplitude of a line's DDS channel: nobody can assume what a modulator needs."""
    there = {what: draft.laboratory.first_guess.get(f"{name}.tone.{what}") for what in ("frequency", "amplitude")}
    for what, value in there.items():
        steps = (SECTION, name, f"tone.{what}")
        if line.carrier is None and value is not None:
            draft.wrong(steps, f"line {name} has no tone", "lines with carrier: a channel of a DDS")
        elif line.carrier is not None:
            _needed(draft, name, f"tone.{what}")
            if value is not None and value < 0:
                draft.wrong(steps, f"tone.{what} {value:g}", "0 or more")


def _voltage(draft: Draft, name: str, line: Line) -> None:
    value, steps = draft.laboratory.first_guess.get(f"{name}.voltage"), (SECTION, name, "voltage")
    if line.supply is None:
        if value is not None:
            draft.wrong(steps, f"line {name} has no voltage", "lines with supply: a channel of a DC supply")
        return
    _needed(draft, name, "voltage")
    limit = draft.laboratory.limits.get(line.supply.instrument)
    if value is not None and limit is not None and not limit.min <= value <= limit.max:
        asked = f"{value:g} V is beyond the limits of {line.supply.instrument}"
        draft.wrong(steps, asked, f"{limit.min:g} to {limit.max:g} V")
