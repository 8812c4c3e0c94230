"""Programs of the job lists: GHZ, Bernstein-Vazirani, Fourier transforms, adders, Ising chains, random circuits."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np

from qctl.core.program import EVENT, Op, Program, event

Row = tuple[object, ...]


def job_lists(path: Path) -> ModuleType:
    """Load the file that draws the two lists: ``small(load)`` and ``mixed(load)`` return a dict for each job."""
    spec = importlib.util.spec_from_file_location("job_lists", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program_of(job: dict) -> Program:
    """Return the program of one job, all qubits read at the end."""
    n, draw = job["n_qubits"], random.Random(job["seed"])
    rows = KINDS[job["kind"]](job, draw)
    rows += [event(Op.BARRIER, (q,), (), 1) for q in range(n)]
    rows += [event(Op.MEASURE, (q,), (), q) for q in range(n)]
    return Program(np.array(rows, EVENT), n, n, shots=job["shots"])


def ghz(job: dict, draw: random.Random) -> list[Row]:
    """Return the preparation of a GHZ state along a chain."""
    n = job["n_qubits"]
    return [event(Op.H, (0,)), *(event(Op.CX, (q, q + 1)) for q in range(n - 1))]


def bernstein_vazirani(job: dict, draw: random.Random) -> list[Row]:
    """Return the search for a random secret; the last qubit is the ancilla."""
    n = job["n_qubits"]
    ones = [q for q in range(n - 1) if draw.random() < 0.5] or [0]
    turn = [event(Op.H, (q,)) for q in range(n)]
    return [event(Op.X, (n - 1,)), *turn, *(event(Op.CX, (q, n - 1)) for q in ones), *turn]


def fourier(job: dict, draw: random.Random) -> list[Row]:
    """Return the Fourier transform of a random basis state, without the swaps at its end."""
    n = job["n_qubits"]
    rows = [event(Op.X, (q,)) for q in range(n) if draw.random() < 0.5]
    for q in range(n):
        rows += [event(Op.H, (q,)), *(event(Op.CP, (k, q), (np.pi / 2 ** (k - q),)) for k in range(q + 1, n))]
    return rows


def toffoli(a: int, b: int, c: int) -> list[Row]:
    """Return the usual six-CX Toffoli."""
    one, cx = (lambda op, q: event(op, (q,))), (lambda p, q: event(Op.CX, (p, q)))
    return [
        *(one(Op.H, c), cx(b, c), one(Op.TDG, c), cx(a, c), one(Op.T, c), cx(b, c), one(Op.TDG, c), cx(a, c)),
        *(one(Op.T, b), one(Op.T, c), one(Op.H, c), cx(a, b), one(Op.T, a), one(Op.TDG, b), cx(a, b)),
    ]


def adder(job: dict, draw: random.Random) -> list[Row]:
    """Return a ripple-carry adder (Cuccaro et al., quant-ph/0410184) of two random numbers; an odd qubit is idle."""
    n = job["n_qubits"]
    width = (n - 2) // 2
    a, b = [1 + 2 * k for k in range(width)], [2 + 2 * k for k in range(width)]
    rows = [event(Op.X, (q,)) for q in (*a, *b) if draw.random() < 0.5]
    carries = [0, *a]
    for k in range(width):
        rows += [event(Op.CX, (a[k], b[k])), event(Op.CX, (a[k], carries[k])), *toffoli(carries[k], b[k], a[k])]
    rows.append(event(Op.CX, (a[-1], 2 * width + 1)))
    for k in reversed(range(width)):
        rows += [*toffoli(carries[k], b[k], a[k]), event(Op.CX, (a[k], carries[k])), event(Op.CX, (carries[k], b[k]))]
    return rows


def ising(job: dict, draw: random.Random) -> list[Row]:
    """Return Trotter steps of a chain in a transverse field."""
    n, strength = job["n_qubits"], draw.uniform(0.1, 0.8)
    rows = [event(Op.H, (q,)) for q in range(n)]
    for _ in range(job["layers"]):
        rows += [event(Op.RZZ, (q, q + 1), (strength,)) for first in (0, 1) for q in range(first, n - 1, 2)]
        rows += [event(Op.RX, (q,), (0.4,)) for q in range(n)]
    return rows


def random_circuit(job: dict, draw: random.Random) -> list[Row]:
    """Return layers of random one-qubit gates and CX between random pairs."""
    n = job["n_qubits"]
    rows = []
    for _ in range(job["layers"]):
        rows += [event(Op.U, (q,), [draw.uniform(0, 2 * np.pi) for _ in range(3)]) for q in range(n)]
        qubits = draw.sample(range(n), n)
        for k in range(max(1, round(job["two_qubit_density"] * n / 2))):
            rows.append(event(Op.CX, qubits[2 * k : 2 * k + 2]))
    return rows


KINDS: dict[str, Callable[[dict, random.Random], list[Row]]] = {
    "ghz": ghz,
    "bv": bernstein_vazirani,
    "qft": fourier,
    "adder": adder,
    "ising": ising,
    "random": random_circuit,
}
