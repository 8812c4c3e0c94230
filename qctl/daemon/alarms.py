"""What went wrong and stays wrong until somebody looks: `qctl status` says the newest, `qctl jobs health` all."""

from __future__ import annotations

import logging
from collections.abc import Iterator

log = logging.getLogger(__name__)

MOST = 100


class Alarms:
    """Sentences for the operator, newest last; what is said twice in a row is there once."""

    def __init__(self) -> None:
        self._said: list[str] = []

    def add(self, said: str) -> None:
        """Raise an alarm."""
        log.error("%s", said)
        if self._said[-1:] != [said]:
            self._said = [*self._said[1 - MOST :], said]

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)
