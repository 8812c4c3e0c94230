"""Who can run at the same time: groups in which no two targets claim the same thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

ROUNDS = 30  # of improvement, while there are more groups than the bound asks for
Graph = Mapping[str, Set[str]]


def conflicts(claims: Mapping[str, frozenset[str]]) -> dict[str, set[str]]:
    """Return by target which others it cannot run with: those with a claim in common."""
    owners: dict[str, list[str]] = {}
    for target, claimed in claims.items():
        for thing in claimed:
            owners.setdefault(thing, []).append(target)
    graph: dict[str, set[str]] = {target: set() for target in claims}
    for sharing in owners.values():
        for target in sharing:
            graph[target].update(sharing)
    return {target: others - {target} for target, others in graph.items()}


def bound(graph: Graph) -> int:
    """Return the size of a clique that was found greedily from each target: no grouping has fewer groups."""
    best = min(len(graph), 1)
    for start in graph:
        if len(graph[start]) < best:
            continue
        clique, left = {start}, set(graph[start])
        while left:
            following = max(left, key=lambda one: (len(graph[one] & left), one))
            clique.add(following)
            left &= graph[following]
        best = max(best, len(clique))
    return best


def groups(claims: Mapping[str, frozenset[str]], most: int | None = None) -> tuple[tuple[str, ...], ...]:
    """Return targets in groups without conflicts, largest first, each in the order of ``claims``.

    Parameters
    ----------
    most : targets of a group; larger ones are cut

    DSATUR (Brelaz, CACM 22, 251), then iterated greedy (Culberson): colouring again group by group never needs more
    groups, and often fewer.
    """
    graph = conflicts(claims)
    order = {target: k for k, target in enumerate(claims)}
    found = _dsatur(graph, order)
    least = bound(graph)
    for turn in range(ROUNDS):
        if len(found) <= least:
            break
        found = _again(graph, found, turn)
    ranked = sorted(found, key=lambda group: (-len(group), min(map(order.__getitem__, group))))
    whole = [tuple(sorted(group, key=order.__getitem__)) for group in ranked]
    return tuple(part for group in whole for part in _cut(group, most or len(group)))


def _cut(group: tuple[str, ...], most: int) -> list[tuple[str, ...]]:
    return [group[k : k + most] for k in range(0, len(group), most)]


def _dsatur(graph: Graph, order: Mapping[str, int]) -> list[set[str]]:
    """Give a group to the target whose neighbours already lie in the most different ones."""
    colours: dict[str, int] = {}
    seen: dict[str, set[int]] = {target: set() for target in graph}
    left = set(graph)
    while left:
        target = max(left, key=lambda one: (len(seen[one]), len(graph[one] & left), -order[one]))
        colour = next(k for k in range(len(graph)) if k not in seen[target])
        colours[target] = colour
        left.discard(target)
        for other in graph[target]:
            seen[other].add(colour)
    found: list[set[str]] = [set() for _ in range(max(Counter(colours.values()), default=-1) + 1)]
    for target, colour in colours.items():
        found[colour].add(target)
    return found


def _again(graph: Graph, found: Sequence[set[str]], turn: int) -> list[set[str]]:
    """Colour greedily, group after group: reversed, by size, or rotated in turns."""
    turned = list(found[turn % len(found) :]) + list(found[: turn % len(found)])
    queues = (list(reversed(found)), sorted(found, key=len), sorted(found, key=len, reverse=True), turned)
    new: list[set[str]] = []
    for group in queues[turn % len(queues)]:
        for target in sorted(group):
            free = next((one for one in new if not one & graph[target]), None)
            if free is None:
                new.append({target})
            else:
                free.add(target)
    return new
