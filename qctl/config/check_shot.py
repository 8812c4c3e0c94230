"""Shots of a laboratory file: the shortest one, made of first guesses, fits into a period, and a part into a slot."""

from __future__ import annotations

from collections.abc import Mapping

from qctl.core.errors import QctlError
from qctl.core.units import format_quantity
from qctl.platforms import platform_of
from qctl.platforms.parts import DECISION, measuring_of, shortest_part
from qctl.platforms.shortest import shortest_shot

from .check_times import whole
from .draft import Draft


def check_shot(draft: Draft) -> None:
    """Check period and slot against what is played to measure one qubit; nothing is said of a file with mistakes."""
    if draft.document.broken or not draft.laboratory.qubits:
        return
    laboratory = draft.laboratory
    try:
        known = platform_of(laboratory).defaults(laboratory)
        left = shortest_shot(known, laboratory).spare
        if left < 0:
            _too_short(draft, "period", laboratory.period, laboratory.period - left, "one qubit is measured")
        if laboratory.slot is not None:
            _slot(draft, laboratory.slot, known)
    except QctlError as reason:
        place = ("first_guess",) if draft.document.declared("first_guess") else ("platform",)
        draft.wrong(place, f"no qubit can be measured: {reason.asked}", reason.allowed, reason.remedy)


def _slot(draft: Draft, slot: float, known: Mapping[str, float]) -> None:
    laboratory, asked = draft.laboratory, draft.lines
    if platform_of(laboratory).in_parts is None:
        draft.wrong(("slot",), f"slot on platform {laboratory.platform}", "no slot: the host decides in no shot of it")
    elif measuring_of(laboratory) is None:
        lines = ", ".join(asked.steering) if asked is not None else ""
        draft.wrong(("slot",), "a slot, but nothing measures single qubits", f"a slot with the lines {lines}, or none")
    elif not whole(slot * laboratory.reference):
        draft.wrong(("slot",), f"slot {slot:g} s is no multiple of reference", "whole periods of the reference")
    elif (left := shortest_part(known, laboratory).spare) < DECISION:
        host = f"a part measures one qubit, and the host has {format_quantity(DECISION, 's')} to decide"
        _too_short(draft, "slot", slot, slot - left + DECISION, host)


def _too_short(draft: Draft, key: str, seconds: float, least: float, while_: str) -> None:
    """Note that a time is too short, by the durations that the file gives or its platform assumes."""
    allowed = f"at least {format_quantity(float(f'{least * 1.0005:.4g}'), 's')}, in which {while_}"
    asked = f"{key} of {format_quantity(seconds, 's')} is too short for this platform's shots"
    draft.wrong((key,), asked, allowed, f"a longer {key}, or shorter first guesses of durations")
