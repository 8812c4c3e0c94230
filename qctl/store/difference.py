"""What changed from one snapshot to another, name by name."""

from __future__ import annotations

from dataclasses import dataclass

from qctl.core.parameters import Estimate, Parameters


@dataclass(frozen=True, slots=True)
class Change:
    """One parameter that is not the same in two snapshots; None where it is not known."""

    name: str
    before: Estimate | None
    after: Estimate | None


def difference(before: Parameters, after: Parameters) -> tuple[Change, ...]:
    """Return every parameter whose estimate differs, sorted by name."""
    pairs = (
        Change(name, before.estimates.get(name), after.estimates.get(name))
        for name in sorted(before.estimates.keys() | after.estimates.keys())
    )
    return tuple(change for change in pairs if change.before != change.after)
