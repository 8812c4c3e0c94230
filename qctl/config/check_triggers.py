"""Triggers of a laboratory file: one pulse generator or AWG triggers itself, and starts everything else."""

from __future__ import annotations

from qctl.core.laboratory import Role

from .draft import Draft

_STARTED = (Role.AWG, Role.DIGITIZER, Role.COUNTER, Role.CAMERA, Role.DECIDER)
_TIMED = (*_STARTED, Role.PULSER)


def check_triggers(draft: Draft) -> None:
    """Check who starts whom; nothing is said where lines or instruments are already wrong."""
    if not draft.whole("lines", "instruments"):
        return
    laboratory, roles = draft.laboratory, draft.laboratory.roles()
    first: dict[str, str] = {}
    for name, line in laboratory.lines.items():
        for k, started in enumerate(line.starts):
            steps = ("lines", name, "starts", str(k))
            if roles.get(started) not in _STARTED:
                draft.wrong(
                    steps, f"{started} has no trigger input here", "AWGs, digitizers, deciders, counters and cameras"
                )
            elif started in first:
                draft.wrong(steps, f"{started} a second time", f"each once; first in {first[started]}")
            first.setdefault(started, name)
    master = _master(draft)
    for name, role in roles.items():
        if role in _TIMED and name not in first and name != master:
            draft.wrong(
                ("instruments", name), f"nothing starts {name}", remedy="add it to the starts of a trigger line"
            )
    for name, line in laboratory.lines.items():
        for k, branching in enumerate(line.branches):
            if roles.get(branching) is not Role.AWG:
                draft.wrong(("lines", name, "branches", str(k)), f"{branching} has no event input here", "AWGs")
        starting = line.output is not None and line.output.marker and not line.branches
        if master and starting and line.output is not None and line.output.instrument != master:
            asked = f"{line.output} starts instruments, but {master} starts {line.output.instrument}"
            draft.wrong(("lines", name, "output"), asked, f"markers of {master}")


def _master(draft: Draft) -> str | None:
    """Return what triggers itself: a pulse generator, or the AWG that nothing starts; of several, one with markers."""
    masters, roles = draft.laboratory.masters(), draft.laboratory.roles()
    if not masters:
        if Role.AWG in roles.values():
            draft.wrong(("lines",), "every AWG is started by another one", "one AWG that nothing starts")
        return None
    if roles[masters[0]] is Role.PULSER:
        return masters[0]
    marked = [line.output.instrument for line in draft.laboratory.lines.values() if line.output and line.starts]
    return next((name for name in masters if name in marked), masters[0])
