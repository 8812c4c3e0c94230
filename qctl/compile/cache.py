"""The second compile of the same thing is a look-up: by content, and by the parameters that were read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

from qctl.core.parameters import Parameters
from qctl.core.sequence import Sequence


class Reads(Mapping[str, float]):
    """Parameters that remember which of them were used: each value read, and each absence noticed."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self.seen: dict[str, float | None] = {}

    def __getitem__(self, name: str) -> float:
        """Return a value; raise ParameterError when nobody knows it."""
        value = self._look(name)
        return self._parameters[name] if value is None else value

    def __contains__(self, name: object) -> bool:
        """Say whether a value is known."""
        return self._look(str(name)) is not None

    def _look(self, name: str) -> float | None:
        if name not in self.seen:
            estimate = self._parameters.estimates.get(name)
            self.seen[name] = None if estimate is None else estimate.value
        return self.seen[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)


@dataclass(frozen=True)
class _Entry:
    seen: Mapping[str, float | None]
    sequence: Sequence
    n_bytes: int

    def fits(self, parameters: Parameters) -> bool:
        values = parameters.estimates
        return all((values[name].value if name in values else None) == value for name, value in self.seen.items())


@dataclass
class SequenceCache:
    """Least recently used sequences, bounded by the bytes of their tables.

    A sequence answers for a key (program, laboratory, limits, options) and for every snapshot that agrees with
    the one it was made from in all parameters that were read; others may differ.
    """

    max_bytes: int = 256_000_000
    _entries: OrderedDict[tuple[Hashable, int], _Entry] = field(default_factory=OrderedDict)
    _variants: dict[Hashable, list[int]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _next: int = 0
    n_bytes: int = 0
    hits: int = 0
    misses: int = 0

    def find(self, key: Hashable, parameters: Parameters) -> Sequence | None:
        """Return the sequence made before, or None."""
        with self._lock:
            for number in reversed(self._variants.get(key, ())):
                entry = self._entries[key, number]
                if entry.fits(parameters):
                    self._entries.move_to_end((key, number))
                    self.hits += 1
                    return entry.sequence
            self.misses += 1
            return None

    def keep(self, key: Hashable, reads: Reads, sequence: Sequence) -> None:
        """Remember a sequence; forget the least recently used ones while the bound is exceeded."""
        n_bytes = size_of(sequence)
        if n_bytes > self.max_bytes:
            return
        with self._lock:
            self._entries[key, self._next] = _Entry(dict(reads.seen), sequence, n_bytes)
            self._variants.setdefault(key, []).append(self._next)
            self._next += 1
            self.n_bytes += n_bytes
            while self.n_bytes > self.max_bytes:
                (old, number), entry = self._entries.popitem(last=False)
                self.n_bytes -= entry.n_bytes
                self._variants[old].remove(number)
                if not self._variants[old]:
                    del self._variants[old]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._variants.clear()
            self.n_bytes = 0


def size_of(sequence: Sequence) -> int:
    """Return the bytes of all tables of a sequence; waveforms that lines share count in each."""
    tracks = sum(t.plays.nbytes + sum(w.nbytes for w in t.waveforms) for t in sequence.tracks.values())
    counted = sum(one.reads.nbytes for one in sequence.counting.values())
    seen = sum(one.reads.nbytes for one in sequence.exposing.values())
    return tracks + counted + seen + sum(heard.windows.nbytes for heard in sequence.listening.values())
