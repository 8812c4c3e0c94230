"""Random programs with feedback: read in parts, they mean what a plain interpreter makes of their statements."""

from collections import defaultdict
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qctl.core.answers import decisions
from qctl.core.gates import matrix
from qctl.core.program import Op
from qctl.core.walk import Walk
from qctl.core.ways import ways
from qctl.frontends import read_openqasm
from qctl.frontends.export import to_openqasm

N_QUBITS, N_BITS, NUMBERS = 3, 3, ("n", "m")
GATES = {"x": Op.X, "h": Op.H, "s": Op.S, "cx": Op.CX}


class LeftError(Exception):
    """Control leaves a loop (``break``) or a round of it (``continue``)."""


def number(rng, nested=True):
    """Return an expression as text and as a function of bits and variables; small, so that nothing overflows."""
    kind = rng.randrange(5 if nested else 4)
    if kind == 0:
        value = rng.randrange(4)
        return str(value), lambda _: value
    if kind == 1:
        name = rng.choice(NUMBERS)
        return name, lambda s: s[name]
    if kind == 2:
        place = rng.randrange(N_BITS)
        return f"int(c[{place}])", lambda s: s["c"][place]
    if kind == 3:
        return "uint[3](c)", lambda s: sum(bit << k for k, bit in enumerate(s["c"]))
    (left, a), (right, b), sign = number(rng, False), number(rng, False), rng.choice(sorted(OPERATORS))
    return f"(int({left}) {sign} int({right}))", lambda s: OPERATORS[sign](a(s), b(s))


OPERATORS = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "^": lambda a, b: a ^ b,
    "&": lambda a, b: a & b, "|": lambda a, b: a | b,
}  # fmt: skip


RELATIONS = {"==": lambda a, b: a == b, "<": lambda a, b: a < b, "!=": lambda a, b: a != b}


def condition(rng):
    (left, a), (right, b), sign = number(rng), number(rng), rng.choice(sorted(RELATIONS))
    return f"int({left}) {sign} int({right})", lambda s: RELATIONS[sign](a(s), b(s))


def block(rng, depth, in_loop=False):
    return [statement(rng, depth, in_loop) for _ in range(rng.randint(0, 4))]


def statement(rng, depth, in_loop):
    kinds = (
        ["gate", "gate", "pair", "measure", "assign", "bit"]
        + ["leave"] * in_loop
        + ["if", "for", "while"] * (depth > 0)
    )
    kind = rng.choice(kinds)
    if kind == "gate":
        return kind, rng.choice("xhs"), rng.randrange(N_QUBITS)
    if kind == "pair":
        return kind, tuple(rng.sample(range(N_QUBITS), 2))
    if kind == "measure":
        return kind, rng.randrange(N_QUBITS), rng.randrange(N_BITS)
    if kind == "assign":
        return kind, rng.choice(NUMBERS), number(rng)
    if kind == "bit":
        return kind, rng.randrange(N_BITS), condition(rng)
    if kind == "leave":
        return kind, rng.choice(["break", "continue"]), condition(rng)
    if kind == "if":
        return kind, condition(rng), block(rng, depth - 1, in_loop), block(rng, depth - 1, in_loop)
    head = rng.randint(0, 3) if kind == "for" else condition(rng)
    return kind, head, block(rng, depth - 1, True)


def text_of(block, level=0):
    """Return a block as OpenQASM; loops count their rounds, and end after two."""
    return " ".join(statement_text(s, level) for s in block)


def statement_text(s, level):
    kind = s[0]
    if kind == "gate":
        return f"{s[1]} q[{s[2]}];"
    if kind == "pair":
        return f"cx q[{s[1][0]}], q[{s[1][1]}];"
    if kind == "measure":
        return f"c[{s[2]}] = measure q[{s[1]}];"
    if kind == "assign":
        return f"{s[1]} = ({s[2][0]}) % 8;"
    if kind == "bit":
        return f"c[{s[1]}] = bool({s[2][0]});"
    if kind == "leave":
        return f"if ({s[2][0]}) {s[1]};"
    if kind == "if":
        return f"if ({s[1][0]}) {{ {text_of(s[2], level)} }} else {{ {text_of(s[3], level)} }}"
    if kind == "for":
        return f"for int i{level} in [1:{s[1]}] {{ {text_of(s[2], level + 1)} }}"
    rounds = f"r{level}"
    return f"{{ int {rounds} = 0; while ({s[1][0]} && {rounds} < 2) {{ {rounds} += 1; {text_of(s[2], level + 1)} }} }}"


def applied(state, op, qubits):
    gate = matrix(op).reshape((2,) * (2 * len(qubits)))
    moved = np.tensordot(gate, state, axes=(range(len(qubits), 2 * len(qubits)), qubits))
    return np.moveaxis(moved, range(len(qubits)), qubits)


class UntoldError(Exception):
    """A measurement whose outcome is not told yet."""


def run(block, s, told):
    """Run a block on one way: outcomes come from ``told``; one too few raises."""
    for statement in block:
        kind = statement[0]
        if kind == "gate":
            s["state"] = applied(s["state"], GATES[statement[1]], [statement[2]])
        elif kind == "pair":
            s["state"] = applied(s["state"], Op.CX, list(statement[1]))
        elif kind == "measure":
            if not told:
                raise UntoldError
            outcome = told.pop(0)
            where = (slice(None),) * statement[1] + (1 - outcome,)
            s["state"][where] = 0
            s["c"][statement[2]] = outcome
        elif kind == "assign":
            s[statement[1]] = int(np.fmod(statement[2][1](s), 8))
        elif kind == "bit":
            s["c"][statement[1]] = int(statement[2][1](s))
        elif kind == "leave":
            if statement[2][1](s):
                raise LeftError(statement[1])
        elif kind == "if":
            run(statement[2] if statement[1][1](s) else statement[3], s, told)
        else:
            loop(statement, s, told)


def goes_on(statement, s, rounds):
    return rounds < statement[1] if statement[0] == "for" else statement[1][1](s) and rounds < 2


def loop(statement, s, told):
    rounds = 0
    while goes_on(statement, s, rounds):
        rounds += 1
        try:
            run(statement[2], s, told)
        except LeftError as way:
            if way.args[0] == "break":
                return


def interpreted(block):
    """Return the exact distribution of bits: every row of outcomes is run from the beginning."""
    found, todo = defaultdict(float), [[]]
    while todo:
        outcomes = todo.pop()
        start = np.zeros((2,) * N_QUBITS, complex)
        start[0, 0, 0] = 1
        s = {"state": start, "c": [0] * N_BITS, "n": 0, "m": 0}
        try:
            run(block, s, list(outcomes))
        except UntoldError:
            if np.vdot(s["state"], s["state"]).real > 1e-12:
                todo += [[*outcomes, 0], [*outcomes, 1]]
            continue
        found["".join(map(str, s["c"]))] += np.vdot(s["state"], s["state"]).real
    return {key: chance for key, chance in found.items() if chance > 1e-9}


def measurements(block):
    """Return how many measurements a block takes at most."""
    total = 0
    for s in block:
        total += s[0] == "measure"
        total += max(measurements(s[2]), measurements(s[3])) if s[0] == "if" else 0
        total += (s[1] if s[0] == "for" else 2) * measurements(s[2]) if s[0] in ("for", "while") else 0
    return total


def program(seed):
    """Return a random program of at most 7 measurements, and its text."""
    rng = Random(seed)
    while measurements(found := block(rng, 2)) > 7 or not found:
        pass
    return found, HEAD + text_of(found)


HEAD = 'OPENQASM 3; include "stdgates.inc"; qubit[3] q; bit[3] c; int n = 0; int m = 0; '
SEEDS = st.integers(0, 10**9)


def likely(distribution):
    return {key: chance for key, chance in distribution.items() if chance > 1e-9}


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_a_program_means_what_its_statements_do_one_by_one(distribution_of, seed):
    found, text = program(seed)
    assert likely(distribution_of(read_openqasm(text))) == pytest.approx(interpreted(found), abs=1e-9), text


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_an_exported_program_reads_back_as_one_of_the_same_meaning(distribution_of, seed):
    original = read_openqasm(program(seed)[1])
    again = read_openqasm(to_openqasm(original))
    assert again.bits == original.bits
    assert likely(distribution_of(again)) == pytest.approx(likely(distribution_of(original)), abs=1e-9)
    if not original.flow:
        assert again.digest == original.digest


def by_ways(original, distribution_of, most_qubits=9):
    """Return the distribution that playing every way for itself gives, and how likely one is to run out of qubits."""
    found, lost = defaultdict(float), 0.0
    for way in ways(original, 0, most_qubits):
        for key, chance in distribution_of(way.program).items():
            answers = np.array([[int(sign) for sign in key]], np.uint8).reshape(1, -1)
            if way.agrees(answers)[0]:
                if way.complete:
                    found["".join(map(str, way.end(answers[0])[0]))] += chance
                else:
                    lost += chance
    return found, lost


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_playing_every_way_for_itself_gives_the_same_distribution(distribution_of, seed):
    original = read_openqasm(program(seed)[1])
    found, lost = by_ways(original, distribution_of)
    expected = likely(distribution_of(original))
    assert sum(found.values()) + lost == pytest.approx(1, abs=1e-9)
    if lost < 1e-12:
        assert likely(found) == pytest.approx(expected, abs=1e-9)
    assert all(found[key] <= chance + 1e-9 for key, chance in expected.items())


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_a_program_without_decisions_plays_all_its_events_whatever_is_answered(seed):
    original = read_openqasm(program(seed)[1])
    if decisions(original):
        return
    rng = Random(seed)
    for _ in range(8):
        walk, played = Walk(original, 0), 0
        while (events := walk.advance()) is not None:
            played += len(events)
            walk.tell([rng.randrange(2) for _ in range(np.count_nonzero(events["op"] == Op.MEASURE))])
        assert played == len(original.events), program(seed)[1]


def test_what_a_round_that_broke_off_leaves_out_is_a_decision():
    text = HEAD + "for int i in [1:3] { h q[0]; c[0] = measure q[0]; if (c[0]) { break; } }"
    assert decisions(read_openqasm(text))
