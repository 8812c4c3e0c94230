"""Place and route with Qiskit's transpiler, onto a target made of the current parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.transpiler import PassManager, Target, generate_preset_pass_manager

from qctl.core.laboratory import Laboratory
from qctl.core.program import Program

from .circuits import circuit_of, events_of
from .target import target_of

SEED = 1729  # the same program gives the same result, always
APART = 1e-9  # of errors: where placements tie, the transpiler's choice differs from run to run
LARGE = 40  # qubits; beyond it the search for a perfect placement (VF2) can take most of a minute


def transpile(
    program: Program,
    used: NDArray[np.int64],
    known: Mapping[str, float],
    laboratory: Laboratory,
    *,
    optimise: bool,
) -> tuple[Program, tuple[int, ...]]:
    """Return the program on physical qubits, and the physical index of each logical qubit before the first gate.

    Logical qubits that nothing touches get physical ones that are left over, or -1 when none is.

    Parameters
    ----------
    used : logical qubits that gates, measurements and waits touch
    """
    target = target_of(known, laboratory, apart=APART)
    points = [program.events[a:b] for a, b in zip(program.starts[:-1], program.starts[1:], strict=True)]
    entangling = [int(np.count_nonzero(np.all(rows["q"] >= 0, axis=1))) for rows in points]
    first = int(np.argmax(entangling))

    def routed(rows: NDArray[np.void], layout: list[int] | None) -> QuantumCircuit:
        passes = passes_of(target, optimise=optimise, layout=layout)
        return passes.run(circuit_of(rows, used, program.n_bits))

    leader = routed(points[first], used.tolist() if program.physical else None)
    layout = leader.layout.initial_index_layout(filter_ancillas=True) if leader.layout else list(range(len(used)))
    done = {points[first].tobytes(): events_of(leader)}
    for rows in points:
        if rows.tobytes() not in done:
            done[rows.tobytes()] = events_of(routed(rows, layout))
    events = [done[rows.tobytes()] for rows in points]
    starts = np.cumsum([0, *map(len, events)]).astype(np.int64)
    placed = replace(
        program, events=np.concatenate(events), starts=starts, n_qubits=len(laboratory.qubits), physical=True
    )
    return placed, _placement(program.n_qubits, used, layout, len(laboratory.qubits))


def passes_of(target: Target, *, optimise: bool, layout: list[int] | None = None) -> PassManager:
    """Return what places, routes and translates a circuit; a layout says where its qubits start."""
    return generate_preset_pass_manager(
        optimization_level=2 if optimise else 1,
        target=target,
        seed_transpiler=SEED,
        layout_method="sabre" if layout is None and target.num_qubits > LARGE else None,
        initial_layout=layout,
    )


def _placement(n_logical: int, used: NDArray[np.int64], layout: list[int], n_physical: int) -> tuple[int, ...]:
    placed = dict(zip(used.tolist(), layout, strict=True))
    free = iter(sorted(set(range(n_physical)) - set(layout)))
    return tuple(placed[k] if k in placed else next(free, -1) for k in range(n_logical))
