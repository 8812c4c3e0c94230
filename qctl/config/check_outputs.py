"""Outputs of a laboratory file: each instrument that has some has limits and a safe state within them."""

from __future__ import annotations

from collections.abc import Iterator

from qctl.core.laboratory import InstrumentEntry, LimitEntry, Role, SafeAction, SafeEntry

from .draft import Draft

_UNITS = {
    Role.AWG: ("V",),
    Role.SOURCE: ("dBm",),
    Role.BIAS: ("A", "V"),
    Role.DDS: ("dBm",),
    Role.SUPPLY: ("V",),
}
_INPUTS = (Role.DIGITIZER, Role.COUNTER, Role.CAMERA)  # no outputs, nothing to make safe
_SHAPING = (Role.HOLOGRAM,)  # traps that hold atoms are not let go of
_SWITCHING = (Role.PULSER, Role.DECIDER)  # outputs that are high or low: a safe state, but no limits
_Rules = Iterator[tuple[bool, str, str, str]]


def check_outputs(draft: Draft) -> None:
    """Check that ``safe`` and ``limits`` are complete and agree with each other and with the settings."""
    laboratory, roles = draft.laboratory, draft.laboratory.roles()
    instruments = draft.document.declared("instruments")
    without = {"safe": _INPUTS, "limits": (*_INPUTS, *_SWITCHING, *_SHAPING)}
    lacking = {"safe": "outputs", "limits": "levels"}
    for section in ("safe", "limits"):
        there = draft.document.declared(section)
        for name in there:
            if draft.known((section, name), name, instruments, "instrument") and roles.get(name) in without[section]:
                draft.wrong(
                    (section, name), f"{name} has no {lacking[section]}", f"instruments with {lacking[section]}"
                )
        for name, role in roles.items():
            if role not in without[section] and name not in there:
                draft.wrong((section,), f"{name} has no entry in {section}", "one for each instrument with outputs")
    for name, safe in laboratory.safe.items():
        _note(draft, "safe", name, _safe_rules(safe, laboratory.limits.get(name)))
        if roles.get(name) in _SWITCHING and safe.action is not SafeAction.OFF:
            draft.wrong(("safe", name, "action"), f"{name}: {safe.action} of digital outputs", "off: all low")
        if roles.get(name) in _SHAPING and safe.action is not SafeAction.HOLD:
            draft.wrong(
                ("safe", name, "action"), f"{name}: {safe.action} of a hologram", "hold: what is displayed stays"
            )
    for name, limit in laboratory.limits.items():
        if roles.get(name) in _UNITS:
            _note(draft, "limits", name, _limit_rules(limit, roles[name]))
            _note(draft, "instruments", name, _setting_rules(limit, laboratory.instruments[name]))


def _note(draft: Draft, section: str, name: str, rules: _Rules) -> None:
    for bad, key, asked, allowed in rules:
        if bad:
            draft.wrong((section, name, key), f"{name}: {asked}", allowed)


def _safe_rules(safe: SafeEntry, limit: LimitEntry | None) -> _Rules:
    wants_value = safe.action in (SafeAction.RAMP, SafeAction.VALUE)
    wants_rate = safe.action is SafeAction.RAMP
    yield wants_value and safe.value is None, "value", f"{safe.action} to no value", "value: a quantity"
    yield not wants_value and safe.value is not None, "value", f"{safe.action} with a value", "ramp or value"
    yield wants_rate and safe.rate is None, "rate", "ramp without a rate", "rate: a quantity per second"
    yield not wants_rate and safe.rate is not None, "rate", f"{safe.action} with a rate", "ramp"
    yield safe.rate is not None and safe.rate <= 0, "rate", f"rate {safe.rate}", "more than zero"
    yield safe.timeout <= 0, "timeout", f"timeout {safe.timeout:g} s", "more than zero"
    if limit is None or not safe.unit or not limit.unit:
        return
    if safe.unit != limit.unit:
        yield True, "value", f"safe in {safe.unit}, limited in {limit.unit}", "one unit for one output"
        return
    inside = safe.value is None or limit.min <= safe.value <= limit.max
    yield not inside, "value", f"{safe.value} {safe.unit} is beyond its limits", f"{limit.min:g} to {limit.max:g}"
    if safe.rate is not None and limit.rate is not None:
        yield safe.rate > limit.rate, "rate", f"{safe.rate} {safe.unit}/s is too fast", f"up to {limit.rate}"


def _limit_rules(limit: LimitEntry, role: Role) -> _Rules:
    yield limit.unit not in _UNITS[role], "min", f"limits of {role} in {limit.unit}", " or ".join(_UNITS[role])
    yield not limit.min < limit.max, "min", f"min {limit.min:g} is not below max {limit.max:g}", "min below max"
    yield limit.rate is not None and limit.rate <= 0, "rate", f"rate {limit.rate}", "more than zero"
    ramped = role in (Role.BIAS, Role.SUPPLY)
    yield ramped and limit.rate is None, "rate", "no rate", "rate: the fastest ramp, for every bias and supply"


def _setting_rules(limit: LimitEntry, entry: InstrumentEntry) -> _Rules:
    allowed = f"{limit.min:g} to {limit.max:g} {limit.unit}, its limits"
    if limit.unit == "V" and entry.full_scale is not None:
        inside = limit.min <= -entry.full_scale and entry.full_scale <= limit.max
        yield not inside, "full_scale", f"full scale of {entry.full_scale:g} V", allowed
    if limit.unit == "dBm" and entry.power is not None:
        yield not limit.min <= entry.power <= limit.max, "power", f"power {entry.power:g} dBm", allowed
