"""How much of the machine each user had of late: shot time, forgotten with a half-life."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .request import Request, Window

HALF_LIFE = 600.0  # s


def charged(
    usage: Mapping[str, float],
    window: Window,
    requests: Iterable[Request],
    elapsed: float,
    *,
    half_life: float = HALF_LIFE,
) -> dict[str, float]:
    """Return the usage after a window, s by user.

    Parameters
    ----------
    requests : as they were when the window was decided
    elapsed : s since the usage was last counted
    """
    kept = 0.5 ** (elapsed / half_life)
    found = {user: seconds * kept for user, seconds in usage.items() if seconds * kept > 1e-9}
    jobs = {request.job: request for request in requests}
    for grant in window.grants:
        request = jobs[grant.job]
        spent = grant.shots * request.candidates[grant.candidate].duration_s
        found[request.user] = found.get(request.user, 0.0) + spent
    return found
