"""Claims as the packer's kernel takes them: resources become bits and numbers, candidates become rows of tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .request import Candidate, Claims, State

SAME, SUM, COVER = range(3)  # kinds of terms, as the kernel counts them

ROWS, WORDS, TERMS = 4096, 8, 16384  # to begin with; tables grow by doubling


@dataclass
class Rules:
    """What of a state is baked into rows: spacings of tones, and pairs that harm each other."""

    spacings: Mapping[str, float] = field(default_factory=dict)
    harmful: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        self.partners: dict[str, list[str]] = {}
        for a, b in self.harmful:
            self.partners.setdefault(a, []).append(b)
            self.partners.setdefault(b, []).append(a)

    def hold(self, state: State) -> bool:
        """Say whether rows made by these rules serve this state."""
        spacings = self.spacings is state.spacings or self.spacings == state.spacings
        return spacings and (self.harmful is state.harmful or self.harmful == state.harmful)


@dataclass(slots=True)
class _Block:
    """Rows of one job, and the candidates they stand for."""

    first: int
    candidates: tuple[Candidate, ...]


class Board:
    """Tables of all jobs that the packer was shown; each job is encoded once."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = Rules() if rules is None else rules
        self.names: dict[str, int] = {}  # bit of each resource that is held alone
        self.resources: dict[tuple[int, str], int] = {}  # number of each that is shared, by kind of term
        self._values: dict[float | str, float] = {}
        self._tones: dict[str, dict[float, str]] = {}
        self._blocks: dict[str, _Block] = {}
        self._tables(ROWS, WORDS, TERMS)
        self.n_rows = self.n_terms = 0

    def _tables(self, rows: int, words: int, terms: int) -> None:
        self.held, self.shut = np.zeros((2, rows, words), np.uint64)
        self.terms, self.points = np.zeros((rows, 2), np.int64), np.ones(rows, np.int64)
        self.kinds, self.bounds = np.zeros((terms, 2), np.int64), np.zeros((terms, 2))

    def first_row(self, job: str, candidates: tuple[Candidate, ...]) -> int:
        """Return the first of a job's rows, which follow one another in the order of its candidates."""
        block = self._blocks.get(job)
        if block is None or block.candidates is not candidates:
            place = -1 if block is None else _place(candidates, block.candidates)
            if block is not None and place >= 0:
                return block.first + place
            block = self._blocks[job] = _Block(self._encode(candidates), candidates)
        return block.first

    def keep(self, jobs: Iterable[str]) -> None:
        """Forget all other jobs, once they fill more than half of the tables."""
        living = set(jobs)
        kept = {job: block for job, block in self._blocks.items() if job in living}
        n_living = sum(len(block.candidates) for block in kept.values())
        if self.n_rows < ROWS // 2 or 2 * n_living > self.n_rows:
            return
        self._blocks, self.n_rows, self.n_terms = {}, 0, 0
        old = self.held, self.shut, self.terms, self.points, self.kinds, self.bounds
        self._tables(len(self.held), self.held.shape[1], len(self.kinds))
        for job, block in kept.items():
            self._blocks[job] = _Block(self._copy(old, block), block.candidates)

    def name(self, bit: int) -> str:
        """Return what a bit stands for."""
        return next(name for name, number in self.names.items() if number == bit)

    def resource(self, number: int) -> str:
        """Return what a shared resource is called."""
        return next(name for (_, name), other in self.resources.items() if other == number)

    def bits(self, names: Iterable[str]) -> NDArray[np.uint64]:
        """Return a set of resources as words of bits, shape (n_words,); new ones may widen the tables."""
        bit, number = self.names, 0
        for name in names:
            number |= 1 << bit.setdefault(name, len(bit))
        while len(bit) > 64 * self.held.shape[1]:
            more = np.zeros_like(self.held)
            self.held, self.shut = np.hstack([self.held, more]), np.hstack([self.shut, more])
        return np.frombuffer(number.to_bytes(8 * self.held.shape[1], "little"), np.uint64)

    def able(
        self, first: NDArray[np.int64], count: NDArray[np.float64], closed: NDArray[np.uint64]
    ) -> NDArray[np.bool_]:
        """Return which jobs have a row that holds nothing of ``closed``."""
        able = count > 0
        if closed.any():
            free = np.concatenate([[0], np.cumsum(~np.any(self.held[: self.n_rows] & closed, axis=1))])
            able &= free[first + count.astype(np.int64)] > free[first]
        return np.asarray(able)

    def capacities(self, state: State) -> NDArray[np.float64]:
        """Return what sums and covers may reach, by number of the resource."""
        of = {SAME: {}, SUM: state.capacities, COVER: state.longest_spans}
        return np.array([of[kind].get(name, np.inf) for kind, name in self.resources], np.float64)

    def _encode(self, candidates: tuple[Candidate, ...]) -> int:
        first = self.n_rows
        while first + len(candidates) > len(self.held):
            self._grow()
        for candidate in candidates:
            self._row(candidate.claims)
        return first

    def _row(self, claims: Claims) -> None:
        tones = [tone for line, each in claims.tones.items() for f in each for tone in [self._tone(line, f)]]
        mine = [*sorted(claims.exclusive), *tones]
        quiet = [
            *mine,
            *sorted(claims.quiet),
            *self._near(claims),
            *(p for n in mine for p in self.rules.partners.get(n, ())),
        ]
        row, begin = self.n_rows, self.n_terms
        shut = self.bits(quiet)  # holds all of mine too: from here on the tables are wide enough
        self.held[row], self.shut[row] = self.bits(mine), shut
        for kind, name, low, high in self._shared(claims):
            if self.n_terms == len(self.kinds):
                self.kinds, self.bounds = (np.concatenate([a, np.zeros_like(a)]) for a in (self.kinds, self.bounds))
            number = self.resources.setdefault((kind, name), len(self.resources))
            self.kinds[self.n_terms], self.bounds[self.n_terms] = (kind, number), (low, high)
            self.n_terms += 1
        self.terms[row], self.points[row] = (begin, self.n_terms), claims.n_points
        self.n_rows += 1

    def _shared(self, claims: Claims) -> Iterator[tuple[int, str, float, float]]:
        for name, value in claims.equal.items():
            yield SAME, name, self._values.setdefault(value, float(len(self._values))), 0.0
        for name, amount in claims.budgets.items():
            yield SUM, name, amount, 0.0
        for name, (first, last) in claims.spans.items():
            yield COVER, name, first, last

    def _tone(self, line: str, frequency: float) -> str:
        return self._tones.setdefault(line, {}).setdefault(frequency, f"tone {line} {frequency:.9g} Hz")

    def _near(self, claims: Claims) -> Iterator[str]:
        """Yield the tones that are known so far and too near to those of a program; later ones look back."""
        for line, mine in claims.tones.items():
            spacing = self.rules.spacings.get(line, 0.0)
            for other, name in self._tones[line].items():
                if any(abs(other - f) < spacing for f in mine):
                    yield name

    def _grow(self) -> None:
        self.held, self.shut, self.terms = (np.concatenate([a, 0 * a]) for a in (self.held, self.shut, self.terms))
        self.points = np.concatenate([self.points, np.ones_like(self.points)])

    def _copy(self, old: tuple[NDArray[np.generic], ...], block: _Block) -> int:
        held, shut, terms, points, kinds, bounds = old
        rows, first = slice(block.first, block.first + len(block.candidates)), self.n_rows
        span = slice(int(terms[rows.start, 0]), int(terms[rows.stop - 1, 1])) if block.candidates else slice(0, 0)
        here, there = (
            slice(first, first + len(block.candidates)),
            slice(self.n_terms, self.n_terms + span.stop - span.start),
        )
        self.held[here], self.shut[here], self.points[here] = held[rows], shut[rows], points[rows]
        self.terms[here] = terms[rows] + (self.n_terms - span.start)
        self.kinds[there], self.bounds[there] = kinds[span], bounds[span]
        self.n_rows, self.n_terms = here.stop, there.stop
        return first


def _place(candidates: tuple[Candidate, ...], among: tuple[Candidate, ...]) -> int:
    """Return where the one placement of a job that has begun stands among those it had, or -1."""
    if len(candidates) != 1:
        return -1
    return next((k for k, candidate in enumerate(among) if candidate is candidates[0]), -1)
