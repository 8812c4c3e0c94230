"""What a job would cost, told from its text without expanding it, and what each role may ask for.

A bound that is exceeded is named with the number. What only a compiler can tell (waveforms, memories, routed gates) is
refused when the job is compiled, in a process that may be lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import ForbiddenError, TooLargeError
from .job import Submission
from .request import JobClass

_SIZED = re.compile(r"\b(?:qubit|bit|qreg\s+\w+|creg\s+\w+)\s*\[\s*([0-9]{1,40})\s*\]")
_LOOP = re.compile(r"\bin\s*\[\s*(-?[0-9]{1,40})\s*:\s*(?:(-?[0-9]{1,40})\s*:\s*)?(-?[0-9]{1,40})\s*\]")


@dataclass(frozen=True, slots=True)
class Quota:
    """What one role may ask for.

    Parameters
    ----------
    active : jobs of one user that wait or run
    characters, statements : of a program's text
    qubits : of one register
    iterations : of one loop
    shots : of each sweep point
    seconds : of machine time, at one period a shot
    best_class : the most urgent class that it may use
    """

    active: int
    characters: int
    statements: int
    qubits: int
    iterations: int
    shots: int
    seconds: float
    best_class: JobClass


QUOTAS: Mapping[str, Quota] = {
    "user": Quota(1000, 4 * 2**20, 200_000, 4096, 10**6, 10**6, 3600.0, JobClass.INTERACTIVE),
    "operator": Quota(10_000, 4 * 2**20, 1_000_000, 4096, 10**7, 10**7, 86400.0, JobClass.URGENT_CALIBRATION),
    "admin": Quota(100_000, 4 * 2**20, 1_000_000, 4096, 10**7, 10**8, 10 * 86400.0, JobClass.URGENT_CALIBRATION),
}


def admit(submission: Submission, role: str, period: float) -> Quota:
    """Return the quota of a role that a submission keeps.

    Parameters
    ----------
    period : of one shot, s

    Raises
    ------
    TooLargeError
        When it asks for more; the message says of what, and how much.
    ForbiddenError
        When its class is above the role.
    """
    quota = QUOTAS.get(role)
    if quota is None:
        raise ForbiddenError(f"role {role} submits no jobs", allowed=", ".join(QUOTAS))
    if submission.job_class < quota.best_class:
        raise ForbiddenError(
            f"class {submission.job_class.name.lower()} as {role}", allowed=f"{quota.best_class.name.lower()} and below"
        )
    for what, (asked, most) in _costs(submission, quota, period).items():
        if asked > most:
            raise TooLargeError(f"{asked:g} {what}", allowed=f"at most {most:g} as {role}", remedy="split the job")
    return quota


def _costs(submission: Submission, quota: Quota, period: float) -> dict[str, tuple[float, float]]:
    text, points = submission.program, submission.n_points
    return {
        "characters of program": (len(text), quota.characters),
        "statements": (text.count(";") * points, quota.statements),
        "qubits or bits in one register": (_largest(text), quota.qubits),
        "iterations of one loop": (_longest(text), quota.iterations),
        "shots": (submission.shots, quota.shots),
        "seconds of machine time": (submission.shots * points * period, quota.seconds),
    }


def _largest(text: str) -> float:
    return max((float(found) for found in _SIZED.findall(text)), default=0.0)


def _longest(text: str) -> float:
    """Return the iterations of the longest range: ``[first:last]`` or ``[first:step:last]``."""
    longest = 0.0
    for first, step, last in _LOOP.findall(text):
        longest = max(longest, abs(float(last) - float(first)) / (abs(float(step or 1)) or 1.0) + 1)
    return longest
