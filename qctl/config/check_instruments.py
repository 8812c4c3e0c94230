"""Instruments of a laboratory file: each wired for one role, with the settings of that role."""

from __future__ import annotations

import re

from qctl.core.laboratory import Role, instrument_of

from .draft import Draft
from .mistakes import shown

_ADDRESS = re.compile(r"mock|[A-Za-z]{3,}\S*::\S+")
_NEEDS = {
    Role.AWG: ("sample_rate", "full_scale"),
    Role.DIGITIZER: ("sample_rate", "full_scale"),
    Role.DECIDER: ("sample_rate",),
    Role.SOURCE: ("frequency", "power"),
}
_MAY = dict.fromkeys((Role.AWG, Role.DIGITIZER, Role.DECIDER), ("trigger_latency",))
_SETTINGS = ("sample_rate", "full_scale", "frequency", "power", "trigger_latency")


def check_instruments(draft: Draft) -> None:
    """Check roles, settings and addresses."""
    _roles(draft)
    _settings(draft)
    first: dict[str, str] = {}
    for name, entry in draft.laboratory.instruments.items():
        if not _ADDRESS.fullmatch(entry.address):
            draft.wrong(
                ("instruments", name, "address"), f"{shown(entry.address)!r} is no address", "mock, or a VISA resource"
            )
        if entry.address != "mock" and entry.address in first:
            draft.wrong(
                ("instruments", name, "address"), f"the address of {first[entry.address]} again", "one for each"
            )
        first.setdefault(entry.address, name)


def _roles(draft: Draft) -> None:
    roles = draft.laboratory.roles()
    for name, line in draft.laboratory.lines.items():
        for key, end, role in line.uses:
            instrument = instrument_of(end)
            if roles.get(instrument, role) is not role:
                draft.wrong(
                    ("lines", name, key), f"{instrument} as {role}, elsewhere as {roles[instrument]}", "one role"
                )
    if draft.whole("lines", "instruments"):
        for name in draft.laboratory.instruments:
            if name not in roles:
                draft.wrong(
                    ("instruments", name), f"{name} is wired to nothing", remedy="name it in a line, or remove it"
                )


def _settings(draft: Draft) -> None:
    for name, role in draft.laboratory.roles().items():
        entry = draft.laboratory.instruments[name]
        for key in _SETTINGS:
            steps = ("instruments", name, key)
            written = draft.document.written(steps)
            needed, possible = _NEEDS.get(role, ()), _MAY.get(role, ())
            if key in needed and not written:
                draft.wrong(steps, f"{name} has no {key}", f"the settings of {role}: {', '.join(needed)}")
            elif written and key not in needed + possible:
                allowed = ", ".join(("driver", "address", *needed, *possible))
                draft.wrong(steps, f"{name} is wired as {role}, which has no {key}", allowed)
        for key in ("sample_rate", "full_scale", "frequency"):
            value = getattr(entry, key)
            if value is not None and value <= 0:
                draft.wrong(("instruments", name, key), f"{key} {value:g}", "more than zero")
        if entry.trigger_latency < 0:
            draft.wrong(("instruments", name, "trigger_latency"), "negative trigger_latency", "zero or more")
