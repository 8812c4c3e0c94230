"""Give every logical qubit a physical one, and join only qubits that are coupled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.program import Op, Program
from qctl.platforms import platform_of

_ONE_CZ = np.zeros(max(Op) + 1, bool)
_ONE_CZ[[Op.CZ, Op.CX, Op.CY, Op.CH]] = True  # nothing shorter than one CZ can make these


def route(
    program: Program, known: Mapping[str, float], laboratory: Laboratory, *, optimise: bool = True
) -> tuple[Program, tuple[int, ...]]:
    """Return the program on physical qubits, and the physical index of each logical qubit.

    A program that fits as it stands keeps its qubits: index i is qubit i of the laboratory. It fits when all its
    2-qubit gates are on coupled pairs, and of one CZ where the machine has no RXX; a program on physical qubits, when
    they are on coupled pairs. Any other is placed and routed by Qiskit's transpiler, by the errors and durations among
    the parameters; physical qubits start where the program says, and are only routed. Its sweep points share one
    placement, chosen for the point with the most 2-qubit gates; each is routed from there, equal points once.

    Parameters
    ----------
    optimise : let the transpiler look for shorter programs; without, it only places and routes

    Raises
    ------
    CompileError
        When the program needs more qubits than there are.
    """
    check_size(program, laboratory)
    if fits(program, laboratory):
        available = len(laboratory.qubits)
        here = _without_absent(program, available)
        return replace(here, physical=True), tuple(range(min(program.n_qubits, available)))
    from .transpile import transpile  # Qiskit takes a second to import: only programs that need it pay

    return transpile(program, used_qubits(program), known, laboratory, optimise=optimise)


def check_size(program: Program, laboratory: Laboratory) -> None:
    """Raise CompileError when a program needs more qubits than there are."""
    used = used_qubits(program)
    available = len(laboratory.qubits)
    if len(used) > available or (program.physical and len(used) and used[-1] >= available):
        raise CompileError(
            f"a program on {len(used)} qubits" + (f", up to number {used[-1]}" if program.physical else ""),
            allowed=f"{available} qubits",
            where=laboratory.name,
            remedy="use fewer qubits or a larger laboratory",
        )


def fits(program: Program, laboratory: Laboratory) -> bool:
    """Say whether a program can stay on its qubits, as `route` means it."""
    used = used_qubits(program)
    if len(used) and used[-1] >= len(laboratory.qubits):
        return False
    direct = program.physical or Op.RXX in platform_of(laboratory).natives or _all_one_cz(program)
    return not len(_uncoupled(program, laboratory)) and direct


def _without_absent(program: Program, available: int) -> Program:
    """Return the program without barriers on qubits that the laboratory does not have: nothing happens on them."""
    keep = program.events["q"][:, 0] < available
    if program.n_qubits <= available or np.all(keep):
        return program
    return replace(program, events=program.events[keep], starts=np.concatenate([[0], np.cumsum(keep)])[program.starts])


def used_qubits(program: Program) -> NDArray[np.int64]:
    """Return the qubits that gates, measurements and waits touch, rising."""
    op = np.ascontiguousarray(program.events["op"])
    touching, pairs = (op != Op.BARRIER) & (op != Op.ID), _two_qubit(program)
    first, second = program.events["q"][:, 0], program.events["q"][pairs, 1]
    one = first if np.all(touching) else first[touching]
    return np.flatnonzero(
        np.bincount(one, minlength=program.n_qubits) + np.bincount(second, minlength=program.n_qubits)
    )


def coupled(laboratory: Laboratory) -> NDArray[np.bool_]:
    """Return which physical qubits are coupled, shape (n_qubits, n_qubits), symmetric."""
    index = {name: k for k, name in enumerate(laboratory.qubit_names)}
    table = np.zeros((len(index), len(index)), bool)
    for coupling in laboratory.couplings.values():
        a, b = (index[name] for name in coupling.pair)
        table[a, b] = table[b, a] = True
    return table


def _two_qubit(program: Program) -> NDArray[np.intp]:
    op = np.ascontiguousarray(program.events["op"])
    return np.flatnonzero((op >= Op.CX) & (op < Op.MEASURE))


def _all_one_cz(program: Program) -> bool:
    return bool(np.all(_ONE_CZ[program.events["op"][_two_qubit(program)]]))


def _uncoupled(program: Program, laboratory: Laboratory) -> NDArray[np.intp]:
    """Return the rows of 2-qubit gates whose qubits, taken as physical ones, are not coupled."""
    rows = _two_qubit(program)
    n = program.n_qubits
    table = np.zeros((n, n), bool)
    known = coupled(laboratory)[:n, :n]
    table[: len(known), : len(known)] = known
    q = program.events["q"]
    return np.asarray(rows[~table[q[rows, 0], q[rows, 1]]])
