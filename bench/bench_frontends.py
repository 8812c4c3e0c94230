"""OpenQASM text to Program: against the reference parser, and against itself at other lengths."""

import random
import time

import pytest

from qctl.frontends import read_openqasm

openqasm3 = pytest.importorskip("openqasm3")
N_SLICE = 1000  # the reference parser would need half a minute for 10^5


def text(n_gates):
    rng = random.Random(1)
    lines = ['OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[20] q;\nbit[20] c;\n']
    for _ in range(n_gates):
        kind, a = rng.random(), rng.randrange(19)
        gate = (
            f"rz({rng.uniform(-3, 3)!r}) q[{a}]"
            if kind < 0.4
            else f"sx q[{a}]"
            if kind < 0.7
            else f"cx q[{a}], q[{a + 1}]"
        )
        lines.append(f"{gate};\n")
    return "".join(lines) + "c = measure q;\n"


def seconds(function, argument, rounds):
    """Return the best of some rounds."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        function(argument)
        found.append(time.perf_counter() - start)
    return min(found)


def test_reading_1000_gates_against_the_reference_parser(benchmark):
    program = text(N_SLICE)
    theirs = seconds(openqasm3.parse, program, rounds=1)
    benchmark(read_openqasm, program)
    benchmark.extra_info["reference_parser_s"] = theirs
    benchmark.extra_info["times_faster_than_reference_parser"] = theirs / seconds(read_openqasm, program, rounds=5)


@pytest.mark.parametrize("n_gates", [10**3, 10**4, 10**5])
def test_the_cost_of_a_gate_does_not_depend_on_their_number(benchmark, n_gates):
    per_gate = seconds(read_openqasm, text(10**3), rounds=9) / 10**3
    program = text(n_gates)
    benchmark.pedantic(read_openqasm, (program,), rounds=3)
    per_gate_here = seconds(read_openqasm, program, rounds=3) / n_gates
    benchmark.extra_info["microseconds_per_gate"] = per_gate_here * 1e6
    benchmark.extra_info["cost_of_a_gate_relative_to_1000_gates"] = per_gate_here / per_gate
