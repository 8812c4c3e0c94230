"""What depends on measured bits, collected beside rows: blocks, branches and loops of a program under construction."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from contextlib import contextmanager
from enum import Enum

from qctl.core.errors import ProgramError
from qctl.core.flow import Block, Leave, Play, Statement


class Exit(Enum):
    """What leaving a scope or loop means for whoever wrote it."""

    BREAK = "break"
    CONTINUE = "continue"


class Blocks:
    """The flow of a program; its plain events stay in a list of rows, which grows meanwhile."""

    def __init__(self, rows: Sized) -> None:
        self._rows, self._first = rows, 0
        self._block: list[Statement] = []
        self._exits: list[Exit] = []

    def add(self, statement: Statement) -> None:
        """Add a statement behind the rows so far."""
        self._play()
        self._block.append(statement)

    @contextmanager
    def inner(self, *exits: Exit) -> Iterator[list[Statement]]:
        """Collect what follows in a block of its own, within scopes or loops with these exits, the outer one first."""
        self._play()
        outer, self._block = self._block, []
        self._exits += exits
        try:
            yield self._block
            self._play()
        finally:
            self._block = outer
            del self._exits[len(self._exits) - len(exits) :]

    def take_last(self, kind: type[Statement]) -> Statement | None:
        """Take back the statement right before, if it is of this kind; None where something else stands there."""
        if len(self._rows) > self._first or not self._block or not isinstance(self._block[-1], kind):
            return None
        return self._block.pop()

    def leave(self, how: Exit) -> None:
        """Leave the innermost loop, or its round."""
        if how not in self._exits:
            raise ProgramError(f"{how.value} outside of a loop", allowed="within one")
        self.add(Leave(self._exits[::-1].index(how) + 1))

    def whole(self) -> tuple[Block, ...]:
        """Return the flow of the one sweep point, or none where every event is played once."""
        self._play()
        steered = any(not isinstance(statement, Play) for statement in self._block)
        return (tuple(self._block),) if steered else ()

    def _play(self) -> None:
        last = len(self._rows)
        if last > self._first:
            self._block.append(Play(self._first, last))
        self._first = last
