"""Do programs disturb each other? A sequential test compares what each gives alone with what it gives beside others.

Now and then a job runs alone for a window (a canary). All counts alone and all counts beside one other job are compared
by an e-value: under "no difference" its chance ever to reach 1/alpha is at most alpha, however often one looks
(universal inference: Wasserman, Ramdas and Balakrishnan, PNAS 117, 16880, 2020, theorem 3; Ville's inequality).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

ALPHA = 1e-3  # chance ever to blame a co-runner of a job while there is nothing to blame
N_CELLS = 16  # outcomes are folded into at most so many
PRIOR = 0.5  # pseudo-counts of each outcome (Jeffreys)
EVERY = 40  # windows between two canaries of one job
SHARE = 0.02  # of a job's shots that canaries may take


def cells(counts: Mapping[str, int]) -> NDArray[np.float64]:
    """Return counts of bit strings folded into at most 16 cells: by their first four bits and the parity of the rest.

    Folding can only hide a difference, never make one.
    """
    found = np.zeros(N_CELLS)
    for bits, n in counts.items():
        kept = 4 if len(bits) <= 4 else 3
        number = int(bits[:kept] or "0", 2)
        rest = bits[kept:].count("1") % 2 if len(bits) > 4 else 0
        found[number * 2 + rest if len(bits) > 4 else number] += n
    return found


def log_evidence(alone: NDArray[np.float64], shared: NDArray[np.float64]) -> float:
    """Return the natural logarithm of the e-value against "both counts are of one distribution".

    The probability of both sequences under two distributions with Jeffreys priors, each predicted from what came before
    in its own, over their probability under that common distribution which suits them best.
    """
    pooled = alone + shared
    return _marginal(alone) + _marginal(shared) - _log_likelihood(pooled, pooled / max(pooled.sum(), 1.0))


def _marginal(counts: NDArray[np.float64]) -> float:
    """Return the log of the probability of a sequence with these counts, averaged over the prior."""
    from scipy.special import gammaln  # late: the daemon is there before anybody compares anything

    prior, n = PRIOR * len(counts), counts.sum()
    return float(gammaln(prior) - gammaln(prior + n) + (gammaln(PRIOR + counts) - gammaln(PRIOR)).sum())


def _log_likelihood(counts: NDArray[np.float64], chances: NDArray[np.float64]) -> float:
    used = counts > 0
    return float((counts[used] * np.log(chances[used])).sum())


@dataclass
class Watch:
    """Counts of all jobs alone and of all pairs that ran together, and what was learned from them.

    Parameters
    ----------
    harmful : pairs of resources that disturbed each other, as ``State`` takes them
    because : by such a pair, the sentence that results name
    """

    harmful: frozenset[tuple[str, str]] = frozenset()
    because: dict[tuple[str, str], str] = field(default_factory=dict)
    _alone: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    _beside: dict[str, dict[str, NDArray[np.float64]]] = field(default_factory=dict)
    _since: dict[str, int] = field(default_factory=dict)

    def wants_canary(self, job: str, shots_done: int, shots: int) -> bool:
        """Say whether a job's next window, of so many shots, should be alone: now and then, within 2 % of its shots."""
        spent = float(self._alone[job].sum()) if job in self._alone else 0.0
        return self._since.get(job, EVERY) >= EVERY and spent + shots <= SHARE * (shots_done + shots)

    def alone(self, job: str) -> NDArray[np.float64] | None:
        """Return all counts of a job alone, in cells; None before there are any."""
        return self._alone.get(job)

    def heard_alone(self, job: str, counts: Mapping[str, int]) -> None:
        """Take the counts of a canary, or of any window in which the job happened to be alone."""
        self._alone[job] = self._alone.get(job, np.zeros(N_CELLS)) + cells(counts)
        self._since[job] = 0

    def heard_shared(
        self, job: str, counts: Mapping[str, int], beside: Mapping[str, Iterable[tuple[str, str]]]
    ) -> str | None:
        """Take the counts of a shared window; return the co-runner that is now known to harm this job, if any.

        Of several that come under suspicion at once the one with the strongest evidence is named, and the evidence
        about the others is forgotten: they were there, too, when it did harm.

        Parameters
        ----------
        beside : by co-runner, the pairs of resources (its, this job's) that are kept apart if it is guilty
        """
        self._since[job] = self._since.get(job, EVERY) + 1
        found, table = cells(counts), self._beside.setdefault(job, {})
        for other in beside:
            table[other] = table.get(other, np.zeros(N_CELLS)) + found
        alone = self._alone.get(job)
        if alone is None or not beside:
            return None
        evidence = {other: log_evidence(alone, table[other]) for other in beside}
        worst = max(evidence, key=lambda other: evidence[other])
        if evidence[worst] < math.log(len(beside) / ALPHA):
            return None
        self._beside[job] = {}
        self._learn(job, worst, beside[worst])
        return worst

    def forget(self, job: str) -> None:
        """Forget a job that has finished; what was learned of pairs of resources stays."""
        for table in (self._alone, self._since, self._beside):
            table.pop(job, None)
        for beside in self._beside.values():
            beside.pop(job, None)

    def _learn(self, job: str, other: str, pairs: Iterable[tuple[str, str]]) -> None:
        said = f"job {job} answered differently beside job {other} (at most {ALPHA:g} by chance)"
        learned = [(min(pair), max(pair)) for pair in pairs]
        self.harmful |= set(learned)
        self.because |= dict.fromkeys(learned, said)


def nearest(mine: Iterable[int], theirs: Iterable[int], distance: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the pairs of qubits of two programs that are nearest to each other, all of the least distance.

    Parameters
    ----------
    distance : couplings between qubits, shape (n_qubits, n_qubits)
    """
    pairs = [(a, b) for a in mine for b in theirs]
    least = min(distance[pair] for pair in pairs)
    return [pair for pair in pairs if distance[pair] == least]
