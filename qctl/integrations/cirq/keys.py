"""Where each measurement key of Cirq finds its bits, time by time, also where shots measure it differently often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.flow import Bit, Term, combine


@dataclass(frozen=True)
class Taken:
    """One time that a key is measured.

    Parameters
    ----------
    bits, inverted : one for each of its qubits
    done : bit that says whether a shot came here; None where all do
    """

    bits: tuple[int, ...]
    inverted: tuple[bool, ...]
    done: int | None = None

    def digits(self) -> list[Term]:
        """Return the answers, that of the first qubit first."""
        return [combine("^", Bit(bit), int(turned)) for bit, turned in zip(self.bits, self.inverted, strict=True)]


@dataclass
class Keys:
    """Which bits each measurement of each key went to.

    Parameters
    ----------
    times : by key, in order
    unfinished : bits that say that a shot was given up; loops had a bound
    """

    times: dict[str, list[Taken]] = field(default_factory=dict)
    unfinished: list[int] = field(default_factory=list)
    n_bits: int = 0

    def add(self, key: str, inverted: list[bool]) -> list[int]:
        """Return new bits for one measurement of a key."""
        bits = [self.extra() for _ in inverted]
        before = self.times.setdefault(key, [])
        if before and len(before[0].bits) != len(bits):
            raise ValueError(f"the key {key!r} is measured on {len(before[0].bits)} qubits and on {len(bits)}")
        before.append(Taken(tuple(bits), tuple(inverted)))
        return bits

    def extra(self) -> int:
        """Return a new bit that no key shows."""
        self.n_bits += 1
        return self.n_bits - 1

    def counts(self) -> dict[str, int]:
        """Return how often each key has been measured so far."""
        return {key: len(taken) for key, taken in self.times.items()}

    def doubt(self, first: Mapping[str, int], last: Mapping[str, int], done: int) -> None:
        """Say that a shot came to the measurements from ``first`` to before ``last`` only where a bit says so."""
        for key, end in last.items():
            taken = self.times[key]
            for k in range(first.get(key, 0), end):
                if taken[k].done is None:
                    taken[k] = replace(taken[k], done=done)

    def word(self, key: str, index: int) -> Term:
        """Return what a key says the ``index``-th time, as a number whose highest bit is its first qubit's."""
        return combine("packed", *self.digits(key, index)[::-1])

    def digits(self, key: str, index: int) -> list[Term]:
        """Return the bits of a key as they were the ``index``-th time, that of its first qubit first.

        Raises
        ------
        ValueError
            When it was not measured so often before, or not in all shots.
        """
        if key not in self.times:
            raise ValueError(f"a condition on the key {key!r}, which is not measured before")
        taken = self.times[key]
        if not -len(taken) <= index < len(taken):
            raise ValueError(f"a condition on time {index} of the key {key!r}, which was measured {len(taken)} times")
        if index == -1:
            return _latest(taken)
        if any(one.done is not None for one in (taken[: index + 1] if index >= 0 else taken[index:])):
            raise ValueError(f"a condition on time {index} of the key {key!r}, which not all shots measure as often")
        return taken[index].digits()

    def records(self, bits: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
        """Return by key an array of shape (repetitions, times measured, qubits), from (repetitions, n_bits).

        Shots that measured a key less often than others have zeros behind, as Cirq's simulators say it.
        """
        return {key: _record(taken, bits) for key, taken in self.times.items()}


def _latest(taken: list[Taken]) -> list[Term]:
    """Return the bits of a key as they were the last time that a shot measured it."""
    found = taken[0].digits()
    for one in taken[1:]:
        if one.done is None:
            found = one.digits()
        else:
            found = [_one_of(Bit(one.done), new, old) for new, old in zip(one.digits(), found, strict=True)]
    return found


def _one_of(first: Bit, yes: Term, no: Term) -> Term:
    """Return one of two bits, in operators that OpenQASM 3 has."""
    return combine("|", combine("&", first, yes), combine("&", combine("^", first, 1), no))


def _record(taken: list[Taken], bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    answers = bits[:, np.array([one.bits for one in taken])] ^ np.array([one.inverted for one in taken], np.uint8)
    if all(one.done is None for one in taken):
        return answers
    done = np.ones((len(bits), len(taken)), bool)
    for k, one in enumerate(taken):
        if one.done is not None:
            done[:, k] = bits[:, one.done] == 1
    order = np.argsort(~done, axis=1, kind="stable")
    most = int(done.sum(axis=1).max(initial=0))
    kept = np.take_along_axis(answers * done[:, :, np.newaxis], order[:, :, np.newaxis], axis=1)
    return np.asarray(kept[:, :most].astype(np.uint8))
