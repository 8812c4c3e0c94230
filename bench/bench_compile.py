"""From gate arrays to a checked sequence (FIGURES W1), against Qiskit's transpiler and a plain Python scheduler."""

import importlib.util
import random
import time
from pathlib import Path

import numpy as np
import pytest

from qctl.compile import compile_program, default_parameters
from qctl.compile.cache import SequenceCache
from qctl.config import read_laboratory
from qctl.core.program import EVENT, Op, Program
from qctl.core.protocols import AwgLimits, DigitizerLimits

PI = np.pi
ANGLES = {
    "X90": (PI / 2, 0.0),
    "mX90": (-PI / 2, 0.0),
    "Y90": (PI / 2, PI / 2),
    "mY90": (-PI / 2, PI / 2),
    "X180": (PI, 0.0),
    "Y180": (PI, PI / 2),
}
AWG = AwgLimits(
    n_channels=8,
    markers_per_channel=1,
    bits=15,
    min_rate=298.0,
    max_rate=2.5e9,
    min_samples=2400,
    granularity=1,
    memory=2_000_000_000,
    max_steps=16383,
    max_full_scale=0.75,
    min_full_scale=0.0125,
)
DIGITIZER = DigitizerLimits(
    n_channels=4,
    bits=10,
    rates=(1e9, 2e9),
    max_segments=65536,
    memory=100_000_000,
    rearm=4.5e-6,
    min_samples=16,
    max_full_scale=4.0,
    min_full_scale=0.004,
)


@pytest.fixture(scope="module")
def laboratory():
    return read_laboratory(Path(__file__).parents[1] / "configs" / "ideal20.yaml")


@pytest.fixture(scope="module")
def limits(laboratory):
    return {name: AWG if name.startswith("awg") else DIGITIZER for name in laboratory.instruments if name[:3] != "rea"}


@pytest.fixture(scope="module")
def lists(request):
    """Return the gate lists of the shared workloads, or lists of the same kind and size."""
    folder = request.config.getoption("--shared")
    if folder is None:
        rng = random.Random(7)
        names = list(ANGLES)
        pairs = [[(rng.choice(names), rng.randrange(2)) for _ in range(800)] for _ in range(100)]
        for gates in pairs:
            gates[5::6] = [("CZ", 0, 1)] * len(gates[5::6])
        return pairs, [[(rng.choice(names), k % 20) for k in range(3750)] for _ in range(20)]
    path = folder / "workloads" / "gate_workloads.py"
    spec = importlib.util.spec_from_file_location("gate_workloads", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.rb2(), module.rb1_sim()


def program_of(sequences, n_qubits):
    """Return gate lists, each followed by a measurement of all qubits, as one physical program."""
    every = [gate for gates in sequences for gate in _measured(gates, n_qubits)]
    rows = [(gate[0], gate[1], gate[2] if len(gate) > 2 else -1) for gate in every]
    names, first, second = (np.array(column) for column in zip(*rows, strict=True))
    events = np.zeros(len(rows), EVENT)
    events["op"], events["bit"] = Op.R, -1
    events["op"][names == "CZ"] = Op.CZ
    measured = names == "M"
    events["op"][measured] = Op.MEASURE
    events["bit"][measured] = first[measured]
    events["q"][:, 0], events["q"][:, 1] = first, second
    for name, angles in ANGLES.items():
        events["angle"][names == name, :2] = angles
    starts = np.cumsum([0, *(len(gates) + n_qubits for gates in sequences)])
    return Program(events, n_qubits, n_qubits, starts.astype(np.int64), physical=True)


def _measured(gates, n_qubits):
    return [*gates, *(("M", qubit) for qubit in range(n_qubits))]


def lifetimes(n_points=101, n_qubits=20):
    rows = []
    for point in range(n_points):
        for qubit in range(n_qubits):
            rows.append((Op.R, (qubit, -1), -1, (PI, 0.0, 0.0)))
            rows.append((Op.DELAY, (qubit, -1), -1, (round(point * 0.5e-6, 9), 0.0, 0.0)))
            rows.append((Op.MEASURE, (qubit, -1), qubit, (0.0, 0.0, 0.0)))
    starts = np.arange(n_points + 1) * n_qubits * 3
    return Program(np.array(rows, EVENT), n_qubits, n_qubits, starts, physical=True)


def fresh(program):
    """Return a copy whose digest nobody has computed yet."""
    return Program(program.events, program.n_qubits, program.n_bits, program.starts, physical=True)


def compile_uncached(program, laboratory, limits):
    """Compile for the first time: neither the program's digest nor the sequence is known."""
    cache = SequenceCache(max_bytes=0)
    return compile_program(fresh(program), known(laboratory), laboratory, limits, cache=cache)


def known(laboratory, snapshots={}):  # noqa: B006
    """Return the parameters of a laboratory, made once: they are an input of compile."""
    if laboratory.digest not in snapshots:
        snapshots[laboratory.digest] = default_parameters(laboratory)
    return snapshots[laboratory.digest]


def best_of(run, n=3, clock=time.perf_counter):
    times = []
    for _ in range(n):
        begin = clock()
        run()
        times.append(clock() - begin)
    return min(times)


def plain_schedule(program, laboratory):
    """Place every gate as soon as possible and collect its play, one Python object at a time: the baseline."""
    names = laboratory.qubit_names
    durations = {Op.R: 24, Op.CZ: 48, Op.MEASURE: 1400}
    tables = {}
    for first, last in zip(program.starts[:-1], program.starts[1:], strict=True):
        free, frames = [0] * len(names), [0.0] * len(names)
        for row in program.events[first:last].tolist():
            op, q, _, angle = row
            qubits = [k for k in q if k >= 0]
            start = max(free[k] for k in qubits)
            length = durations.get(op, round(angle[0] * 1e9))
            for k in qubits:
                free[k] = start + length
            play = {"start": start, "phase": angle[1] + frames[qubits[0]], "op": op}
            tables.setdefault(names[qubits[0]], []).append(play)
    return tables


def transpiled(program):
    """Let Qiskit turn the same gates into rz, sx, x and cz; returns seconds."""
    from qiskit import QuantumCircuit, transpile

    circuits = []
    for first, last in zip(program.starts[:-1], program.starts[1:], strict=True):
        circuit = QuantumCircuit(program.n_qubits, program.n_bits)
        for op, q, bit, angle in program.events[first:last].tolist():
            if op == Op.R:
                circuit.r(angle[0], angle[1], q[0])
            elif op == Op.CZ:
                circuit.cz(*q)
            elif op == Op.DELAY:
                circuit.delay(angle[0], q[0], "s")
            else:
                circuit.measure(q[0], bit)
        circuits.append(circuit)
    return best_of(lambda: transpile(circuits, basis_gates=["rz", "sx", "x", "cz"], optimization_level=1), n=1)


def measure(benchmark, program, laboratory, limits, goal_ms):
    sequence = benchmark(compile_uncached, program, laboratory, limits)
    ours = benchmark.stats.stats.min
    benchmark.extra_info |= {
        "gates": len(program.events),
        "goal_ms": goal_ms,
        "ms": round(ours * 1e3, 2),
        "times_faster_than_plain_python": round(best_of(lambda: plain_schedule(program, laboratory), 2) / ours, 1),
        "times_faster_than_qiskit_transpile_level_1": round(transpiled(program) / ours, 1),
    }
    return sequence


def test_two_qubit_benchmarking(benchmark, laboratory, limits, lists):
    sequence = measure(benchmark, program_of(lists[0], 2), laboratory, limits, 30)
    assert sequence.n_points == 100


def test_simultaneous_benchmarking_of_twenty_qubits(benchmark, laboratory, limits, lists):
    sequence = measure(benchmark, program_of(lists[1], 20), laboratory, limits, 20)
    assert sequence.n_points == 20


def test_lifetimes_of_twenty_qubits(benchmark, laboratory, limits):
    sequence = measure(benchmark, lifetimes(), laboratory, limits, 4)
    assert sequence.n_points == 101


def test_cost_per_gate_stays_constant(benchmark, laboratory, limits):
    """From 10^2 to 10^6 gates in points of 100, by CPU time; what a compile costs before its first gate stands apart.

    That fixed part is the compile of one point with the same five gates, once each: the same pulses, the same lines.
    ``ns_per_gate_with_fixed`` hides nothing.
    """
    gates = [("X90", 0), ("Y90", 1), ("CZ", 0, 1), ("mX90", 0), ("Y180", 1)]

    programs = {0: program_of([gates], 2)}
    programs |= {10**k: program_of([gates * 20] * 10 ** (k - 2), 2) for k in range(2, 7)}
    seconds = dict.fromkeys(programs, np.inf)
    for k in range(200):  # in turns, so that all see the same machine; a long one need not be repeated as often
        for n_gates, program in programs.items():
            if k < 2e6 / max(n_gates, 1):
                spent = best_of(lambda p=program: compile_uncached(p, laboratory, limits), 2, time.process_time)
                seconds[n_gates] = min(seconds[n_gates], spent)
    fixed = seconds.pop(0)
    benchmark.extra_info["fixed_ms"] = round(fixed * 1e3, 2)
    benchmark.extra_info["ns_per_gate"] = {n: round((s - fixed) / (n - len(gates)) * 1e9) for n, s in seconds.items()}
    benchmark.extra_info["ns_per_gate_with_fixed"] = {n: round(s / n * 1e9) for n, s in seconds.items()}
    benchmark(compile_uncached, program_of([gates * 20] * 10, 2), laboratory, limits)


def test_the_second_compile_is_a_look_up(benchmark, laboratory, limits, lists):
    program, parameters, cache = program_of(lists[0], 2), default_parameters(laboratory), SequenceCache()
    first = best_of(lambda: compile_uncached(program, laboratory, limits))
    compile_program(program, parameters, laboratory, limits, cache=cache)
    benchmark(compile_program, program, parameters, laboratory, limits, cache=cache)
    assert cache.misses == 1
    benchmark.extra_info["times_faster_than_first"] = round(first / benchmark.stats.stats.min)
