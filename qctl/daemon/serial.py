"""One job after the other: the packer of a daemon that has no better one."""

from __future__ import annotations

from collections.abc import Sequence

from qctl.jobs.request import Grant, Request, State, Window


def pack(requests: Sequence[Request], state: State) -> Window:
    """Return a window for the first job by class, priority and order of acceptance."""
    able = [one for one in requests if not one.blocked and one.candidates]
    if not able:
        return Window(start=state.now, duration_s=0.0, grants=(), waits={one.job: one.blocked for one in requests})
    chosen = min(able, key=lambda one: (one.job_class, -one.priority, one.sequence))
    candidate = chosen.candidates[0]
    shots = min(chosen.shots_left, max(1, int(state.window_s / candidate.duration_s + 1e-9)))
    grant = Grant(job=chosen.job, candidate=0, placement=candidate.placement, shots=shots)
    waits = {one.job: one.blocked or f"job {chosen.job} runs first" for one in requests if one.job != chosen.job}
    return Window(start=state.now, duration_s=shots * candidate.duration_s, grants=(grant,), waits=waits)
