"""Does company change what a job answers? Compares counts alone and beside others, and keeps harmful pairs apart."""

from __future__ import annotations

import json
import logging
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.jobs.claims import neighbours
from qctl.jobs.interference import ALPHA, EVERY, N_CELLS, Watch, cells, log_evidence, nearest
from qctl.jobs.request import JobClass, Request

log = logging.getLogger(__name__)

FILE = "harmful.json"
TRIAL = 4  # windows between two trials of a pair
TRIES = 12  # windows of one pair, without a verdict, after which the next companion is tried

Counts = Mapping[str, int]


class Company:
    """What was learned of who disturbs whom; it outlives the daemon.

    Jobs that always run together look equally guilty. So it is first asked whether a job answers differently in
    company at all, and if so, it is tried out with one of its companions at a time, the nearest first.

    Parameters
    ----------
    state : state folder
    """

    def __init__(self, laboratory: Laboratory, state: Path) -> None:
        self._names, self._path = laboratory.qubit_names, state / FILE
        self._distance = distances(laboratory)
        self._windows = 0  # since the last one for few: all others wait for each of them
        self._asked, self._few = 0, frozenset[str]()  # what was answered for which window
        self._mixed: dict[str, NDArray[np.float64]] = {}  # counts beside several others
        self._suspects: dict[str, list[str]] = {}  # who is still to be tried, the nearest first
        self._tried: Counter[tuple[str, str]] = Counter()
        self._said: dict[str, list[str]] = {}
        self.watch = Watch(because=self._stored())
        self.watch.harmful = frozenset(self.watch.because)

    @property
    def harmful(self) -> frozenset[tuple[str, str]]:
        """Return pairs of resources that are kept apart."""
        return self.watch.harmful

    def few(self, requests: Sequence[Request], window_s: float, number: int) -> list[Request]:
        """Return who is to have window ``number`` for itself: a job (a canary) or a pair, now and then; else nobody.

        Whoever asks again about a window, as jobs come, hears the same. Nobody makes an urgent job wait.
        """
        if any(one.job_class is JobClass.URGENT_CALIBRATION and not one.blocked for one in requests):
            return []
        if number != self._asked:
            self._asked, self._few = number, frozenset(one.job for one in self._chosen(requests, window_s))
        return [one for one in requests if one.job in self._few]

    def _chosen(self, requests: Sequence[Request], window_s: float) -> list[Request]:
        self._windows += 1
        able = {one.job: one for one in requests if not one.blocked and one.candidates and one.shots_done}
        found = self._pair(able) if self._windows >= TRIAL else []
        if not found and self._windows >= EVERY and len(able) > 1:
            found = self._canary(able.values(), window_s)
        if found:
            self._windows = 0
        return found

    def heard(self, counts: Mapping[str, Counts], places: Mapping[str, Sequence[int]]) -> None:
        """Take the counts of one window.

        Parameters
        ----------
        counts, places : by job; physical qubits
        """
        for job, found in counts.items():
            others = [other for other in counts if other != job]
            if not others:
                self.watch.heard_alone(job, found)
            elif len(others) == 1:
                self._heard_pair(job, others[0], found, places)
            else:
                self._heard_mixed(job, others, found, places)

    def remarks(self, job: str) -> tuple[str, ...]:
        """Return what the result of a job is to say."""
        return tuple(self._said.get(job, ()))

    def forget(self, job: str) -> None:
        """Let go of a job that has ended."""
        self.watch.forget(job)
        for table in (self._said, self._mixed, self._suspects):
            table.pop(job, None)
        self._tried = Counter({pair: n for pair, n in self._tried.items() if job not in pair})

    def _canary(self, able: Iterable[Request], window_s: float) -> list[Request]:
        for one in able:
            shots = min(one.shots_left, max(1, int(window_s / one.candidates[0].duration_s)))
            if self.watch.wants_canary(one.job, one.shots_done, shots):
                return [one]
        return []

    def _pair(self, able: Mapping[str, Request]) -> list[Request]:
        """Return a job that answers differently in company, and the companion that is to be tried."""
        for job, suspects in list(self._suspects.items()):
            suspects[:] = [one for one in suspects if one in able and self._tried[job, one] < TRIES]
            if not suspects:
                del self._suspects[job]
            elif job in able:
                self._tried[job, suspects[0]] += 1
                return [able[job], able[suspects[0]]]
        return []

    def _heard_pair(self, job: str, other: str, found: Counts, places: Mapping[str, Sequence[int]]) -> None:
        guilty = self.watch.heard_shared(job, found, {other: self._pairs(places[other], places[job])})
        if guilty is None:
            return
        pair = self._pairs(places[other], places[job])[0]
        because = self.watch.because[min(pair), max(pair)]
        self._said.setdefault(job, []).append(f"disturbed: {because}; they are kept apart from now on")
        for one in (job, other):  # what was heard of both beside all others is of no use any more
            self._mixed.pop(one, None)
            self._suspects.pop(one, None)
        log.warning("%s", because)
        self._keep()

    def _heard_mixed(
        self, job: str, others: Sequence[str], found: Counts, places: Mapping[str, Sequence[int]]
    ) -> None:  # fmt: skip
        self.watch.heard_shared(job, found, {})  # a window more since the last canary
        mixed = self._mixed[job] = self._mixed.get(job, np.zeros(N_CELLS)) + cells(found)
        alone = self.watch.alone(job)
        if alone is None or job in self._suspects or log_evidence(alone, mixed) < math.log(1 / ALPHA):
            return
        near = {one: self._distance[np.ix_(places[job], places[one])].min() for one in others}
        self._suspects[job] = sorted(near, key=lambda one: near[one])

    def _pairs(self, theirs: Iterable[int], mine: Iterable[int]) -> list[tuple[str, str]]:
        found = nearest(theirs, mine, self._distance)
        return [(f"qubit {self._names[a]}", f"qubit {self._names[b]}") for a, b in found]

    def _stored(self) -> dict[tuple[str, str], str]:
        try:
            rows = json.loads(self._path.read_text("utf-8"))
            return {(a, b): because for a, b, because in rows}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as reason:
            log.error("%s cannot be read, it is learned anew: %s", self._path, reason)
            return {}

    def _keep(self) -> None:
        unfinished = self._path.with_suffix(".part")
        unfinished.write_text(json.dumps([[*pair, said] for pair, said in self.watch.because.items()]), "utf-8")
        unfinished.rename(self._path)


def distances(laboratory: Laboratory) -> NDArray[np.float64]:
    """Return how many couplings lie between two qubits, shape (n_qubits, n_qubits)."""
    near = neighbours(laboratory)
    found = np.full((len(near), len(near)), np.inf)
    for start in range(len(near)):
        edge, steps = {start}, 0.0
        while edge:
            found[start, sorted(edge)], steps = steps, steps + 1
            edge = {other for one in edge for other in near[one] if found[start, other] == np.inf}
    return found
