"""Starts obey order, barriers and clocks; late is the mirror of early."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qctl.compile import schedule_program
from qctl.core.errors import LimitError
from qctl.core.program import Op
from qctl.platforms.wiring import station_tick

seeds = st.integers(0, 10_000)


def rows_of(schedule, point, qubit):
    rows = schedule.operations[schedule.operations["point"] == point]
    return rows[(rows["op"] != Op.BARRIER) & np.any(rows["q"] == qubit, axis=1)]


@given(seed=seeds, alap=st.booleans())
@settings(max_examples=30, deadline=None)
def test_operations_of_a_qubit_follow_each_other_in_program_order(seed, alap, random_native, parameters, laboratory):
    schedule = schedule_program(random_native(seed), parameters, laboratory, alap=alap)
    assert np.all(schedule.operations["start"] >= 0)
    for point in range(2):
        for qubit in range(3):
            rows = rows_of(schedule, point, qubit)
            assert np.all(rows["start"][1:] >= rows["start"][:-1] + rows["duration"][:-1])


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_late_is_never_earlier_and_takes_as_long(seed, random_native, parameters, laboratory):
    program = random_native(seed, n_points=1)
    soon, late = (schedule_program(program, parameters, laboratory, alap=alap) for alap in (False, True))
    assert np.all(late.operations["start"] >= soon.operations["start"])
    assert late.length_ticks.tolist() == soon.length_ticks.tolist()
    np.testing.assert_array_equal(late.operations["phase"], soon.operations["phase"])


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_late_read_backwards_is_soon(seed, random_native, parameters, laboratory):
    """Nothing but its successors or the end of the shot keeps an operation from being later."""
    schedule = schedule_program(random_native(seed, n_points=1), parameters, laboratory, alap=True)
    rows = schedule.operations[schedule.operations["op"] != Op.BARRIER]
    if np.any(schedule.operations["op"] == Op.BARRIER):
        return
    for k, row in enumerate(rows):
        later = rows[k + 1 :][np.any(np.isin(rows["q"][k + 1 :], row["q"][row["q"] >= 0]), axis=1)]
        limit = later["start"].min() if len(later) else schedule.length_ticks[0]
        assert row["start"] + row["duration"] == limit


def test_a_barrier_holds_back_what_follows_on_its_qubits(program, parameters, laboratory):
    rows = [
        (Op.DELAY, (0,), (1e-6,)),
        (Op.BARRIER, (0,), (), 7),
        (Op.BARRIER, (1,), (), 7),
        (Op.R, (1,), (np.pi, 0)),
        (Op.R, (2,), (np.pi, 0)),
    ]
    schedule = schedule_program(program(rows), parameters, laboratory)
    assert schedule.operations["start"].tolist() == [0, 500, 500, 500, 0]


def test_all_points_end_together_and_listen_at_one_time(program, parameters, laboratory):
    points = [[(Op.DELAY, (0,), (k * 1e-6,)), (Op.MEASURE, (0,), (), 0)] for k in range(4)]
    schedule = schedule_program(program(*points), parameters, laboratory)
    measured = schedule.operations[schedule.operations["op"] == Op.MEASURE]
    assert len(set(measured["start"].tolist())) == 1
    assert len(set(schedule.length_ticks.tolist())) == 1


def test_the_tick_is_whole_in_samples_of_every_clock(laboratory):
    assert station_tick(laboratory) == Fraction(1, 500_000_000)


def test_a_wait_off_the_grid_is_refused_with_the_grid(program, parameters, laboratory):
    with pytest.raises(LimitError, match=r"3e-09 s is no multiple of 2e-09 s.*use 2e-09 s"):
        schedule_program(program([(Op.DELAY, (0,), (3e-9,))]), parameters, laboratory)


def test_a_pulse_off_the_grid_is_refused_by_name(program, parameters, laboratory):
    odd = parameters.replaced({"q1.x90.duration": 25e-9})
    with pytest.raises(LimitError, match=r"q1\.x90\.duration"):
        schedule_program(program([(Op.R, (1,), (np.pi / 2, 0))]), odd, laboratory)


def test_a_negative_wait_is_refused(program, parameters, laboratory):
    with pytest.raises(LimitError, match="0 s or more"):
        schedule_program(program([(Op.DELAY, (0,), (-2e-9,))]), parameters, laboratory)


def test_both_frames_of_a_cz_turn_by_their_corrections(program, parameters, laboratory):
    known = parameters.replaced({"q0-q1.cz.phase_high": 0.3, "q0-q1.cz.phase_low": -0.2})
    rows = [(Op.CZ, (1, 0)), (Op.R, (0,), (np.pi, 0.0)), (Op.R, (1,), (np.pi, 0.0))]
    schedule = schedule_program(program(rows), known, laboratory)
    np.testing.assert_allclose(schedule.operations["phase"], [0, -0.3, 0.2], atol=1e-15)
