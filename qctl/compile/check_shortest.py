"""The shortest shot of a laboratory, held against the limits of its instruments before anything is compiled."""

from __future__ import annotations

from qctl.core.errors import LimitError
from qctl.core.laboratory import Laboratory
from qctl.core.protocols import Limits
from qctl.platforms import platform_of
from qctl.platforms.shortest import shortest_shot

from .limits import check_limits


def check_shortest(laboratory: Laboratory, limits: Limits) -> LimitError | None:
    """Return the first limit that one measurement at the first guesses is beyond; None where there is none."""
    shot = shortest_shot(platform_of(laboratory).defaults(laboratory), laboratory)
    try:
        check_limits(shot, laboratory, limits)
    except LimitError as reason:
        return reason
    return None
