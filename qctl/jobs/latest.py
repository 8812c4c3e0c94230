"""What was made lately, kept so that it is not made again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


class Latest(Generic[Key, Made]):
    """The things that were asked for last.

    Parameters
    ----------
    most : of them; beyond, the one that was not asked for longest goes
    """

    def __init__(self, most: int) -> None:
        self._most, self._kept = most, OrderedDict[Key, Made]()

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        """Return what ``make`` returned for this key, now or before."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        made = self._kept[key] = make()
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return made
