"""In which order jobs are placed: urgent calibration, the head of the queue, then class, priority and ageing.

The head of the queue is the oldest of those that have waited longer than the state's patience, and can run at all.

Within a class and priority: those whose deadline is near, those that have begun, then by highest response ratio
(Hansen, Operating System Principles, 1973, section 5.3) times a weight that falls with what a user had of late.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .request import Isolation, JobClass, Request, State

FAIRNESS = 8.0  # halvings of the response ratio for each mean share of the machine that a user had of late
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


def in_order(
    table: NDArray[np.float64], weight: NDArray[np.float64], able: NDArray[np.bool_], state: State
) -> NDArray[np.intp]:
    """Return row numbers, the job to be placed first first.

    Parameters
    ----------
    table : facts, a row for each job
    weight : of each job's user
    able : which jobs have a candidate that nothing unavailable stands in the way of
    """
    left = table[:, LEFT]
    wait = waited(table, state.now)
    urgent = table[:, CLASS] == JobClass.URGENT_CALIBRATION
    head = _oldest(table, np.flatnonzero((wait > state.patience_s) & ~urgent & able & (table[:, BLOCKED] == 0)))
    plain = ~(urgent | head)
    ratio = (wait + left) / np.maximum(left, state.frame_s) * weight
    late = table[:, DEADLINE] - state.now < HASTE * left
    keys = (
        table[:, SEQUENCE],
        np.where(plain, -ratio, 0.0),
        plain & (table[:, BEGUN] == 0),
        plain & ~late,
        -table[:, PRIORITY],
        np.where(urgent, -2.0, np.where(head, -1.0, table[:, CLASS])),
    )
    return np.lexsort(keys)


def _oldest(table: NDArray[np.float64], rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which row is the oldest of some; none of no rows."""
    found = np.zeros(len(table), bool)
    if len(rows):
        found[rows[np.lexsort((table[rows, SEQUENCE], table[rows, SUBMITTED]))[0]]] = True
    return found


def waited(table: NDArray[np.float64], now: float) -> NDArray[np.float64]:
    """Return for how long jobs have not been running since they were submitted, s."""
    return np.asarray(np.maximum(0.0, now - table[:, SUBMITTED] - table[:, DONE]))


def weights(users: Mapping[str, int], state: State) -> NDArray[np.float64]:
    """Return by number of the user the factor on its response ratios."""
    had = np.array([state.usage.get(user, 0.0) / state.shares.get(user, 1.0) for user in users])
    mean = had.mean() if len(had) else 0.0
    return np.asarray(2.0 ** (-FAIRNESS * had / mean)) if mean else np.ones(len(had))
