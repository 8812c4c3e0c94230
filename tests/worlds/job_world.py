"""Jobs brought to any state, and a clock that tests move."""

from dataclasses import replace

import pytest

from qctl.jobs.job import Actor, Claim, Segment, Submission
from qctl.jobs.moments import Moment
from qctl.jobs.states import OnCrash, State

ANN, BOB, OPERATOR = Actor("ann", "user"), Actor("bob", "user"), Actor("olga", "operator")
PROGRAM = Submission(program="OPENQASM 3; qubit q; bit c; h q; c = measure q;", shots=300, name="one qubit")
PINNED = "7-1f2e3d4c"


class Hands:
    """A clock with hands: both can be moved, the boot can change."""

    def __init__(self):
        self.moment = Moment("first boot", 1000.0, 1.8e9)

    def now(self):
        return self.moment

    def move(self, seconds, *, wall=None, boot=None):
        was = self.moment
        self.moment = Moment(boot or was.boot, was.ticking + seconds, was.wall + (seconds if wall is None else wall))


def segment(job, first=0, shots=100, *, fence=1, round_=0, data=b"counts"):
    return Segment(job=job, round=round_, first=first, shots=shots, fence=fence, circuit="c" * 64, data=data)


def bring(store, state, submission=PROGRAM):
    """Return the number of a new job in some state; the shots of a running one are a third done."""
    job = store.submit(ANN, submission).job
    if state is State.QUEUED:
        return job
    if state is State.HELD:
        store.hold(OPERATOR, job, "admin: as the test wants it")
        return job
    (claim,) = (one for one in store.claim(10, 30.0) if one.job == job)
    if state in (State.RUNNING, State.FINALIZING, State.DONE, State.INTERRUPTED):
        store.start([(claim, PINNED)])
        store.add_segments([segment(job)])
    if state in (State.FINALIZING, State.DONE):
        store.add_segments([segment(job, 100), segment(job, 200)])
    if state is State.DONE:
        store.finish(claim, "a" * 64, 10)
    if state is State.FAILED:
        store.fail(claim, "compile", "as the test wants it")
    if state in (State.CANCELLING, State.CANCELLED):
        store.cancel(ANN, job)
    if state is State.CANCELLED:
        store.cancelled([job])
    if state is State.INTERRUPTED:
        pytest.fail("reach INTERRUPTED by a submission that may not begin again")
    assert store.job(job).state is state
    return job


def with_policy(policy, submission=PROGRAM):
    return replace(submission, on_crash=OnCrash(policy))


def claim_of(store, job):
    return Claim(job, store.job(job).fence)
