"""In which order jobs are placed: urgent calibration, who has waited too long, then class, priority and ageing.

Within a class and priority: those whose deadline is near, those that have begun, then by highest response ratio
(Hansen, Operating System Principles, 1973, section 5.3) times a weight that falls with what a user had of late.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .request import Isolation, JobClass, Request, State

FAIRNESS = 4.0  # halvings of the response ratio for each mean share of the machine that a user had of late
HASTE = 2.0  # remaining times before its deadline at which a job goes before others of its priority

SOLO, BEGUN, LEFT, DONE, CLASS, PRIORITY, SUBMITTED, DEADLINE, SEQUENCE, COUNT, BLOCKED = range(11)  # columns of facts
N_FACTS = 11


def facts(request: Request) -> tuple[float, ...]:
    """Return what the order depends on: numbers that stay while nothing happens to the job; times in s."""
    frame = request.candidates[0].duration_s if request.candidates else 0.0
    return (
        request.isolation is Isolation.SOLO,
        request.shots_done > 0,
        request.shots_left * frame,
        request.shots_done * frame,
        request.job_class,
        request.priority,
        request.submitted,
        np.inf if request.deadline is None else request.deadline,
        request.sequence,
        len(request.candidates),
        bool(request.blocked),
    )


def in_order(table: NDArray[np.float64], weight: NDArray[np.float64], state: State) -> NDArray[np.intp]:
    """Return row numbers, the job to be placed first first.

    Parameters
    ----------
    table : facts, a row for each job
    weight : of each job's user
    """
    left = table[:, LEFT]
    wait = waited(table, state.now)
    urgent = table[:, CLASS] == JobClass.URGENT_CALIBRATION
    overdue = (wait > state.patience_s) & ~urgent
    plain = ~(urgent | overdue)
    ratio = (wait + left) / np.maximum(left, state.frame_s) * weight
    late = table[:, DEADLINE] - state.now < HASTE * left
    keys = (
        table[:, SEQUENCE],
        np.where(plain, -ratio, np.where(overdue, table[:, SUBMITTED], 0.0)),
        plain & (table[:, BEGUN] == 0),
        plain & ~late,
        np.where(overdue, 0.0, -table[:, PRIORITY]),
        np.where(urgent, -2.0, np.where(overdue, -1.0, table[:, CLASS])),
    )
    return np.lexsort(keys)


def waited(table: NDArray[np.float64], now: float) -> NDArray[np.float64]:
    """Return for how long jobs have not been running since they were submitted, s."""
    return np.asarray(np.maximum(0.0, now - table[:, SUBMITTED] - table[:, DONE]))


def weights(users: Mapping[str, int], state: State) -> NDArray[np.float64]:
    """Return by number of the user the factor on its response ratios."""
    had = np.array([state.usage.get(user, 0.0) / state.shares.get(user, 1.0) for user in users])
    mean = had.mean() if len(had) else 0.0
    return np.asarray(2.0 ** (-FAIRNESS * had / mean)) if mean else np.ones(len(had))
