"""What must be good before what: the needs of nodes, worked out for every target, and what follows from failures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target

from .node import Node
from .progress import Key, Record
from .report import Standing, State
from .targets import is_sum, related

LOST = (Standing.QUARANTINED, Standing.SKIPPED)


@dataclass(frozen=True, slots=True)
class Need:
    """Keys that must be good first; ``some`` says that parts of them may have failed, ``all_may_fail`` that all may."""

    keys: tuple[Key, ...]
    some: bool
    all_may_fail: bool = False


@dataclass(frozen=True)
class Dependencies:
    """For every node and target: what it needs (needs before what needs them), and all that needs it, however far."""

    needs: Mapping[Key, tuple[Need, ...]]
    followers: Mapping[Key, frozenset[Key]]

    @classmethod
    def of(
        cls, nodes: Iterable[Node], laboratory: Laboratory, targets: Mapping[Target, tuple[str, ...]]
    ) -> Dependencies:
        """Work out the needs of nodes for the targets that are calibrated.

        Raises
        ------
        UsageError
            When a node needs one that does not exist, or itself.
        """
        by_name = {node.name: node for node in nodes}
        needs: dict[Key, tuple[Need, ...]] = {}
        for node in _in_order(by_name):
            for target in (one for one in targets[node.kind] if node.applies(laboratory, one)):
                wanted = [_need(node, target, by_name[name], laboratory, targets) for name in node.needs]
                before = [by_name[name] for name in node.after if name in by_name]
                first = [_need(node, target, one, laboratory, targets) for one in before]
                needs[node.name, target] = (*wanted, *(replace(one, all_may_fail=True) for one in first))
        return cls(needs, _followers(needs))

    def obstacle(self, key: Key, records: Mapping[Key, Record]) -> tuple[str, bool]:
        """Return why a key cannot run, empty when it can, and whether that is for good."""
        for need in self.needs[key]:
            states = [(one, records[one].state) for one in need.keys]
            lost = [(one, state) for one, state in states if state.standing in LOST]
            if lost and not need.all_may_fail and not (need.some and len(lost) < len(states)):
                (name, target), state = lost[0]
                return _because(name, target, state), True
            waiting = [one for one, state in states if state.standing in (Standing.UNKNOWN, Standing.SUSPECT)]
            if waiting:
                return f"waits for {waiting[0][0]} of {waiting[0][1]}", False
        return "", False

    def coarser(self, key: Key, nodes: Mapping[str, Node]) -> Key | None:
        """Return the step that a key needs which reaches furthest of those that find some of what it finds."""
        finds = {one.name: one.floor for one in nodes[key[0]].finds}
        reaches = {
            (name, key[1]): max(
                (one.floor for one in node.finds if one.floor > finds.get(one.name, math.inf)), default=0
            )
            for name, node in nodes.items()
            if key in self.followers.get((name, key[1]), ())
        }
        found = max(reaches, key=lambda one: reaches[one], default=None)
        return found if found is not None and reaches[found] else None

    def spread(self, records: Mapping[Key, Record]) -> dict[Key, Record]:
        """Return the records in which everything that cannot be done any more is skipped, with the reason."""
        new = dict(records)
        for key in self.needs:
            reason, final = self.obstacle(key, new)
            if final and new[key].state.standing not in LOST:
                new[key] = replace(new[key], state=State(Standing.SKIPPED, reason))
        return new


def _because(name: str, target: str, state: State) -> str:
    skipped = state.standing is Standing.SKIPPED
    return state.reason if skipped else f"needs {name} of {target}, quarantined: {state.reason}"


def _followers(needs: Mapping[Key, tuple[Need, ...]]) -> dict[Key, frozenset[Key]]:
    """Return all that needs a key, directly or through others; ``needs`` hold needs before what needs them."""
    direct: dict[Key, set[Key]] = {key: set() for key in needs}
    for key, wanted in needs.items():
        for need in wanted:
            for before in need.keys:
                direct[before].add(key)
    found: dict[Key, frozenset[Key]] = {}
    for key in reversed(list(needs)):
        found[key] = frozenset(direct[key]).union(*(found[one] for one in direct[key]))
    return found


def _need(
    node: Node, target: str, before: Node, laboratory: Laboratory, targets: Mapping[Target, tuple[str, ...]]
) -> Need:  # fmt: skip
    names = related(laboratory, node.kind, target, before.kind)
    keys = tuple((before.name, n) for n in names if n in targets[before.kind] and before.applies(laboratory, n))
    return Need(keys, is_sum(node.kind, before.kind))


def _in_order(nodes: Mapping[str, Node]) -> list[Node]:
    """Return nodes so that needs come before what needs them."""
    done: dict[str, Node] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " -> ".join((*path, name))
            raise UsageError(f"steps that need each other: {circle}", allowed="needs without a circle")
        if name not in nodes:
            raise UsageError(
                f"step {path[-1]!r} needs {name!r}", allowed=f"one of {', '.join(nodes)}", remedy="list that step too"
            )
        if name not in done:
            for before in (*nodes[name].needs, *(one for one in nodes[name].after if one in nodes)):
                visit(before, (*path, name))
            done[name] = nodes[name]

    for name in nodes:
        visit(name, ())
    return list(done.values())
