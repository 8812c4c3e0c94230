"""QAOA and VQE through Qiskit's estimator on a daemon: time of an iteration against the first, and energies found.

    python bench/study_variational.py [--lab ideal20] [--iterations 100] [--shots 512] [--connect PLACE]

Starts ``qctl serve`` with a state folder of its own, or talks to a daemon that runs. Both loops are SPSA (Spall, IEEE
Trans. Aerosp. Electron. Syst. 34, 817 (1998), with its usual exponents): an iteration is one PUB with two rows of
parameters, and one job. Exit code 1 when a circuit was placed more than once, or an energy is farther from the exact
one than a tenth of the range of all energies.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

from qctl.integrations.placing import SHAPES
from qctl.integrations.qiskit import Backend, EstimatorV2

CLOSE = 0.1  # of the range of energies


@dataclass(frozen=True)
class Problem:
    """What is minimised, and with which circuit."""

    name: str
    circuit: QuantumCircuit
    energy: SparsePauliOp
    start: NDArray[np.float64]

    @property
    def range(self) -> tuple[float, float]:
        """Return the lowest and the highest energy, by diagonalisation."""
        values = np.linalg.eigvalsh(self.energy.to_matrix())
        return float(values[0]), float(values[-1])


def maxcut(n: int, layers: int) -> Problem:
    """Return QAOA for the cut of a ring (Farhi, Goldstone, Gutmann, arXiv:1411.4028); the energy is minus the cut."""
    edges = [(k, (k + 1) % n) for k in range(n)]
    cost, mix = ParameterVector("cost", layers), ParameterVector("mix", layers)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for layer in range(layers):
        for edge in edges:
            circuit.rzz(cost[layer], *edge)
        circuit.rx(2 * mix[layer], range(n))
    terms = [("ZZ", edge, 0.5) for edge in edges] + [("", [], -n / 2)]
    ramp = (np.arange(layers) + 0.5) / layers
    start = np.concatenate([0.8 * ramp, -0.8 * (1 - ramp)])
    return Problem(f"QAOA, ring of {n}, {layers} layers", circuit, SparsePauliOp.from_sparse_list(terms, n), start)


def ising(n: int, layers: int, seed: int) -> Problem:
    """Return VQE for the open Ising chain in a transverse field as strong as its couplings."""
    angles = ParameterVector("angle", n * (layers + 1))
    circuit = QuantumCircuit(n)
    for layer in range(layers + 1):
        for k in range(n):
            circuit.ry(angles[n * layer + k], k)
        for k in range(n - 1) if layer < layers else ():
            circuit.cz(k, k + 1)
    terms = [("ZZ", (k, k + 1), -1.0) for k in range(n - 1)] + [("X", (k,), -1.0) for k in range(n)]
    start = np.random.default_rng(seed).normal(np.pi / 4, 0.3, len(angles))
    return Problem(f"VQE, Ising chain of {n}", circuit, SparsePauliOp.from_sparse_list(terms, n), start)


def minimise(
    problem: Problem, estimator: EstimatorV2, iterations: int, precision: float, seed: int
) -> tuple[list[float], float, float]:
    """Return the seconds of each iteration, and the energy in the end with its standard error."""
    rng, at, seconds = np.random.default_rng(seed), problem.start.copy(), []
    for k in range(iterations):
        begun = time.perf_counter()
        step, span = 0.2 / (k + 1 + iterations / 10) ** 0.602, 0.2 / (k + 1) ** 0.101
        way = rng.choice([-1.0, 1.0], len(at))
        rows = np.array([at + span * way, at - span * way])
        high, low = estimator.run([(problem.circuit, problem.energy, rows)], precision=precision).result()[0].data.evs
        at -= step * (high - low) / (2 * span) * way
        seconds.append(time.perf_counter() - begun)
    last = estimator.run([(problem.circuit, problem.energy, at)], precision=precision / 4).result()[0].data
    return seconds, float(last.evs), float(last.stds)


@contextmanager
def served(lab: str, seed: int) -> Iterator[str]:
    """Run a daemon; give its place."""
    with tempfile.TemporaryDirectory(prefix="qctl-variational-") as folder:
        command = [sys.executable, "-m", "qctl.cli", "--state", folder, "serve", "--lab", lab, "--seed", str(seed)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "ready" in json.loads(line):
                    break
            yield str(next(Path(folder).rglob("qctl.sock")))
        finally:
            process.terminate()
            process.communicate(timeout=60)


def main() -> int:
    """Print a line for each loop."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--lab", default="ideal20")
    asked.add_argument("--connect", metavar="PLACE", help="a daemon that runs: its socket, or http://127.0.0.1:PORT")
    asked.add_argument("--iterations", type=int, default=100)
    asked.add_argument("--shots", type=int, default=512, help="of each point")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    if given.connect:
        return loops(given.connect, given.iterations, given.shots, given.seed)
    with served(given.lab, given.seed) as place:
        return loops(place, given.iterations, given.shots, given.seed)


def loops(place: str, iterations: int, shots: int, seed: int) -> int:
    """Run both on a daemon; return an exit code."""
    failed = 0
    for problem in (maxcut(4, 2), ising(4, 1, seed)):
        SHAPES.clear()
        before, begun = SHAPES.misses, time.perf_counter()
        estimator = EstimatorV2(Backend(place))
        opened = time.perf_counter() - begun
        seconds, energy, error = minimise(problem, estimator, iterations, shots**-0.5, seed)
        placed, (lowest, highest) = SHAPES.misses - before, problem.range
        first, rest = seconds[0], np.array(seconds[1:] or seconds)
        settings = len(problem.energy.group_commuting(qubit_wise=True))
        print(
            f"{problem.name}: opened in {opened:.2f} s; first iteration {first * 1e3:.0f} ms, then "
            f"{np.median(rest) * 1e3:.0f} ms (90 % within {np.quantile(rest, 0.9) * 1e3:.0f} ms), "
            f"{2 * settings} points of {shots} shots each; placed {placed} times in {iterations} iterations"
        )
        print(f"  energy {energy:.3f} +- {error:.3f}; exact {lowest:.3f} (all energies end at {highest:.3f})")
        failed += placed != 1 or energy - lowest > CLOSE * (highest - lowest)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
