"""What is played is what was written: native programs of all three machines against their source, and sweeps every way.

Programs are random, with loops, constants and subroutines that are run while they are read. States are compared up to a
phase, of qubits that begin anywhere on the sphere.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qctl.compile import compile_program, flatten, native_program
from qctl.compile.cache import SequenceCache
from qctl.compile.isolate import FOLLOWER
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.control import limits_of
from qctl.core.gates import matrix
from qctl.core.program import Op
from qctl.frontends import read_openqasm
from qctl.run.known import known_parameters

NATIVE = {
    "transmon5": {Op.R, Op.RZ, Op.CZ}, "ion8": {Op.R, Op.RZ, Op.RXX}, "atoms16": {Op.R, Op.RZ, Op.CZ},
}  # fmt: skip
SEEDS = st.integers(0, 10**9)
PHASES = (Phase.explicit, Phase.generate)  # a shorter failing program is not worth minutes
HEAD = """OPENQASM 3; include "stdgates.inc"; qubit[{n}] q; bit[{n}] c; const float step = {step!r};
gate mix(t) a, b {{ cx a, b; rz(t) b; cx b, a; }}
def twice(float t, qubit a) {{ for int k in [1:2] {{ rx(t * k) a; }} }}
"""


@cache
def machine(name):
    laboratory = read_laboratory(find_laboratory(name))
    return laboratory, known_parameters(laboratory), limits_of(laboratory)


def statement(rng, n, depth=2):
    a, b = (f"q[{k}]" for k in rng.permutation(n)[:2])
    angle = f"{rng.uniform(-7, 7):.6f}"
    inner = "".join(statement(rng, n, depth - 1) for _ in range(2)) if depth else ""
    kinds = [
        f"U({angle}, 0.3, {angle}) {a};", f"{rng.choice(['h', 's', 'sx', 't', 'y'])} {a};", f"rz({angle}) {a};",
        f"{rng.choice(['cx', 'cz', 'swap', 'cy'])} {a}, {b};", f"crz({angle}) {a}, {b};", f"mix({angle}) {a}, {b};",
        f"twice({angle}, {a});", f"inv @ pow(2) @ s {a};", f"negctrl @ rx({angle}) {a}, {b};",
    ]  # fmt: skip
    blocks = [
        f"for int i{depth} in [0:{rng.integers(0, 3)}] {{ {inner} rx(step * i{depth}) {a}; }}",
        f"if (step > {rng.uniform(-1, 1):.3f}) {{ {inner} }} else {{ h {b}; }}",
    ]
    return str(rng.choice([*kinds, *blocks] if depth else kinds)) + "\n"


def text(rng, n, length):
    begin, end = (
        "".join(f"U({a:.6f}, {b:.6f}, {b:.6f}) q[{k}];\n" for k, (a, b) in enumerate(row))
        for row in rng.uniform(-3, 3, (2, n, 2))
    )
    body = "".join(statement(rng, n) for _ in range(length))
    return HEAD.format(n=n, step=float(rng.uniform(-1, 1))) + begin + body + end + "c = measure q;"


def state_of(program):
    """Return the state before the measurements, an axis for each qubit in the order of the bits that tell it.

    An operation that is alone stands there for each of its qubits; the row of the second one is left out.
    """
    rows = program.events[program.events["op"] != Op.BARRIER]
    rows = rows[~((rows["q"][:, 1] >= 0) & np.isin(rows["op"], (Op.CZ, Op.RXX)) & (rows["angle"][:, 1] == FOLLOWER))]
    used = np.unique(rows["q"][rows["q"] >= 0])
    axis = {int(q): k for k, q in enumerate(used)}
    state = np.zeros((2,) * len(used), complex)
    state[(0,) * len(used)] = 1
    measured = {}
    for op, q, bit, angle in rows.tolist():
        qubits = [axis[k] for k in q if k >= 0]
        if op == Op.MEASURE:
            measured[bit] = qubits[0]
        elif op < Op.MEASURE:
            assert not set(qubits) & set(measured.values()), "nothing is done behind a measurement"
            gate = matrix(Op(op), angle).reshape((2, 2) * len(qubits))
            state = np.tensordot(gate, state, (range(len(qubits), 2 * len(qubits)), qubits))
            state = np.moveaxis(state, range(len(qubits)), qubits)
    order = [measured[bit] for bit in sorted(measured)]
    rest = [k for k in range(len(used)) if k not in order]
    return state.transpose([*order, *rest]).reshape(2 ** len(order), -1)


@pytest.mark.parametrize("name", NATIVE)
@settings(max_examples=12, deadline=None, derandomize=True, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_a_native_program_leaves_its_qubits_in_the_state_of_the_source(name, seed):
    """A shorter program may leave out phases that no measurement shows: all qubits are read about random axes."""
    laboratory, known, _ = machine(name)
    rng = np.random.default_rng(seed)
    source = read_openqasm(text(rng, int(rng.integers(2, 5)), 6))
    optimise = bool(rng.integers(2))
    native, _ = native_program(source, known, laboratory, optimise=optimise)
    assert {Op(op) for op in native.events["op"].tolist() if op < Op.MEASURE} <= NATIVE[name]
    expected, found = state_of(source)[:, 0], state_of(native)
    assert np.linalg.norm(found[:, 0]) == pytest.approx(1, abs=1e-6), "qubits that lend a hand are in 0 again"
    np.testing.assert_allclose(np.abs(found[:, 0]) ** 2, np.abs(expected) ** 2, atol=1e-6)
    assert optimise or abs(np.vdot(expected, found[:, 0])) == pytest.approx(1, abs=1e-6)


def told(program):
    """Return the probability of each key of one sweep point, from the state and what is measured into each bit last."""
    rows = program.events[program.events["op"] == Op.MEASURE]
    own = program.events.copy()
    own["bit"][own["op"] == Op.MEASURE] = np.arange(len(rows))
    qubits, place = np.unique(rows["q"][:, 0], return_index=True)
    own = own[(own["op"] != Op.MEASURE) | np.isin(own["bit"], place)]  # one measurement of each qubit
    chances = (np.abs(state_of(replace(program, events=own, starts=np.zeros(0, np.int64)))) ** 2).sum(axis=1)
    bit_of = dict(zip(sorted(place.tolist()), range(len(place)), strict=True))
    axis = {int(q): bit_of[int(k)] for q, k in zip(qubits, place, strict=True)}
    last = {int(row["bit"]): axis[int(row["q"][0])] for row in rows if row["bit"] >= 0}
    found = np.zeros((2,) * program.n_bits)
    for state, chance in enumerate(chances.tolist()):
        answers = [state >> (len(axis) - 1 - k) & 1 for k in range(len(axis))]
        found[tuple(answers[last[bit]] if bit in last else 0 for bit in range(program.n_bits))] += chance
    return found


@pytest.mark.parametrize("name", NATIVE)
@settings(max_examples=8, deadline=None, derandomize=True, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_a_bit_tells_what_was_measured_into_it_last_in_the_order_of_the_program(name, seed):
    laboratory, known, limits = machine(name)
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))
    body, _, _ = text(rng, n, 4).rpartition("c = measure q;")
    many = [f"c[{rng.integers(n)}] = measure q[{rng.integers(n)}];" for _ in range(2 * n)]
    source = read_openqasm(body + " ".join(many))
    native, _ = native_program(source, known, laboratory)
    np.testing.assert_allclose(told(native), told(source), atol=1e-6)
    bits = native.events["bit"][(native.events["op"] == Op.MEASURE) & (native.events["bit"] >= 0)].tolist()
    assert len(bits) == len(set(bits)), "no window overwrites another"
    sequence = compile_program(source, known, laboratory, limits, cache=SequenceCache())
    seen = [one.windows["bit"] for one in sequence.listening.values()]
    seen += [one.reads["bit"] for one in (*sequence.counting.values(), *sequence.exposing.values())]
    assert sorted(bit for bit in np.concatenate(seen).tolist() if bit >= 0) == sorted(bits)


def samples(program, name):
    """Return what each AWG sends at each sweep point, code by code and marker by marker."""
    laboratory, known, limits = machine(name)
    sequence = compile_program(program, known, laboratory, limits, optimise=False, cache=SequenceCache())
    found = []
    for awg, playlist in sorted(flatten(sequence, laboratory, limits).items()):
        for point in range(program.n_points):
            waves = [playlist.waveforms[k] if k >= 0 else None for k in playlist.steps[point]]
            found.append((point, awg, [None if w is None else (w.codes.tobytes(), w.markers.tobytes()) for w in waves]))
    return {(point, awg): waves for point, awg, waves in found}


def points_of(program, first, last):
    events = program.events[program.starts[first] : program.starts[last]]
    return replace(program, events=events, starts=program.starts[first : last + 1] - program.starts[first])


@pytest.mark.parametrize("name", NATIVE)
@settings(max_examples=2, deadline=None, derandomize=True, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_a_sweep_is_the_same_to_the_bit_in_one_upload_written_out_point_by_point_and_in_chunks(name, seed):
    """Of points that last equally long; others begin at other times, since all end together."""
    rng = np.random.default_rng(seed)
    n_rounds, values = int(rng.integers(1, 3)), rng.uniform(-3, 3, 3)
    head = 'OPENQASM 3; include "stdgates.inc"; input float t; bit[2] c; '
    round_ = "r(pi/2, t * 0.5) $0; rz(t) $1; cz $0, $1; rx(pi) $1; delay[400ns] $0; barrier $0, $1;"
    define = "gate r(a, b) q { U(a, b - pi / 2, pi / 2 - b) q; } "
    looped = head + define + f"for int i in [1:{n_rounds}] {{ {round_} }} c[0] = measure $0; c[1] = measure $1;"
    written = head + define + round_ * n_rounds + "c[0] = measure $0; c[1] = measure $1;"
    swept = read_openqasm(looped, inputs={"t": values})
    whole = samples(swept, name)
    assert samples(read_openqasm(written, inputs={"t": values}), name) == whole
    for first, last in [(0, 1), (1, 2), (1, 3)]:
        part = samples(points_of(swept, first, last), name)
        assert part == {(k - first, awg): waves for (k, awg), waves in whole.items() if first <= k < last}
    assert any(whole[0, awg] != whole[1, awg] for point, awg in whole if point == 0), "points differ"
