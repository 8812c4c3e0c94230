"""A window is as long as the station's cycle, or 20 times how late the host is."""

import numpy as np
import pytest

from qctl.jobs.window import Cycle, lateness, length

FRAME = 250e-6


@pytest.mark.parametrize(
    ("cycle", "late", "expected"),
    [(0.04, 1e-3, 0.04), (0.01, 1e-3, 0.02), (0.0101, 1e-5, 0.01025), (0.0, 0.0, FRAME)],
)
def test_the_longer_of_both_in_whole_frames(cycle, late, expected):
    reported = Cycle(upload=cycle / 2, arm=cycle / 4, run=0.0, fetch=cycle / 4)
    assert length(reported, late, FRAME) == pytest.approx(expected)


def test_lateness_is_what_one_wake_in_a_thousand_exceeds():
    samples = np.full(10_000, 1e-4)
    samples[:9] = 5e-3
    assert lateness(samples) == pytest.approx(1e-4)
    samples[:40] = 5e-3
    assert lateness(samples) == pytest.approx(5e-3)


def test_an_unmeasured_host_is_taken_for_a_plain_one():
    assert length(Cycle(upload=0, arm=0, run=0, fetch=0), lateness([1e-5] * 10), FRAME) == pytest.approx(0.25)
