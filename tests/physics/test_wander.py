"""What moves in virtual time is exact in distribution and does not depend on who looked when."""

import numpy as np
import pytest

from qctl.physics.wander import BASE, Leaps, Switch, Wanders

TIMES = [0.0, 0.002, 17.5, 17.501, 400.0, BASE - 0.001, BASE + 3.0, 5 * BASE + 11.0]

LOOKS = [(5.0, 0.01), (5.0, 7.3), (BASE - 1.0, 2.0), (BASE / 2, 3000.0), (100.0, 3 * BASE)]


def test_the_path_is_the_same_in_whatever_order_and_however_often_one_asks():
    forward, backward = (Wanders([1.0, 2.0], [10.0, 1e4], seed=3) for _ in range(2))
    first = np.array([forward.at(t) for t in TIMES])
    second = np.array([backward.at(t) for t in reversed(TIMES)])[::-1]
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, [forward.at(t) for t in TIMES])
    assert not np.array_equal(first, [Wanders([1.0, 2.0], [10.0, 1e4], seed=4).at(t) for t in TIMES])


@pytest.mark.parametrize("tau", [0.5, 30.0, 4000.0])
@pytest.mark.parametrize(
    ("start", "lag"), [(5.0, 0.01), (5.0, 7.3), (BASE - 1.0, 2.0), (BASE / 2, 3000.0), (100.0, 3 * BASE)]
)
def test_variance_and_correlation_are_those_of_the_process(tau, start, lag):
    n = 20_000
    bank = Wanders(np.full(n, 2.0), np.full(n, tau), seed=1)
    before, after = bank.at(start), bank.at(start + lag)
    grid = BASE / 2**23
    steps = np.floor((start + lag) / grid) - np.floor(start / grid)
    assert before.std() == pytest.approx(2.0, rel=0.03)
    assert after.std() == pytest.approx(2.0, rel=0.03)
    assert np.mean(before * after) / 4 == pytest.approx(np.exp(-steps * grid / tau), abs=0.03)
    moved = np.mean((after - before) ** 2) / 8
    assert moved == pytest.approx(-np.expm1(-steps * grid / tau), rel=0.05, abs=1e-9)


def test_a_switch_is_on_for_its_share_and_flips_at_its_rate():
    switch, again = (Switch(on=3.0, off=9.0, seed=2, name="one") for _ in range(2))
    times = np.arange(0, 60_000, 0.5)
    found = np.array([switch.at(t) for t in times])
    assert found.mean() == pytest.approx(0.25, abs=0.01)
    ups = int(np.sum(np.diff(found.astype(int)) == 1))
    relax = np.exp(-0.5 * (1 / 3 + 1 / 9))
    assert ups == pytest.approx(len(times) * 0.75 * 0.25 * (1 - relax), rel=0.05)
    assert [again.at(t) for t in times[::-7]] == found[::-7].tolist()


def test_a_switch_without_an_end_is_always_on():
    assert Switch(on=np.inf, off=5.0, seed=1, name="x").at(1e9)
    assert Switch(on=5.0, off=0.0, seed=1, name="x").at(0.0)


def test_leaps_come_at_their_rate_and_stay():
    several = [Leaps(every=100.0, size=3.0, seed=seed, name="q0") for seed in range(400)]
    assert all(leaps.at(0.0) == 0 for leaps in several)
    ends = np.array([leaps.at(1000.0) for leaps in several])
    assert ends.std() == pytest.approx(3.0 * np.sqrt(10), rel=0.1)
    assert np.mean([leaps.at(10.0) == 0 for leaps in several]) == pytest.approx(np.exp(-0.1), abs=0.04)
    assert np.array_equal(ends, [leaps.at(1000.0) for leaps in several])
