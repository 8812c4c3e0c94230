"""Programs written as OpenQASM 3 read back as they were."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qctl.core.errors import ProgramError, UsageError
from qctl.core.gates import N_ANGLES
from qctl.core.program import EVENT, Op, Program, Register, event
from qctl.core.pulse import Pulse, Shape, Tone
from qctl.frontends import read_openqasm
from qctl.frontends.export import to_inputs, to_openqasm

N_QUBITS = 3
EXACT = [op for op in Op if op < Op.MEASURE and op not in (Op.R, Op.ISWAP, Op.RXX, Op.RYY, Op.RZZ, Op.SXDG)]
"""Gates that come back as themselves; the others as gates of the same unitary."""

ANGLE = st.floats(-7, 7, allow_nan=False).map(lambda x: x + 0.0)


@st.composite
def events(draw, gates):
    op = draw(st.sampled_from([*gates, Op.MEASURE, Op.RESET, Op.DELAY, Op.BARRIER]))
    qubits = draw(st.permutations(range(N_QUBITS)))
    if op == Op.MEASURE:
        return [event(op, qubits[:1], bit=draw(st.integers(0, 3)))]
    if op == Op.BARRIER:
        return [event(op, [qubit]) for qubit in qubits[:2]]
    if op == Op.DELAY:
        return [event(op, qubits[:1], [draw(st.floats(0, 1e-3))])]
    angles = draw(st.lists(ANGLE, min_size=N_ANGLES.get(op, 0), max_size=N_ANGLES.get(op, 0)))
    return [event(op, qubits[: 1 if op < Op.CX or op == Op.RESET else 2], angles)]


def program(rows, **fields):
    table = np.array([row for each in rows for row in each], EVENT)
    barriers = table["op"] == Op.BARRIER
    table["bit"][barriers] = np.repeat(np.arange(len(rows)), [len(each) for each in rows])[barriers] + 1
    return Program(table, N_QUBITS, 4, **fields)


def canonical(events):
    """Return the columns; what numbers a barrier does not matter, only which rows are one."""
    table = events.copy()
    rows = np.flatnonzero(table["op"] == Op.BARRIER)
    table["bit"][rows] = np.unique(table["bit"][rows], return_inverse=True)[1].reshape(-1)
    return [tuple(table[name].tolist()) for name in EVENT.names]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(events(EXACT), max_size=12))
def test_a_stream_of_gates_comes_back_to_the_last_bit(rows):
    original = program(rows)
    again = read_openqasm(to_openqasm(original))
    assert canonical(again.events)[:2] == canonical(original.events)[:2]
    np.testing.assert_array_equal(again.events["angle"], original.events["angle"])
    assert (again.n_qubits, again.n_bits, again.flow) == (N_QUBITS, 4, ())


@pytest.mark.parametrize("op", [op for op in Op if op < Op.MEASURE and op not in EXACT])
def test_a_gate_that_the_library_lacks_comes_with_its_definition(op, unitary_of, same_up_to_phase):
    angles = [0.3, -1.2, 0.7][: N_ANGLES.get(op, 0)]
    original = Program(np.array([event(op, (2, 0) if op >= Op.CX else (1,), angles)], EVENT), 3, 0)
    same_up_to_phase(unitary_of(read_openqasm(to_openqasm(original))), unitary_of(original))


def test_registers_keep_their_names_unless_the_language_needs_them():
    names = (Register("alpha", 0, 2), Register("measure", 2, 1), Register("alpha", 3, 1))
    original = program([[event(Op.MEASURE, [0], bit=3)]], bits=names, qubits=(Register("h", 0, 3),))
    again = read_openqasm(to_openqasm(original))
    assert [(r.start, r.size) for r in again.bits] == [(0, 2), (2, 1), (3, 1)]
    assert again.bits[0].name == "alpha"
    np.testing.assert_array_equal(again.events, original.events)


def test_a_sweep_comes_back_as_a_sweep():
    text = "OPENQASM 3; input float t; qubit q; bit c; rx(t) q; c = measure q;"
    original = read_openqasm(text, inputs={"t": [0.1, 0.2, 0.3]})
    again = read_openqasm(to_openqasm(original), inputs={"point": range(3)})
    np.testing.assert_array_equal(again.events, original.events)
    np.testing.assert_array_equal(again.starts, original.starts)
    alone = read_openqasm(to_openqasm(original, point=1))
    np.testing.assert_array_equal(alone.events, original.events[2:4])
    with pytest.raises(UsageError, match="sweep point 3"):
        to_openqasm(original, point=3)


def test_a_sweep_with_feedback_comes_back_as_one(distribution_of):
    text = "OPENQASM 3; input float t; qubit q; bit c; rx(t) q; c = measure q; if (c) { x q; } c = measure q;"
    original = read_openqasm(text, inputs={"t": [0.4, 0.9]})
    again = read_openqasm(to_openqasm(original), inputs={"point": [0, 1]})
    assert again.flow == original.flow
    assert again.digest == original.digest


def test_outputs_and_hidden_bits_come_back(distribution_of):
    text = "OPENQASM 3; qubit q; output bit b; output int n; bit a; h q; a = measure q; b = a; n = 3 * a + 1;"
    original = read_openqasm(text)
    again = read_openqasm(to_openqasm(original))
    assert [name for name, _ in again.outputs] == ["n"]
    assert (again.bits, again.n_hidden) == (original.bits, original.n_hidden)
    assert distribution_of(again) == distribution_of(original)


def test_arrays_and_angles_that_are_shown_come_back_as_values():
    text = "OPENQASM 3; qubit q; output array[int, 2, 1] a; output angle t; bit c; c = measure q; a[1][0] = c; t = pi;"
    original = read_openqasm(text)
    again = read_openqasm(to_openqasm(original))
    assert [name for name, _ in again.outputs] == ["a[0][0]", "a[1][0]", "t"]
    assert again.outputs[2] == original.outputs[2]
    assert "output array[int, 2, 1] a;" in to_openqasm(original)


def test_notes_come_back_where_they_were():
    text = "OPENQASM 3;\npragma lab tuned\nqubit q;\nx q;\n@note one\ny q;\n"
    original = read_openqasm(text)
    assert read_openqasm(to_openqasm(original)).notes == original.notes


TONES = st.builds(
    Tone,
    line=st.sampled_from(["q0.drive", "q0-q1.flux", "feedline"]),
    amplitude=st.floats(-1, 1),
    duration=st.integers(1, 400).map(lambda n: n * 1e-9),
    start=st.integers(0, 400).map(lambda n: n * 1e-9),
    shape=st.just(Shape.FLAT),
    edge=st.integers(0, 20).map(lambda n: n * 1e-9),
    frequency=st.sampled_from([5.1e9, 4.87e9]),
    phase=ANGLE,
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.lists(TONES, min_size=1, max_size=3), min_size=1, max_size=3), ANGLE)
def test_pulses_come_back_as_calibrated_gates(tones, phase):
    pulses = tuple(Pulse(tuple(each)) for each in tones)
    played = [event(Op.PULSE, (0, 1), [phase], bit=k) for k in range(len(pulses))]
    original = Program(np.array(played, EVENT), 2, 0, physical=True, pulses=pulses)
    again = read_openqasm(to_openqasm(original))
    for row, expected in zip(again.events, pulses, strict=True):
        turned = Pulse(tuple(replace(tone, phase=tone.phase + phase) for tone in expected.tones))
        assert again.pulses[row["bit"]] == turned


def test_cosines_and_tones_without_a_carrier_come_back():
    tones = (
        Tone(line="q0.drive", amplitude=0.4, duration=24e-9, shape=Shape.COSINE, slope=-0.3e-9, frequency=5e9),
        Tone(line="q0.flux", amplitude=-0.2, duration=40e-9, start=24e-9, edge=4e-9),
    )
    original = Program(np.array([event(Op.PULSE, (0,), bit=0)], EVENT), 1, 0, physical=True, pulses=(Pulse(tones),))
    assert read_openqasm(to_openqasm(original)).digest == original.digest


def test_a_run_that_may_stop_cannot_be_written():
    original = read_openqasm("OPENQASM 3; qubit[2] q; bit[2] c; c = measure q; x q[c];")
    with pytest.raises(ProgramError, match="a run that may stop"):
        to_openqasm(original)


def points(*rows):
    """Return a program with a sweep point for each row of events."""
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    return Program(np.concatenate([np.array(row, EVENT) for row in rows]), 2, 1, starts=starts)


@given(st.lists(st.tuples(ANGLE, ANGLE, st.floats(0, 1e-3)), min_size=2, max_size=4))
@settings(max_examples=40, deadline=None)
def test_a_sweep_over_numbers_is_one_text_with_inputs_and_reads_back(values):
    def row(a, b, wait):
        gates = [event(Op.RX, (0,), (a,)), event(Op.U, (1,), (a, 0.5, b)), event(Op.DELAY, (0,), (wait,))]
        return [*gates, event(Op.BARRIER, (0,), bit=1), event(Op.BARRIER, (1,), bit=1), event(Op.MEASURE, (0,), bit=0)]

    program = points(*(row(*one) for one in values))
    text, inputs = to_inputs(program)
    again = read_openqasm(text, inputs=inputs)
    np.testing.assert_array_equal(again.starts, program.starts)
    for name in ("op", "q", "angle"):
        np.testing.assert_array_equal(again.events[name], program.events[name])
    if len(set(values)) > 1:
        assert "switch" not in text
        assert len(inputs) <= 3


def test_a_sweep_over_gates_is_a_switch():
    program = points([event(Op.X, (0,)), event(Op.MEASURE, (0,), bit=0)], [event(Op.MEASURE, (0,), bit=0)])
    text, inputs = to_inputs(program)
    assert inputs == {"point": [0, 1]}
    np.testing.assert_array_equal(read_openqasm(text, inputs=inputs).starts, program.starts)


@pytest.mark.parametrize("name", ["v1", "hidden", "point", "leaving"])
def test_an_output_that_has_the_name_of_what_is_written_is_refused(name):
    text = f"OPENQASM 3; qubit q; bit c; output int {name}; c = measure q; {name} = 3 * int(c);"
    with pytest.raises(UsageError, match=f"an output named '{name}'"):
        to_openqasm(read_openqasm(text))
