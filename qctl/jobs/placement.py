"""Where a program can run: up to 64 placements, spread over the chip, the most successful first.

A program is prepared once (`prepare`): where its gates join pairs that no placement could couple, it is routed once,
within the best region of its size, and from then on is the program of that region's shape. Placements are subgraph
monomorphisms of its interactions into the coupling graph (VF2: Cordella et al., IEEE TPAMI 26, 1367; as in rustworkx).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from operator import itemgetter

import numpy as np
import rustworkx as rx
from numpy.typing import NDArray

from qctl.compile.lower import lower
from qctl.compile.resets import drop_passive_resets
from qctl.compile.route import used_qubits
from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.program import Op, Program
from qctl.platforms import platform_of

from .claims import neighbours

MOST = 64  # candidates of a program
TRIED = 20_000  # embeddings that are looked at
CALLS = 2_000_000  # steps of VF2
PATIENCE = 0.25  # s; then what was found so far is ranked
TOLERANCE = 0.5  # candidates succeed at least so often, relative to the best


@dataclass(frozen=True)
class Prepared:
    """A program whose qubits can be placed by subgraph matching.

    Parameters
    ----------
    program : on ``n_qubits`` logical qubits, all of them used; or on physical ones, where it stays
    pairs : qubits that gates join, shape (n_pairs, 2)
    two, one, read : gates on each pair, gates on each qubit, measurements of each qubit; the mean over sweep points
    """

    program: Program
    pairs: NDArray[np.int64]
    two: NDArray[np.float64]
    one: NDArray[np.float64]
    read: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placement:
    """Physical index of each logical qubit, and how often the program succeeds there."""

    qubits: tuple[int, ...]
    expected_success: float


def prepare(program: Program, known: Mapping[str, float], laboratory: Laboratory) -> Prepared:
    """Return the program over its used qubits, routed if it embeds nowhere.

    Raises
    ------
    CompileError
        When the laboratory has too few qubits in one piece.
    """
    compact = _compact(drop_passive_resets(program))
    graph = coupling_graph(known, laboratory)
    if next(_embeddings(graph, counted(compact)), None) is None:
        compact = _routed(compact, known, laboratory, graph)
    if Op.CZ in platform_of(laboratory).natives:
        compact = lower(compact, merge=True)
    return counted(compact)


def placements(
    prepared: Prepared, known: Mapping[str, float], laboratory: Laboratory, most: int = MOST
) -> tuple[Placement, ...]:
    """Return at most ``most`` placements, the best first, spread so that each part of the chip has its share.

    Expected success is the product of 1 - error over all gates and measurements.
    """
    found, deadline = [], time.monotonic() + PATIENCE
    for embedding in islice(_embeddings(coupling_graph(known, laboratory), prepared), TRIED):
        found.append(embedding)
        if time.monotonic() > deadline:
            break
    if not found:
        return ()
    table = np.array(found, np.int64)
    expected = _successes(table, prepared, known, laboratory)
    order = np.argsort(-expected, kind="stable")
    return tuple(
        Placement(tuple(table[k].tolist()), float(expected[k]))
        for k in _spread(table[order], expected[order], order, len(laboratory.qubits), most)
    )


def success(used: tuple[int, ...], prepared: Prepared, known: Mapping[str, float], laboratory: Laboratory) -> float:
    """Return the expected success of a program on physical qubits, ``used`` being those that it touches."""
    stays = np.arange(prepared.program.n_qubits) if prepared.program.physical else np.array(used, np.int64)
    return float(_successes(stays[None], prepared, known, laboratory)[0])


def placed(prepared: Prepared, placement: Placement, laboratory: Laboratory) -> Program:
    """Return the program on physical qubits; gates and their order stay as they are."""
    if prepared.program.physical:
        return prepared.program
    where = np.array([*placement.qubits, -1], np.int32)
    events = prepared.program.events.copy()
    events["q"] = where[events["q"]]
    return replace(prepared.program, events=events, n_qubits=len(laboratory.qubits), qubits=(), physical=True)


def coupling_graph(known: Mapping[str, float], laboratory: Laboratory) -> rx.PyGraph:
    """Return the couplings that a CZ is calibrated or guessed for; nodes are physical indices."""
    graph: rx.PyGraph = rx.PyGraph(multigraph=False)
    graph.add_nodes_from(list(range(len(laboratory.qubits))))
    index = {name: k for k, name in enumerate(laboratory.qubit_names)}
    for name, coupling in laboratory.couplings.items():
        if known.get(f"{name}.cz.error", 0.0) < 1.0:
            a, b = (index[qubit] for qubit in coupling.pair)
            graph.add_edge(a, b, name)
    return graph


def _embeddings(graph: rx.PyGraph, prepared: Prepared) -> Iterator[tuple[int, ...]]:
    n = prepared.program.n_qubits
    if not len(prepared.pairs):
        return _apart(graph, n)
    pattern: rx.PyGraph = rx.PyGraph(multigraph=False)
    pattern.add_nodes_from(list(range(n)))
    pattern.add_edges_from_no_data([(int(a), int(b)) for a, b in prepared.pairs])
    if not _degrees_fit(graph, pattern):
        return iter(())
    together = _in_one_piece(pattern)
    found = _matched(graph, together) if together is not pattern else iter(())
    first = next(found, None)
    return _matched(graph, pattern) if first is None else chain([first], found)


def _matched(graph: rx.PyGraph, pattern: rx.PyGraph) -> Iterator[tuple[int, ...]]:
    mappings = rx.vf2_mapping(graph, pattern, subgraph=True, induced=False, id_order=False, call_limit=CALLS)
    return (tuple(there for there, _ in sorted(found.items(), key=itemgetter(1))) for found in mappings)


def _degrees_fit(graph: rx.PyGraph, pattern: rx.PyGraph) -> bool:
    highest = max(graph.degree(k) for k in graph.node_indices())
    return all(pattern.degree(k) <= highest for k in pattern.node_indices())


def _in_one_piece(pattern: rx.PyGraph) -> rx.PyGraph:
    """Return a pattern whose pieces hang together, so that a program stays in one neighbourhood."""
    pieces = [sorted(piece, key=pattern.degree) for piece in rx.connected_components(pattern)]
    if len(pieces) == 1:
        return pattern
    joined = pattern.copy()
    for one, other in pairwise(sorted(pieces, key=len, reverse=True)):
        joined.add_edge(min(one, key=joined.degree), other[0], None)
    return joined


def _apart(graph: rx.PyGraph, n: int) -> Iterator[tuple[int, ...]]:
    """Yield neighbourhoods for programs without any gate between qubits."""
    for start in graph.node_indices():
        region = _region(graph, start, n)
        if region is not None:
            yield region


def _region(graph: rx.PyGraph, start: int, n: int) -> tuple[int, ...] | None:
    """Return ``n`` connected nodes, the nearest to ``start``."""
    distance = {start: 0} | {
        k: round(d) for k, d in rx.dijkstra_shortest_path_lengths(graph, start, lambda _: 1.0).items()
    }
    nearest = sorted(distance, key=lambda k: (distance[k], k))[:n]
    return tuple(nearest) if len(nearest) == n else None


def _compact(program: Program) -> Program:
    """Return the program over its used qubits alone."""
    used = used_qubits(program)
    number = np.full(program.n_qubits + 1, -1, np.int32)
    number[used] = np.arange(len(used))
    events = program.events[(number[program.events["q"][:, 0]] >= 0)].copy()
    keep = number[program.events["q"][:, 0]] >= 0
    events["q"] = number[events["q"]]
    starts = np.concatenate([[0], np.cumsum(keep)])[program.starts].astype(np.int64)
    return replace(program, events=events, starts=starts, n_qubits=len(used), qubits=(), physical=False)


def counted(program: Program) -> Prepared:
    """Return a program with what it does how often."""
    op, q = program.events["op"], program.events["q"].astype(np.int64)
    joins, reads = q[:, 1] >= 0, op == Op.MEASURE
    alone = ~joins & ~reads & (op != Op.BARRIER) & (op != Op.DELAY) & (op != Op.RZ) & (op != Op.ID)
    pairs, where = np.unique(np.sort(q[joins], axis=1), axis=0, return_inverse=True)
    n, per_point = program.n_qubits, 1 / program.n_points
    return Prepared(
        program,
        pairs.reshape(-1, 2),
        np.bincount(where.ravel(), minlength=len(pairs)).astype(np.float64) * per_point,
        np.bincount(q[alone, 0], minlength=n).astype(np.float64) * per_point,
        np.bincount(q[reads, 0], minlength=n).astype(np.float64) * per_point,
    )


def _successes(
    table: NDArray[np.int64], prepared: Prepared, known: Mapping[str, float], laboratory: Laboratory
) -> NDArray[np.float64]:
    names = laboratory.qubit_names
    gate = np.array([_log(known.get(f"{name}.error", 0.0)) for name in names])
    wrong = [(known.get(f"{n}.readout.p01", 0.0) + known.get(f"{n}.readout.p10", 0.0)) / 2 for n in names]
    read = np.array([_log(error) for error in wrong])
    pair = np.zeros((len(names), len(names)))
    index = {name: k for k, name in enumerate(names)}
    for name, coupling in laboratory.couplings.items():
        a, b = (index[qubit] for qubit in coupling.pair)
        pair[a, b] = pair[b, a] = _log(known.get(f"{name}.cz.error", 0.0))
    total = gate[table] @ prepared.one + read[table] @ prepared.read
    if len(prepared.pairs):
        first, second = table[:, prepared.pairs[:, 0]], table[:, prepared.pairs[:, 1]]
        total = total + pair[first, second] @ prepared.two
    return np.asarray(np.exp(total))


def _log(error: float) -> float:
    return math.log1p(-min(max(error, 0.0), 0.999))


def _spread(
    table: NDArray[np.int64], expected: NDArray[np.float64], order: NDArray[np.intp], n_qubits: int, most: int
) -> Iterator[int]:
    """Yield numbers of placements: the best of every set of qubits, each qubit in a fair number of them."""
    fair = max(1, math.ceil(most * table.shape[1] / n_qubits))
    seen: set[frozenset[int]] = set()
    used, chosen, spare = np.zeros(n_qubits, np.int64), list[int](), list[int]()
    for k, row in enumerate(table):
        if expected[k] < TOLERANCE * expected[0] or len(chosen) == most:
            break
        qubits = frozenset(row.tolist())
        if qubits in seen:
            continue
        seen.add(qubits)
        if used[row].max() < fair:
            used[row] += 1
            chosen.append(k)
        else:
            spare.append(k)
    best = sorted([*chosen, *spare[: most - len(chosen)]])
    return (int(order[k]) for k in best)


def _routed(program: Program, known: Mapping[str, float], laboratory: Laboratory, graph: rx.PyGraph) -> Program:
    """Return the program routed within the best connected region of its size, over that region's qubits."""
    from qctl.compile.transpile import transpile  # Qiskit takes a second to import: only those that need it pay

    near = neighbours(laboratory)
    regions = [r for start in graph.node_indices() if (r := _region(graph, start, program.n_qubits)) is not None]
    if not regions:
        raise CompileError(
            f"a program on {program.n_qubits} qubits",
            allowed="as many as one connected piece of the chip has",
            where=laboratory.name,
        )
    inner = [sum(len(near[k] & set(region)) for k in region) for region in regions]
    best = regions[int(np.argmax(inner))]
    part = sub_laboratory(laboratory, best)
    placed_program, _ = transpile(program, np.arange(program.n_qubits), known, part, optimise=True)
    return _compact(replace(placed_program, physical=False))


def sub_laboratory(laboratory: Laboratory, region: tuple[int, ...]) -> Laboratory:
    """Return a laboratory of some qubits and the couplings among them; index k is the k-th qubit of ``region``."""
    names = [laboratory.qubit_names[k] for k in region]
    couplings = {n: c for n, c in laboratory.couplings.items() if set(c.pair) <= set(names)}
    return replace(laboratory, qubits={n: laboratory.qubits[n] for n in names}, couplings=couplings)
