"""What all parts of the lowering share: the text, the program under construction, names, and places for messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qctl.core.errors import ProgramError

from ..builder import ProgramBuilder
from ..limits import ReadLimits
from ..openqasm3 import Reader3
from ..source import Source
from ..tape import Signal, Tape
from ..values import Value
from .names import Names

if TYPE_CHECKING:
    from openqasm3 import ast


@dataclass(slots=True)
class Context:
    """State of one lowering.

    Parameters
    ----------
    reader : of gates and their definitions: the reader of gate streams, on the same text
    run : runs statements; set by whoever knows all of them
    call : calls a subroutine
    """

    source: Source
    limits: ReadLimits
    builder: ProgramBuilder
    reader: Reader3
    tape: Tape
    names: Names = field(default_factory=Names)
    run: Callable[[Sequence[Any]], Signal] = field(default=lambda _: None)
    call: Callable[[Any], Value | None] = field(default=lambda _: None)
    n_steps: int = 0
    in_calibration: bool = False

    def start(self, node: ast.QASMNode) -> int:
        """Return where in the text a node begins."""
        return node.span if isinstance(node.span, int) else 0  # what OpenPulse's parser read has places of its own

    def where(self, node: ast.QASMNode) -> str:
        """Return ``name:line:column`` of a node."""
        return self.source.where(self.start(node))

    def wrong(self, node: ast.QASMNode, asked: str, allowed: str = "", remedy: str = "") -> ProgramError:
        """Return the error for a node that means nothing."""
        return self.source.wrong(asked, self.start(node), allowed, remedy)

    def unsupported(self, node: ast.QASMNode, what: str, remedy: str = "") -> ProgramError:
        """Return the error for a node that cannot be read."""
        return self.source.unsupported(what, self.start(node), remedy)

    def at(self, node: ast.QASMNode) -> At:
        """Give errors without a place in the text that of a node."""
        return At(self, node)

    def pay(self, n_steps: int, node: ast.QASMNode) -> None:
        """Count statements that were run; refuse to run more than the limit."""
        self.n_steps += n_steps
        if self.n_steps > self.limits.steps:
            raise self.source.too_large("statements to run", self.n_steps, self.limits.steps, self.start(node))


class At:
    """A place in the text for errors that have none; a class, since one is entered for every part of an expression."""

    __slots__ = ("_context", "_node")

    def __init__(self, context: Context, node: ast.QASMNode) -> None:
        self._context, self._node = context, node

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ProgramError) and not error.where.startswith(f"{self._context.source.name}:"):
            raise self._context.wrong(self._node, error.asked, error.allowed, error.remedy) from error
