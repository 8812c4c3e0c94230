"""Rows become programs; waits keep to the clock and say where they cannot."""

import warnings

import numpy as np
import pytest

from qctl.core.errors import ProgramError
from qctl.core.program import Op
from qctl.integrations.rows import RoundedWait, Rows, on_clock


def test_rows_hold_every_kind_of_event_in_order():
    rows = Rows(1e-9)
    rows.gate(Op.U, (1,), (0.1, 0.2, 0.3), free=(0, 2))
    rows.barrier([0, 1])
    rows.reset(0)
    rows.wait(1, 20e-9)
    rows.measure(1, 4)
    program = rows.program(2, 5)
    assert program.events["op"].tolist() == [Op.U, Op.BARRIER, Op.BARRIER, Op.RESET, Op.DELAY, Op.MEASURE]
    assert program.events["bit"].tolist() == [-1, 0, 0, -1, -1, 4]
    assert np.argwhere(rows.marks()).tolist() == [[0, 0], [0, 2]]


@pytest.mark.parametrize("angle", [np.nan, np.inf])
def test_an_angle_that_is_not_finite_is_refused(angle):
    with pytest.raises(ProgramError, match="RX"):
        Rows(1e-9).gate(Op.RX, (0,), (angle,))


@pytest.mark.parametrize("wait", [-1e-9, np.nan, np.inf])
def test_a_wait_that_is_none_is_refused(wait):
    with pytest.raises(ProgramError, match="wait"):
        Rows(1e-9).wait(0, wait)


def test_waits_between_two_ticks_go_to_the_nearest_and_say_so():
    with pytest.warns(RoundedWait, match="1\\.04e-08 s becomes 1e-08 s"):
        assert on_clock(np.array([10.4e-9, 4e-9]), 1e-9).tolist() == [1e-8, 4e-9]


def test_what_arithmetic_leaves_of_a_whole_tick_is_no_rounding():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert on_clock(np.linspace(0, 30e-6, 31), 1e-9)[7] == pytest.approx(7e-6, abs=1e-18)
