"""The packer in virtual time: what becomes of a list of jobs, window after window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Sequence as Seq
from dataclasses import dataclass, replace

import numpy as np

from .packer import Packer
from .request import Request, State, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A job that has finished; times in s.

    Parameters
    ----------
    service : machine time of all its shots
    """

    job: str
    user: str
    submitted: float
    started: float
    finished: float
    service: float
    n_qubits: int

    @property
    def turnaround(self) -> float:
        """Return the time from submission to the last shot, s."""
        return self.finished - self.submitted


@dataclass(frozen=True)
class History:
    """What happened: jobs in the order in which they finished, and the windows (none for policies without them)."""

    done: tuple[Done, ...]
    windows: tuple[Window, ...] = ()

    @property
    def makespan(self) -> float:
        """Return the time from the first submission to the last shot, s."""
        return max(d.finished for d in self.done) - min(d.submitted for d in self.done)

    @property
    def turnaround(self) -> float:
        """Return the mean turnaround in units of the mean service time."""
        return float(np.mean([d.turnaround for d in self.done]) / np.mean([d.service for d in self.done]))

    def utilisation(self, n_qubits: int) -> float:
        """Return the share of qubit time that programs used."""
        return sum(d.service * d.n_qubits for d in self.done) / (self.makespan * n_qubits)


def simulate(
    requests: Iterable[Request],
    state: State,
    *,
    gap_s: float = 0.0,
    until: float = np.inf,
    change: Callable[[State, list[Request]], State] = lambda state, _: state,
) -> History:
    """Run jobs to their end, each from its own time of submission on.

    Parameters
    ----------
    state : rules of the station; ``now`` is where time begins
    gap_s : between windows, while nothing plays
    until : when to stop; jobs that have not finished by then are not in the history
    change : makes the state of each window border from the one before (a user's usage, what cannot be used)
    """
    coming = sorted(requests, key=lambda r: (r.submitted, r.sequence))[::-1]
    packer, here, started = Packer(), dict[str, Request](), dict[str, float]()
    done, windows, now = list[Done](), list[Window](), state.now
    while (coming or here) and now < until:
        while coming and coming[-1].submitted <= now:
            arrived = coming.pop()
            here[arrived.job] = arrived
        state = change(replace(state, now=now), list(here.values()))
        window = packer.pack(list(here.values()), state)
        if not window.grants:
            if not coming:
                break
            now = coming[-1].submitted
            continue
        windows.append(window)
        for grant in window.grants:
            request = here[grant.job]
            started.setdefault(grant.job, now)
            after = advanced(request, grant.candidate, grant.shots)
            if after.shots_left:
                here[grant.job] = after
            else:
                end = now + grant.shots * request.candidates[grant.candidate].duration_s
                done.append(finished(after, started.pop(grant.job), end))
                del here[grant.job]
        now += window.duration_s + gap_s
    return History(tuple(done), tuple(windows))


def advanced(request: Request, candidate: int, shots: int) -> Request:
    """Return what is left of a job after a window: it stays where it began."""
    return replace(
        request,
        shots_left=request.shots_left - shots,
        shots_done=request.shots_done + shots,
        candidates=request.candidates if request.shots_done else (request.candidates[candidate],),
    )


def finished(request: Request, started: float, end: float) -> Done:
    """Return the record of a job without shots left."""
    where = request.candidates[0]
    return Done(
        job=request.job,
        user=request.user,
        submitted=request.submitted,
        started=started,
        finished=end,
        service=request.shots_done * where.duration_s,
        n_qubits=len(where.placement),
    )


def serial(requests: Iterable[Request]) -> float:
    """Return the makespan of one job after another without any pause, s."""
    return sum(r.shots_left * r.candidates[0].duration_s for r in requests)


def jain(values: Seq[float]) -> float:
    """Return Jain's index of fairness, 1 when all are alike (Jain, Chiu and Hawe, DEC-TR-301, 1984)."""
    x = np.asarray(values, np.float64)
    return float(x.sum() ** 2 / (len(x) * (x**2).sum())) if len(x) and x.any() else 1.0
