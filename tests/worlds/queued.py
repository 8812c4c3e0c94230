"""Jobs on a chain of qubits, for tests of what packs them."""

from qctl.jobs.request import Candidate, Claims, JobClass, Request, State

FRAME = 250e-6


def candidate(first, size=1, halo=1, n=1000, **claims):
    """Return a program on qubits ``first`` to ``first + size - 1`` of a chain of ``n``."""
    mine = range(first, first + size)
    near = {k for k in range(first - halo, first + size + halo) if 0 <= k < n} - set(mine)
    return Candidate(
        placement=tuple(mine),
        claims=Claims(
            exclusive=frozenset(f"qubit {k}" for k in mine), quiet=frozenset(f"qubit {k}" for k in near), **claims
        ),
        expected_success=0.9,
        duration_s=FRAME * claims.get("n_points", 1),
    )


def request(job, *candidates, shots=100, **other):
    fields = {
        "user": "ann",
        "job_class": JobClass.BATCH,
        "sequence": int(job) if str(job).isdigit() else 0,
        "submitted": 0.0,
    }
    return Request(job=str(job), shots_left=shots, candidates=tuple(candidates), **{**fields, **other})


def state(**other):
    return State(**{**{"now": 0.0, "window_s": 0.025, "frame_s": FRAME}, **other})


def granted(window):
    return {grant.job for grant in window.grants}
