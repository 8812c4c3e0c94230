"""Lowered programs do what the source does, in native operations only."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qctl.compile.lower import lower
from qctl.core.errors import ProgramError
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.pulse import Pulse, Tone

GATES = [op for op in Op if op < Op.MEASURE]
SPECIAL = [k * np.pi / 4 for k in range(-9, 10)] + [1e-8, -1e-8, np.pi / 2 + 1e-8]
angles = st.one_of(st.floats(-20, 20), st.sampled_from(SPECIAL))
NATIVE = {Op.R, Op.RZ, Op.CZ, Op.MEASURE, Op.DELAY, Op.BARRIER}


@st.composite
def programs(draw, n_qubits=3, max_gates=12):
    rows = []
    for _ in range(draw(st.integers(0, max_gates))):
        op = draw(st.sampled_from([*GATES, Op.BARRIER]))
        qubits = draw(st.permutations(range(n_qubits)))[: 1 if op < Op.CX or op == Op.BARRIER else 2]
        rows.append(event(op, qubits, [draw(angles) for _ in range(3)], bit=0 if op == Op.BARRIER else -1))
    return Program(np.array(rows, EVENT), n_qubits, n_qubits)


def distance(one, other):
    """Return how far two unitaries are from each other, a global phase apart."""
    return np.sqrt(max(0.0, 2 - 2 * abs(np.trace(one.conj().T @ other)) / len(one)))


@pytest.mark.parametrize("entangler", [Op.CZ, Op.RXX])
@pytest.mark.parametrize("merge", [False, True])
@settings(max_examples=60, deadline=None)
@given(program=programs())
def test_the_unitary_is_that_of_the_source(program, merge, entangler, unitary_of):
    lowered = lower(program, merge=merge, entangler=entangler)
    assert distance(unitary_of(program), unitary_of(lowered)) < 1e-7
    assert {Op(op) for op in lowered.events["op"].tolist()} <= NATIVE - {Op.CZ} | {entangler}


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("angle", [0.7, 1.9, -2.5, 3.2, 7.0, np.pi, -np.pi / 2, 0.0])
def test_one_xx_of_at_most_a_quarter_turn_makes_every_gate_about_one_axis(op, angle, unitary_of):
    qubits = (1, 0) if op >= Op.CX else (0,)
    program = Program(np.array([event(op, qubits, (angle, 0.3, -1.1))], EVENT), 2, 2)
    lowered = lower(program, entangler=Op.RXX)
    assert distance(unitary_of(program), unitary_of(lowered)) < 3e-8
    turns = lowered.events["angle"][lowered.events["op"] == Op.RXX, 0]
    assert len(turns) <= {Op.SWAP: 3, Op.ISWAP: 2}.get(op, 1)
    assert np.all(np.abs(turns) <= np.pi / 2 + 1e-9)


def test_a_program_in_rotations_and_xx_stays_as_it_is():
    rows = [event(Op.R, (0,), (np.pi / 2, 0.3)), event(Op.RXX, (0, 1), (-0.4,)), event(Op.MEASURE, (1,), bit=0)]
    program = Program(np.array(rows, EVENT), 2, 1)
    assert lower(program, entangler=Op.RXX) is program


@pytest.mark.parametrize("op", GATES)
def test_each_gate_is_exact_and_costs_no_more_than_it_must(op, unitary_of):
    qubits = (1, 0) if op >= Op.CX else (0,)
    program = Program(np.array([event(op, qubits, (0.7, 0.3, -1.1))], EVENT), 2, 2)
    lowered = lower(program)
    assert distance(unitary_of(program), unitary_of(lowered)) < 3e-8  # sqrt of what rounding leaves
    most = {Op.SWAP: 3, Op.CX: 1, Op.CY: 1, Op.CZ: 1, Op.CH: 1}.get(op, 2)
    assert np.count_nonzero(lowered.events["op"] == Op.CZ) <= most
    if op < Op.CX:
        assert np.count_nonzero(lowered.events["op"] == Op.R) <= 2


@given(program=programs())
@settings(max_examples=40, deadline=None)
def test_pulses_are_exactly_quarter_or_half_turns(program):
    events = lower(program, merge=True).events
    size = np.abs(events["angle"][events["op"] == Op.R, 0])
    assert np.all((size == np.pi / 2) | (size == np.pi))


def test_merging_leaves_at_most_two_pulses_between_other_events(program):
    rows = [(Op.U, (k % 2,), (0.1 * k, 0.2, 0.3)) for k in range(40)]
    merged = lower(program(rows, physical=False), merge=True)
    assert np.count_nonzero(merged.events["op"] == Op.R) == 4


def test_merging_stops_at_barriers_waits_and_sweep_points(program):
    x = (Op.X, (0,))
    merged = lower(program([x, (Op.BARRIER, (0,)), x, (Op.DELAY, (0,), (1e-7,)), x], [x]), merge=True)
    assert merged.events["op"].tolist() == [Op.R, Op.BARRIER, Op.R, Op.DELAY, Op.R, Op.R]
    assert merged.starts.tolist() == [0, 5, 6]


def test_native_programs_stay_as_they_are(random_native):
    native = random_native(3)
    assert lower(native).events is native.events


def test_long_runs_merge_in_logarithmic_rounds(program, unitary_of):
    rng = np.random.default_rng(5)
    rows = [(Op.U, (0,), rng.uniform(-4, 4, 3)) for _ in range(1000)]
    source = program(rows, n_qubits=1, physical=False)
    assert distance(unitary_of(source), unitary_of(lower(source, merge=True))) < 1e-7


def test_a_pulse_passes_as_it_stands():
    pulse = Pulse((Tone(line="q0.flux", amplitude=0.1, duration=20e-9),))
    events = np.array([event(Op.PULSE, (0,), (), 0)], EVENT)
    alone = Program(events, 1, 0, physical=True, pulses=(pulse,))
    assert lower(alone) is alone


def test_pulses_are_refused_on_logical_qubits_and_where_there_are_none():
    events = np.array([event(Op.PULSE, (0,), (), 0)], EVENT)
    with pytest.raises(ProgramError, match="on logical qubits"):
        Program(events, 1, 0)
    with pytest.raises(ProgramError, match="pulse 0"):
        Program(events, 1, 0, physical=True)


def test_an_empty_program_stays_empty(program):
    assert len(lower(program([], []), merge=True).events) == 0
