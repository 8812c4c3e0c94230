"""Waiting for a state: often at first, seldom later, never beyond the deadline by more than one look."""

import pytest

from qctl.core.errors import InstrumentError
from qctl.instruments.pace import LONGEST_POLL, POLL, wait_until


def looks(clock, ready_after, timeout=100.0):
    """Return when the state was looked at, s."""
    times, begin = [], clock.monotonic()

    def reached():
        times.append(clock.monotonic() - begin)
        return times[-1] >= ready_after

    wait_until(reached, timeout, clock, lambda: "nothing came", "here")
    return times


def test_what_is_ready_at_once_costs_one_look(clock):
    assert looks(clock, 0.0) == [0.0]


@pytest.mark.parametrize("ready_after", [3e-3, 0.05, 5.0])
def test_pauses_grow_to_a_quarter_of_the_time_waited_and_no_further(clock, ready_after):
    late = looks(clock, ready_after)[-1] - ready_after
    assert late <= max(POLL, min(ready_after / 4, LONGEST_POLL)) + 1e-9


def test_a_long_wait_is_not_asked_all_the_time(clock):
    assert len(looks(clock, 10.0)) < 520


def test_at_the_deadline_it_says_what_is_missing(clock):
    begin = clock.monotonic()
    with pytest.raises(InstrumentError, match="nothing came within 2 s"):
        looks(clock, 3.0, timeout=2.0)
    assert clock.monotonic() - begin == pytest.approx(2.0, abs=LONGEST_POLL)
