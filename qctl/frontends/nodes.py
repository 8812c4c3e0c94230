"""Statements while a flow is built, and how they become the frozen flow of a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qctl.core import flow
from qctl.core.flow import Bit, Block, Expression, Term


@dataclass(frozen=True, slots=True)
class LeaveTo:
    """Go on behind the scope or loop of a target."""

    target: object


@dataclass(frozen=True, slots=True)
class Within:
    """A scope that some way within it leaves."""

    target: object
    nodes: Nodes


@dataclass(frozen=True, slots=True)
class Split:
    """A branch whose ways may still grow."""

    condition: Term
    then: Nodes
    otherwise: Nodes
    where: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A loop."""

    target: object
    condition: Term
    nodes: Nodes
    where: str


Nodes = list[object]
"""Statements, pairs of rows to play, lists of statements, and the classes above."""


class Freezer:
    """Makes flows of nodes.

    Parameters
    ----------
    bits : number of each bit in the program, for those whose numbers change
    first : row of the program at which the rows of the nodes begin
    """

    def __init__(self, bits: dict[int, int], first: int = 0) -> None:
        self._bits, self._first = bits, first

    def block(self, nodes: Sequence[object], around: tuple[object, ...] = ()) -> Block:
        """Return a block; ``around`` are the targets of the scopes and loops around it, the innermost last."""
        out: list[flow.Statement] = []
        for node in _flat(nodes):
            if isinstance(node, tuple):
                self._play(out, node[0] + self._first, node[1] + self._first)
            else:
                out.append(self._statement(node, around))
        return tuple(out)

    @staticmethod
    def _play(out: list[flow.Statement], first: int, last: int) -> None:
        if out and isinstance(out[-1], flow.Play) and out[-1].last == first:
            first = out.pop().first  # type: ignore[union-attr]
        out.append(flow.Play(first, last))

    def _statement(self, node: object, around: tuple[object, ...]) -> flow.Statement:
        if isinstance(node, LeaveTo):
            return flow.Leave(len(around) - max(k for k, target in enumerate(around) if target is node.target))
        if isinstance(node, Within):
            return flow.Scope(self.block(node.nodes, (*around, node.target)))
        if isinstance(node, Repeat):
            return flow.Loop(self.term(node.condition), self.block(node.nodes, (*around, node.target)), node.where)
        if isinstance(node, Split):
            then, otherwise = self.block(node.then, around), self.block(node.otherwise, around)
            return flow.Branch(self.term(node.condition), then, otherwise, node.where)
        if isinstance(node, flow.Store):
            return flow.Store(tuple(self._bits.get(bit, bit) for bit in node.bits), self.term(node.value))
        if isinstance(node, flow.Assign):
            return flow.Assign(node.cell, self.term(node.value))
        if isinstance(node, flow.Turn):
            return flow.Turn(node.op, node.qubits, tuple(map(self.term, node.angles)))
        assert isinstance(node, flow.Fail)
        return node

    def term(self, term: Term) -> Term:
        """Return a term with the final numbers of its bits."""
        if isinstance(term, Bit):
            return Bit(self._bits.get(term.index, term.index))
        if isinstance(term, flow.Apply):
            return flow.Apply(term.name, tuple(map(self.term, term.arguments)))
        return term if isinstance(term, Expression) else term + 0


def _flat(nodes: Sequence[object]) -> list[object]:
    out: list[object] = []
    for node in nodes:
        if isinstance(node, list):
            out += _flat(node)
        else:
            out.append(node)
    return out
