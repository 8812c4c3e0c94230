"""Lights, electrodes and what a platform cannot do without: there, tuned by first guesses, and within limits."""

from __future__ import annotations

from qctl.core.laboratory import Line
from qctl.core.lines import Lines
from qctl.core.names import Target

from .check_guesses import needed
from .draft import Draft
from .guesses import SECTION


def check_lights(draft: Draft) -> None:
    """Check the lines that a platform needs, and the tones and voltages of all lines that have one."""
    laboratory, asked = draft.laboratory, draft.lines
    if asked is not None:
        _lines(draft, asked)
        for quantity in asked.of_readout:
            for name in dict.fromkeys(qubit.readout for qubit in laboratory.qubits.values()):
                needed(draft, name, quantity, Target.LINE)
        for parameter in asked.of_lines:
            target, _, quantity = parameter.partition(".")
            needed(draft, target, quantity, Target.LINE)
        if asked.most_qubits is not None and len(laboratory.qubits) > asked.most_qubits:
            draft.wrong(("qubits",), f"{len(laboratory.qubits)} qubits", f"at most {asked.most_qubits}")
    for name, line in laboratory.lines.items():
        _tone(draft, name, line)
        _voltage(draft, name, line)


def _lines(draft: Draft, asked: Lines) -> None:
    """Check that the lines are there which every shot uses, with what stands at their ends."""
    lines, declared = draft.laboratory.lines, draft.document.declared("lines")
    ends = (
        ("switch", "a switch", "an output of a pulse generator", asked.lights),
        ("carrier", "a carrier", "a channel of a DDS", asked.carried),
        ("output", "an output", "an output of an AWG", asked.outputs),
    )
    for key, what, end, names in ends:
        for name in names:
            if name not in declared or (name in lines and getattr(lines[name], key) is None):
                said = f"no line {name!r} with {what} on platform {draft.laboratory.platform}"
                draft.wrong(("lines", name), said, f"{name}: {{{key}: {end}}}", "wire it: every shot uses it")


def _tone(draft: Draft, name: str, line: Line) -> None:
    """Check frequency and amplitude of a line's DDS channel: nobody can assume what a modulator needs."""
    there = {what: draft.laboratory.first_guess.get(f"{name}.tone.{what}") for what in ("frequency", "amplitude")}
    for what, value in there.items():
        steps = (SECTION, name, f"tone.{what}")
        if line.carrier is None and value is not None:
            draft.wrong(steps, f"line {name} has no tone", "lines with carrier: a channel of a DDS")
        elif line.carrier is not None:
            needed(draft, name, f"tone.{what}", Target.LINE)
            if value is not None and value < 0:
                draft.wrong(steps, f"tone.{what} {value:g}", "0 or more")


def _voltage(draft: Draft, name: str, line: Line) -> None:
    value, steps = draft.laboratory.first_guess.get(f"{name}.voltage"), (SECTION, name, "voltage")
    if line.supply is None:
        if value is not None:
            draft.wrong(steps, f"line {name} has no voltage", "lines with supply: a channel of a DC supply")
        return
    needed(draft, name, "voltage", Target.LINE)
    limit = draft.laboratory.limits.get(line.supply.instrument)
    if value is not None and limit is not None and not limit.min <= value <= limit.max:
        asked = f"{value:g} V is beyond the limits of {line.supply.instrument}"
        draft.wrong(steps, asked, f"{limit.min:g} to {limit.max:g} V")
