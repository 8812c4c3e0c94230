"""OpenQASM text to Program: against the reference parser, and against itself at other lengths."""

import random
import time

import pytest
from hostile import TEXTS

from qctl.core.errors import ProgramError
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
    """Return the best of some rounds, in CPU time: others may use the machine too."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        function(argument)
        found.append(time.process_time() - start)
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


BLOCKS = (
    "for int i in [0:3] { h q[i]; }\ndef f(qubit a) { x a; }\nf(q[3]);\nc[0] = measure q[0];\n"
    "if (c[0]) { x q[1]; }\nwhile (c[0]) { x q[0]; c[0] = measure q[0]; }\n"
)
MOST_FOR_BLOCKS = 2.5  # times what the same gates take without blocks among them


@pytest.mark.parametrize("n_gates", [10**4, 10**5])
def test_gates_beside_a_few_blocks_against_the_same_gates_alone(benchmark, n_gates):
    """Rows of gates between loops, branches and subroutines cost little more than in a program without any."""
    alone = text(n_gates)
    lines = alone.splitlines(keepends=True)
    half = len(lines) // 2
    beside = "".join([*lines[:4], BLOCKS, *lines[4:half], BLOCKS.replace("f(", "g("), *lines[half:]])
    read_openqasm(with_flow(8))  # what is imported on the way counts for neither
    benchmark.pedantic(read_openqasm, (beside,), rounds=3)
    ratio = seconds(read_openqasm, beside, rounds=3) / seconds(read_openqasm, alone, rounds=3)
    benchmark.extra_info["times_as_long_as_without_blocks"] = ratio
    assert ratio < MOST_FOR_BLOCKS


def with_flow(n_statements):
    body = "x q[0]; n = n + 1; if (c[0]) { cx q[0], q[1]; }\n" * (n_statements // 4)
    return f"OPENQASM 3;\nqubit[2] q;\nbit[2] c;\nint n = 0;\nc[0] = measure q[0];\n{body}"


def test_statements_of_a_program_with_feedback_against_the_reference_parser(benchmark):
    """Reading them whole, flow and arithmetic included, against what the reference parser takes for their tree."""
    theirs = seconds(openqasm3.parse, with_flow(N_SLICE), rounds=1) / N_SLICE
    program = with_flow(8 * N_SLICE)
    read_openqasm(with_flow(8))  # what is imported on the way counts for neither
    benchmark.pedantic(read_openqasm, (program,), rounds=3)
    ours = seconds(read_openqasm, program, rounds=3) / (8 * N_SLICE)
    benchmark.extra_info["statements_a_second"] = 1 / ours
    benchmark.extra_info["times_faster_than_reference_parser"] = theirs / ours


def test_a_refusal_of_a_hostile_text(benchmark):
    """The slowest of all texts that exhaust parsers; CPU time, so that a busy machine says the same."""

    def spent(text):
        start = time.process_time()
        with pytest.raises(ProgramError):
            read_openqasm(text)
        return time.process_time() - start

    read_openqasm(with_flow(8))
    worst = {name: min(spent(text) for _ in range(3)) for name, (text, _) in TEXTS.items()}
    name = max(worst, key=worst.get)
    benchmark.pedantic(spent, (TEXTS[name][0],), rounds=3)
    benchmark.extra_info["texts"] = len(worst)
    benchmark.extra_info["slowest"] = name
    benchmark.extra_info["slowest_ms"] = worst[name] * 1e3
