"""Remember what was derived, by what it was derived from."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar


class Measured(Protocol):
    """Something that knows how much memory it takes."""

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""


T = TypeVar("T", bound=Measured)


class Memory:
    """A look-up by content that forgets what was not used for longest.

    Parameters
    ----------
    most : bytes kept
    """

    def __init__(self, most: int = 1 << 28) -> None:
        self.most, self.held = most, 0
        self._kept: dict[Hashable, Any] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` gives, or gave for the same key."""
        if key in self._kept:
            found: T = self._kept.pop(key)
        else:
            found = make()
            self.held += found.nbytes
        self._kept[key] = found
        while self.held > self.most and len(self._kept) > 1:
            self.held -= self._kept.pop(next(iter(self._kept))).nbytes
        return found
