"""Dynamic circuits of Qiskit become programs whose flow does the same, whatever was measured."""

import itertools

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.classical import expr, types

from qctl.core.answers import decisions
from qctl.core.errors import CompileError, ProgramError, UsageError
from qctl.core.program import Op
from qctl.core.walk import Walk
from qctl.integrations.qiskit import Backend, EstimatorV2, SamplerV2
from qctl.integrations.qiskit.circuit import read_circuit
from qctl.run import Lab


def played(circuit, answers):
    """Return the gates, as (op, qubit), that a circuit plays for these answers, and its bits at the end."""
    walk, answers, found = Walk(read_circuit(circuit, 1e-9, physical=False).program), iter(answers), []
    while (events := walk.advance()) is not None:
        found += [(Op(op).name, q[0]) for op, q, _, _ in events.tolist() if op < Op.MEASURE]
        walk.tell([next(answers) for _ in range(np.count_nonzero(events["op"] == Op.MEASURE))])
    return found, walk.bits


def asked(n_bits):
    circuit = QuantumCircuit(QuantumRegister(3), ClassicalRegister(n_bits, "c"))
    circuit.measure(range(min(n_bits, 3)), range(min(n_bits, 3)))
    return circuit


@pytest.mark.parametrize("answer", [0, 1])
def test_a_branch_goes_one_way(answer):
    circuit = asked(1)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(1)
        circuit.h(1)
    with otherwise:
        circuit.y(2)
    circuit.z(0)
    want = [("X", 1), ("H", 1)] if answer else [("Y", 2)]
    assert played(circuit, [answer])[0] == [*want, ("Z", 0)]


@pytest.mark.parametrize("word", range(8))
def test_registers_are_words_whose_first_bit_is_the_lowest(word):
    circuit = asked(3)
    register = circuit.cregs[0]
    with circuit.if_test((register, 5)):
        circuit.x(0)
    with circuit.switch(register) as case:
        with case(0, 1):
            circuit.y(0)
        with case(6):
            circuit.z(0)
        with case(case.DEFAULT):
            circuit.h(0)
    gates = [("X", 0)] * (word == 5) + [("Y" if word < 2 else "Z" if word == 6 else "H", 0)]
    assert played(circuit, [word & 1, word >> 1 & 1, word >> 2]) == (gates, [word & 1, word >> 1 & 1, word >> 2])


EXPRESSIONS = [
    (lambda r: expr.less(r, 3), lambda w: w < 3),
    (lambda r: expr.greater_equal(expr.bit_and(r, 6), 4), lambda w: w & 6 >= 4),
    (lambda r: expr.equal(expr.bit_not(r), 2), lambda w: w ^ 7 == 2),
    (lambda r: expr.logic_or(expr.logic_not(r[0]), r[2]), lambda w: not w & 1 or w >> 2),
    (lambda r: expr.equal(expr.shift_left(r, 1), 4), lambda w: w << 1 & 7 == 4),
    (lambda r: expr.not_equal(expr.shift_right(r, 1), 1), lambda w: w >> 1 != 1),
    (lambda r: expr.equal(expr.add(r, expr.lift(3, types.Uint(3))), 1), lambda w: w + 3 & 7 == 1),
    (lambda r: expr.index(r, 1), lambda w: w >> 1 & 1),
    (lambda r: expr.cast(r, types.Bool()), bool),
    (lambda r: expr.equal(expr.bit_xor(r, 5), r[1]), lambda w: (w ^ 5) == (w >> 1 & 1)),
]


@pytest.mark.parametrize("number", range(len(EXPRESSIONS)))
def test_expressions_mean_the_same(number):
    make, want = EXPRESSIONS[number]
    for word in range(8):
        circuit = asked(3)
        try:
            condition = make(circuit.cregs[0])
        except TypeError:
            pytest.skip("this Qiskit has no such expression")
        if not isinstance(condition.type, types.Bool):
            condition = expr.cast(condition, types.Bool())
        with circuit.if_test(condition):
            circuit.x(0)
        assert played(circuit, [word & 1, word >> 1 & 1, word >> 2])[0] == [("X", 0)] * bool(want(word)), word


def test_a_loop_repeats_until_its_condition_fails():
    circuit = asked(1)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.x(0)
        circuit.measure(0, 0)
    assert played(circuit, [1, 1, 1, 0])[0] == [("X", 0)] * 3


@pytest.mark.parametrize("answers", itertools.product((0, 1), repeat=4))
def test_break_and_continue_leave_the_loop_they_stand_in(answers):
    circuit = QuantumCircuit(1, 2)
    with circuit.for_loop(range(2)):
        circuit.measure(0, 0)
        circuit.measure(0, 1)
        with circuit.if_test((circuit.clbits[0], 1)):
            with circuit.if_test((circuit.clbits[1], 1)):
                circuit.break_loop()
            circuit.continue_loop()
        circuit.x(0)
    circuit.z(0)
    want, rest = [], list(answers)
    for _ in range(2):
        first, second, *rest = rest
        if first and second:
            break
        if not first:
            want.append(("X", 0))
    assert played(circuit, answers)[0] == [*want, ("Z", 0)]


def test_variables_keep_their_values_and_bits_can_be_written():
    circuit = asked(2)
    count = circuit.add_var("count", expr.lift(0, types.Uint(8)))
    with circuit.for_loop(range(2)):
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.store(count, expr.add(count, expr.lift(2, types.Uint(8))))
        circuit.measure(1, 0)
    with circuit.if_test(expr.equal(count, 4)):
        circuit.x(0)
    circuit.store(circuit.clbits[1], expr.lift(True))
    assert played(circuit, [1, 0, 1, 0]) == ([("X", 0)], [0, 1])
    assert played(circuit, [0, 0, 1, 0]) == ([], [0, 1])


def test_boxes_are_kept_together_by_barriers():
    circuit = QuantumCircuit(2)
    with circuit.box():
        circuit.x(0)
    assert read_circuit(circuit, 1e-9, physical=False).program.events["op"].tolist() == [Op.BARRIER, Op.X, Op.BARRIER]
    timed = QuantumCircuit(1)
    with timed.box(duration=100, unit="ns"):
        timed.x(0)
    with pytest.raises(ProgramError, match="box"):
        read_circuit(timed, 1e-9, physical=False)


def test_open_angles_within_branches_are_bound():
    angle = Parameter("angle")
    circuit = asked(1)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.rx(2 * angle, 1)
    source = read_circuit(circuit, 1e-9, physical=False)
    assert source.values(np.array([[0.25]])).tolist() == [[0.5]]
    assert source.program.flow


def test_what_needs_feedback_is_refused_with_figures_where_nothing_decides_in_time(ideal):
    circuit = asked(1)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    job = Backend(ideal).run(circuit, shots=5)
    with pytest.raises(CompileError, match="feedback"):
        job.result()


def test_loop_variables_need_no_values_from_outside(ideal):
    circuit = QuantumCircuit(1, 1)
    with circuit.for_loop(range(1, 3)) as number:
        with circuit.for_loop(range(2)):
            circuit.rx(0.0, 0)
        circuit.rx(number * np.pi / 3, 0)
    circuit.measure(0, 0)
    assert Backend(ideal).run(circuit, shots=20).result().get_counts()["1"] >= 18


def test_points_of_the_iq_plane_of_circuits_with_flow_are_refused(ideal):
    circuit = asked(1)
    circuit.store(circuit.clbits[0], expr.lift(True))
    with pytest.raises(UsageError, match="meas_level=2"):
        Backend(ideal).run(circuit, meas_level=1)


@pytest.fixture(scope="module")
def branching():
    with Lab.open("branch3", seed=3) as lab:
        yield Backend(lab)


def test_a_target_lists_branches_where_instruments_or_the_host_decide(branching, ideal):
    assert {"if_else", "switch_case", "while_loop"} <= set(branching.target.operation_names)
    assert "if_else" not in Backend(ideal).target.operation_names


def test_the_transpiler_takes_loops_over_numbers_for_any_laboratory(ideal):
    circuit, angle = QuantumCircuit(2, 2), Parameter("angle")
    with circuit.for_loop(range(3), angle):
        circuit.rx(np.pi * (2 * angle + 1), 0)
        with circuit.box():
            circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    backend = Backend(ideal)
    done = transpile(circuit, backend, optimization_level=1, initial_layout=[7, 8], seed_transpiler=1)
    assert backend.is_physical(done)
    assert backend.run(done, shots=20).result().get_counts() == {"01": 20}


def test_what_a_round_that_broke_off_leaves_out_is_not_played():
    circuit = QuantumCircuit(2, 2)
    with circuit.for_loop(range(3)):
        circuit.h(0)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.break_loop()
    circuit.measure(1, 1)
    assert decisions(read_circuit(circuit, 1e-9, physical=False).program)
    assert played(circuit, [1, 0])[0] == [("H", 0)]
    assert played(circuit, [0, 0, 0, 1])[0] == [("H", 0)] * 3


def test_primitives_run_circuits_that_branch(branching):
    angle = Parameter("angle")
    circuit = QuantumCircuit(2, 2)
    circuit.rx(angle, 0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    found = EstimatorV2(branching).run([(circuit, ["ZI", "IZ"], [np.pi])], precision=0.1).result()[0].data
    np.testing.assert_allclose(found.evs, [-1, -1], atol=0.35)
    circuit.measure(1, 1)
    placed = transpile(circuit, branching, initial_layout=[0, 1], optimization_level=1)
    data = SamplerV2(branching).run([(placed, [[0.0], [np.pi]])], shots=60).result()[0].data.c
    assert [max(data.get_counts(k), key=data.get_counts(k).get) for k in (0, 1)] == ["00", "11"]
