"""Traps tell how fast atoms swing in them, and how hot these are, by who is left after two releases."""

import numpy as np

from qctl.experiments.atoms.trap_frequency import DESIGNED, TrapFrequency, swinging, twice_released

POINTS = 13


def test_the_fit_knows_its_errors():
    rng, times, pulls = np.random.default_rng(1), TrapFrequency(None, (), n_points=POINTS).times(), []
    for true in DESIGNED * np.linspace(0.9, 1.1, 8):
        p = twice_released(times, np.array([true]), 0.014)[0] * 0.95
        seen = rng.binomial(100, p)
        smooth = (seen + 1) / 102
        fit = swinging(times, seen / 100, np.sqrt(smooth * (1 - smooth) / 100))
        assert fit.ok
        pulls.append((fit.value("frequency") - true) / fit.error("frequency"))
    assert abs(np.mean(pulls)) < 1.1
    assert 0.4 < np.std(pulls) < 1.6


def test_atoms_that_stay_whatever_is_done_swing_at_no_frequency():
    fit = swinging(TrapFrequency(None, (), n_points=POINTS).times(), np.full(POINTS, 0.95), np.full(POINTS, 0.03))
    assert not fit.ok
