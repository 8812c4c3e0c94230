"""Traps tell how fast atoms swing in them, and how hot these are, by who is left after two releases."""

import numpy as np
import pytest
from direct import Direct
from true_atoms import true_parameters

from qctl.calibrate.workbench import Workbench
from qctl.experiments.atoms.trap_frequency import DESIGNED, TrapFrequency, depth_of, swinging, twice_released

POINTS = 13


def test_frequency_and_temperature_of_a_trap_are_found():
    direct = Direct("atoms16", seed=5)
    known = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    known = known.replaced({f"{q}.readout.present": 112.0 for q in direct.laboratory.qubits})
    (found,) = Workbench(direct, known).ask(TrapFrequency(direct.laboratory, ("q5",), n_points=POINTS, shots=100))
    assert not found.reason
    frequency, heat = (found.found[f"q5.site.{name}"] for name in ("trap_frequency", "temperature"))
    depth = direct.truth.sites["q5"].depth
    assert depth_of(frequency.value) == pytest.approx(depth, rel=0.05)
    assert 2 * frequency.error / frequency.value < 0.02
    assert heat.value == pytest.approx(direct.truth.tweezers.temperature, rel=0.3)


def test_the_fit_knows_its_errors():
    rng, times, pulls = np.random.default_rng(1), TrapFrequency(None, (), n_points=POINTS).times(), []
    for true in DESIGNED * np.linspace(0.9, 1.1, 12):
        p = twice_released(times, np.array([true]), 0.014)[0] * 0.95
        seen = rng.binomial(100, p)
        smooth = (seen + 1) / 102
        fit = swinging(times, seen / 100, np.sqrt(smooth * (1 - smooth) / 100))
        assert fit.ok
        pulls.append((fit.value("frequency") - true) / fit.error("frequency"))
    assert abs(np.mean(pulls)) < 0.7
    assert 0.6 < np.std(pulls) < 1.4


def test_atoms_that_stay_whatever_is_done_swing_at_no_frequency():
    fit = swinging(TrapFrequency(None, (), n_points=POINTS).times(), np.full(POINTS, 0.95), np.full(POINTS, 0.03))
    assert not fit.ok
