"""How many shots count, and whether it makes sense to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .result import Result

LEAST_KEPT = 0.1  # share of shots that must count for a run to go on
ENOUGH = 20  # shots from which that is judged


@dataclass(frozen=True)
class Kept:
    """How many shots count, and why others do not.

    Parameters
    ----------
    shots, kept : of all sweep points
    dropped : how many do not count, by reason
    """

    shots: int = 0
    kept: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, result: Result) -> Kept:
        """Return what is to be said of the shots of a result."""
        points = range(len(result.bits))
        return cls(result.shots * len(points), sum(len(result.kept_shots(p)) for p in points), dict(result.dropped))

    def __add__(self, other: Kept) -> Kept:
        """Return what is to be said of both."""
        names = dict.fromkeys([*self.dropped, *other.dropped])
        dropped = {name: self.dropped.get(name, 0) + other.dropped.get(name, 0) for name in names}
        return Kept(self.shots + other.shots, self.kept + other.kept, dropped)

    @property
    def enough(self) -> bool:
        """Say whether there are enough shots to judge by."""
        return self.shots >= ENOUGH

    @property
    def hardly_any(self) -> bool:
        """Say whether hardly a shot counts, of enough of them."""
        return self.enough and self.kept < LEAST_KEPT * self.shots

    @property
    def said(self) -> str:
        """Return how many do not count, and what most of them suffer from."""
        worst = max(self.dropped, key=lambda reason: self.dropped[reason], default="nobody knows why")
        return f"{self.shots - self.kept} of the last {self.shots} shots do not count: {worst}"
