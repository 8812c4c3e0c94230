"""A laboratory whose file may still hold mistakes: what its checks look at."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from qctl.core.laboratory import Laboratory
from qctl.core.lines import Lines
from qctl.platforms import PLATFORMS

from .document import Document, Steps
from .mistakes import shown


@dataclass(frozen=True)
class Draft:
    """What could be read of a laboratory file.

    Parameters
    ----------
    document : where everything stands; takes the mistakes
    laboratory : without the entries that could not be read
    """

    document: Document
    laboratory: Laboratory

    @property
    def wrong(self) -> Callable[..., None]:
        """Note a mistake: see ``Document.wrong``."""
        return self.document.wrong

    @property
    def lines(self) -> Lines | None:
        """Return what the platform says of lines; None where the file names no platform that there is."""
        found = PLATFORMS.get(self.laboratory.platform)
        return None if found is None else found.lines

    def whole(self, *sections: str) -> bool:
        """Say whether nothing was wrong in these sections so far: only then is what is absent a mistake of its own."""
        return self.document.broken.isdisjoint(sections)

    def known(self, steps: Steps, word: str, candidates: Collection[str], what: str) -> bool:
        """Say whether ``word`` is one of the candidates; note a mistake if not."""
        if word in candidates:
            return True
        self.wrong(steps, f"{shown(word)!r} is no {what} of this file", few(candidates), like=(word, candidates))
        return False


def few(names: Collection[str]) -> str:
    """Return names as a list for a message, cut when it is long."""
    return ", ".join([*list(names)[:12], *(["..."] if len(names) > 12 else [])])
