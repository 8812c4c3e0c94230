"""One file being read: its tree, where everything stands, and what is wrong with it so far."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from qctl.core.errors import ConfigError

from .mistakes import Mistakes, Place
from .nodes import Listing, Node, Scalar, Table
from .yaml_tree import MAX_BYTES, parse

Steps = tuple[str, ...]
"""Way to a value: ``("lines", "q0.drive", "i")``; entries of a list count from "0"."""


def content_of(path: Path, most: int = MAX_BYTES) -> bytes:
    """Return at most ``most + 1`` bytes of a file; raise ConfigError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error


class Document:
    """A parsed file.

    Parameters
    ----------
    content : of the file
    where : its name, for messages
    """

    def __init__(self, content: bytes, where: str) -> None:
        self.mistakes = Mistakes(where)
        self.root = parse(content, self.mistakes)
        self.broken: set[str] = set()  # keys of the top level under which something is wrong

    def wrong(
        self,
        steps: Steps,
        asked: str,
        allowed: str = "",
        remedy: str = "",
        *,
        like: tuple[str, Iterable[str]] | None = None,
        at: Place | None = None,
    ) -> None:
        """Note a mistake at ``at``, else at the value that ``steps`` lead to, or what is nearest above it."""
        self.broken.update(steps[:1])
        self.mistakes.add(at or self.place(steps), asked, allowed, remedy, like)

    def place(self, steps: Steps) -> Place:
        """Return the place of a value, of the key of a table or list, or of what is nearest above."""
        node, place = self.root, Place(1, 1)
        for step in steps:
            below = _below(node, step)
            if below is None:
                break
            place = node.keys[step] if isinstance(node, Table) else below.place
            node = below
        return node.place if isinstance(node, Scalar) else place

    def written(self, steps: Steps) -> bool:
        """Say whether the file holds a value at ``steps``."""
        node = self.root
        for step in steps:
            node = _below(node, step)
        return node is not None

    def declared(self, section: str) -> list[str]:
        """Return the keys of a table of the top level, those of unreadable entries too."""
        node = _below(self.root, section)
        return list(node.entries) if isinstance(node, Table) else []


def _below(node: Node | None, step: str) -> Node | None:
    if isinstance(node, Table):
        return node.entries.get(step)
    if isinstance(node, Listing) and step.isdecimal() and int(step) < len(node.items):
        return node.items[int(step)]
    return None
