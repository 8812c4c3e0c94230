"""What is wrong with one file: collected with places, said all at once."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from qctl.core.errors import ConfigError

MOST = 100  # mistakes that are listed; a file with more is another kind of file


class Place(NamedTuple):
    """Line and column in a file, from 1."""

    line: int
    column: int


def shown(text: str, most: int = 60) -> str:
    """Return ``text`` fit for one line of a message: no control characters, not too long."""
    if len(text) <= most and text.isprintable():
        return text
    plain = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[: most + 1])
    return plain if len(plain) <= most else f"{plain[:most]}..."


def similar(text: str, candidates: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the candidate most like ``text``; empty when none is."""
    lower = {candidate.lower(): candidate for candidate in candidates}
    found = get_close_matches(text[:60].lower(), lower, n=1, cutoff=0.6)
    return f"did you mean '{lower[found[0]]}'?" if found else ""


class Mistakes:
    """Mistakes of one file.

    Parameters
    ----------
    where : the file, as the reader of the message knows it
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self._found: list[tuple[Place, ConfigError]] = []
        self._n_more = 0

    def __len__(self) -> int:
        return len(self._found) + self._n_more

    def add(
        self,
        place: Place,
        asked: str,
        allowed: str = "",
        remedy: str = "",
        like: tuple[str, Iterable[str]] | None = None,
    ) -> None:
        """Note one mistake.

        Parameters
        ----------
        like : a word and the words that it may have been meant for, to ask "did you mean"
        """
        if len(self._found) >= MOST:
            self._n_more += 1
            return
        remedy = remedy or (similar(*like) if like else "")
        where = f"{self.where}:{place.line}:{place.column}"
        self._found.append((place, ConfigError(asked, allowed=allowed, where=where, remedy=remedy)))

    def all(self) -> tuple[ConfigError, ...]:
        """Return them in order of their places."""
        ordered = [error for _, error in sorted(self._found, key=lambda pair: pair[0])]
        if self._n_more:
            ordered.append(ConfigError(f"{self._n_more} more mistakes", where=self.where))
        return tuple(ordered)

    def check(self) -> None:
        """Raise one ConfigError that says all of them, if there are any."""
        if self._found:
            raise ConfigError.of(self.all())
