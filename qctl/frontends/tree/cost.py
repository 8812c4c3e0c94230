"""What running statements takes at least, known before they are run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from openqasm3 import ast

from .flat_run import PRICE, FlatRun

_LEAVES = (ast.BreakStatement, ast.ReturnStatement, ast.EndStatement, ast.ContinueStatement)


def n_steps(nodes: Sequence[Any], rounds: Callable[[ast.ForInLoop], int]) -> int:
    """Return how many statements are run at least: what a branch may skip does not count, nor what may be left early.

    Parameters
    ----------
    rounds : of a loop, as far as they are known; 0 where not
    """
    total = 0
    for node in nodes:
        total += 1
        if isinstance(node, FlatRun):
            total += node.n_statements // PRICE
        elif isinstance(node, ast.ForInLoop) and not _may_leave(node.block):
            total += rounds(node) * max(1, n_steps(node.block, rounds))
        elif isinstance(node, ast.CompoundStatement):
            total += n_steps(node.statements, rounds)
        elif isinstance(node, _LEAVES):
            break
    return total if not _may_leave(nodes) else 1


def _may_leave(nodes: Sequence[Any]) -> bool:
    for node in nodes:
        if isinstance(node, _LEAVES):
            return True
        inner = [getattr(node, name, None) or [] for name in ("if_block", "else_block", "block", "statements")]
        if isinstance(node, ast.SwitchStatement):
            inner = [body.statements for _, body in node.cases] + ([node.default.statements] if node.default else [])
        if any(_may_leave(block) for block in inner if isinstance(block, list)):
            return True
    return False


def changed_names(loop: ast.ForInLoop) -> set[str]:
    """Return the names that a loop declares or assigns to."""
    found, todo = {loop.identifier.name}, list[Any](loop.block)
    while todo:
        node = todo.pop()
        if isinstance(node, (list, tuple)):
            todo += node
        elif isinstance(node, ast.QASMNode):
            target = next((t for n in ("lvalue", "target", "identifier") if (t := getattr(node, n, None))), None)
            target = target.name if isinstance(target, ast.IndexedIdentifier) else target
            if isinstance(target, ast.Identifier):
                found.add(target.name)
            todo += vars(node).values()
    return found
