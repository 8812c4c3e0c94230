"""Programs find their place: fitting ones stay, others are routed and mean the same."""

import subprocess
import sys

import numpy as np
import pytest

from qctl.compile import default_parameters, schedule_program
from qctl.compile.lower import lower
from qctl.compile.resets import drop_passive_resets
from qctl.compile.route import coupled, route
from qctl.core.errors import CompileError
from qctl.core.program import EVENT, Op, Program, event


def distribution(program, unitary_of):
    """Return probabilities of the bits of a program whose measurements all stand at its end."""
    measured = [(q[0], bit) for op, q, bit, _ in program.events.tolist() if op == Op.MEASURE]
    used = sorted({k for _, q, _, _ in program.events.tolist() for k in q if k >= 0})
    amplitudes = unitary_of(program)[:, 0].reshape((2,) * program.n_qubits)
    weights = np.abs(amplitudes) ** 2
    found = {}
    for index in np.ndindex(weights.shape):
        key = ["0"] * program.n_bits
        for qubit, bit in measured:
            key[bit] = str(index[qubit])
        found["".join(key)] = found.get("".join(key), 0.0) + weights[index]
    assert used
    return found


def all_to_all(seed, n_qubits=4, n_gates=12):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n_gates):
        a, b = rng.permutation(n_qubits)[:2].tolist()
        rows.append(event(Op.U, (a,), rng.uniform(-3, 3, 3).tolist()))
        rows.append(event([Op.CX, Op.CP, Op.SWAP, Op.RZZ, Op.ISWAP][rng.integers(5)], (a, b), (0.7,)))
    rows += [event(Op.BARRIER, (k,), bit=3) for k in range(n_qubits)]
    rows += [event(Op.MEASURE, (k,), bit=k) for k in range(n_qubits)]
    return Program(np.array(rows, EVENT), n_qubits, n_qubits)


@pytest.fixture(scope="module")
def chain4(build_laboratory):
    laboratory = build_laboratory(4)
    return laboratory, default_parameters(laboratory)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("optimise", [False, True])
def test_a_routed_program_has_the_distribution_of_the_source(seed, optimise, chain4, unitary_of):
    laboratory, known = chain4
    source = all_to_all(seed)
    placed, placement = route(source, known, laboratory, optimise=optimise)
    lowered = lower(placed, merge=True)
    want, found = distribution(source, unitary_of), distribution(lowered, unitary_of)
    assert max(abs(found.get(key, 0.0) - value) for key, value in want.items()) < 1e-7
    assert sorted(placement) == [0, 1, 2, 3]
    pairs = placed.events["q"][placed.events["op"] == Op.CZ]
    assert np.all(coupled(laboratory)[pairs[:, 0], pairs[:, 1]])


def test_routing_twice_gives_the_same(chain4):
    laboratory, known = chain4
    found = [route(all_to_all(9), known, laboratory) for _ in range(40)]  # a tie of placements shows in one of 15
    assert len({placed.digest for placed, _ in found}) == 1
    assert len({placement for _, placement in found}) == 1


def test_qiskit_is_not_imported_before_it_is_needed():
    code = "import sys, qctl.compile; assert 'qiskit' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_cz_gates_on_coupled_pairs_stay_in_place(program, parameters, laboratory):
    source = program([(Op.CX, (0, 1)), (Op.H, (2,)), (Op.CY, (2, 1))], physical=False)
    placed, placement = route(source, parameters, laboratory)
    assert placed.physical
    assert placed.events is source.events
    assert placement == (0, 1, 2)


def test_the_placement_avoids_a_bad_coupler(program, chain4):
    laboratory, known = chain4
    source = program([(Op.CP, (0, 1), (0.4,)), (Op.MEASURE, (0,), (), 0)], n_qubits=2, physical=False)
    for bad in ("q0-q1", "q2-q3"):
        worse = known.replaced({f"{bad}.cz.error": 0.3})
        _, placement = route(source, worse, laboratory)
        assert {f"q{k}" for k in placement} != set(bad.split("-"))


def test_points_share_one_placement(program, chain4):
    laboratory, known = chain4
    points = [[(Op.CP, (0, 2), (0.1 * k,)), (Op.CP, (0, 1), (1.0,)), (Op.MEASURE, (2,), (), 2)] for k in range(3)]
    placed, placement = route(program(*points, points[0], physical=False), known, laboratory)
    assert placed.n_points == 4
    assert len(set(placement)) == 3


def test_mid_circuit_measurements_waits_and_barriers_survive(program, chain4):
    laboratory, known = chain4
    rows = [
        (Op.CX, (0, 2)),
        (Op.MEASURE, (0,), (), 0),
        (Op.DELAY, (0,), (100e-9,)),
        (Op.BARRIER, (0,), (), 1),
        (Op.BARRIER, (1,), (), 1),
        (Op.CX, (1, 0)),
        (Op.CX, (1, 2)),
        (Op.MEASURE, (0,), (), 1),
    ]
    placed, _placement = route(program(rows, physical=False), known, laboratory)
    op = placed.events["op"].tolist()
    assert [row["bit"] for row in placed.events if row["op"] == Op.MEASURE] == [0, 1]
    assert op.count(Op.DELAY) == 1
    assert op.count(Op.BARRIER) == 2
    assert placed.events["angle"][op.index(Op.DELAY), 0] == 100e-9


def test_too_many_qubits_are_refused_with_both_numbers(program, parameters, laboratory):
    rows = [(Op.H, (k,)) for k in range(5)]
    with pytest.raises(CompileError, match="5 qubits; allowed: 3 qubits"):
        route(program(rows, n_qubits=5, physical=False), parameters, laboratory)


def test_qubits_that_nothing_uses_do_not_count(program, parameters, laboratory):
    source = program([(Op.H, (7,)), (Op.CX, (7, 8))], n_qubits=9, physical=False)
    placed, placement = route(source, parameters, laboratory)
    assert placed.n_qubits == 3
    assert abs(placement[7] - placement[8]) == 1
    assert placement.count(-1) == 6


def test_a_physical_program_with_an_uncoupled_pair_is_routed_from_where_it_says(program, parameters, laboratory):
    source = program([(Op.CZ, (0, 2)), (Op.MEASURE, (2,), (), 0)])
    placed, placement = route(source, parameters, laboratory)
    assert placement == (0, 1, 2)
    pairs = placed.events["q"][np.isin(placed.events["op"], (Op.CZ, Op.CX, Op.SWAP))]
    assert len(pairs) > 1
    assert np.all(coupled(laboratory)[pairs[:, 0], pairs[:, 1]])


def test_resets_before_the_first_and_after_the_last_operation_are_the_wait(program):
    rows = [(Op.RESET, (0,)), (Op.H, (0,)), (Op.RESET, (1,)), (Op.CX, (0, 1)), (Op.RESET, (0,))]
    assert drop_passive_resets(program(rows, [(Op.RESET, (0,))])).events["op"].tolist() == [Op.H, Op.CX]


def test_a_reset_in_mid_circuit_is_refused_with_a_remedy(program):
    with pytest.raises(CompileError, match=r"event 1 resets qubit 0 between its operations.*feedback"):
        drop_passive_resets(program([(Op.H, (0,)), (Op.RESET, (0,)), (Op.H, (0,))]))


@pytest.mark.parametrize("physical", [False, True])
def test_a_barrier_over_more_qubits_than_there_are_holds_back_those_there_are(
    program, parameters, laboratory, physical
):
    barrier = [(Op.BARRIER, (k,), (), 0) for k in range(9)]
    wide = program([(Op.X, (0,)), *barrier, (Op.X, (1,))], n_qubits=9, physical=physical)
    rows = schedule_program(wide, parameters, laboratory).operations
    assert rows["start"][rows["op"] == Op.R].tolist() == [0, 12]  # a tick is 2 ns
    assert np.count_nonzero(rows["op"] == Op.BARRIER) == 3
