"""Atoms whose traps were off swing in them as mechanics says; a second release finds them where that brought them."""

from dataclasses import replace

import numpy as np
import pytest
from tweezers import ideal

from qctl.experiments.atoms.trap_frequency import twice_released
from qctl.physics.atoms.ensemble import Ensemble
from qctl.physics.atoms.flight import REMEMBERED, swung, trap
from qctl.physics.atoms.rubidium import BOLTZMANN, MASS
from qctl.physics.atoms.twin import Tweezers

TRUTH = Tweezers(temperature=15e-6)


def frequency(depth):
    return np.sqrt(4 * BOLTZMANN * depth / MASS) / TRUTH.waist / (2 * np.pi)


def test_an_atom_that_swings_little_is_back_after_one_period():
    r, v = np.array([[[2e-9, 0, 0]]]), np.zeros((1, 1, 3))
    for share, wanted in ((1.0, 1), (0.5, -1), (0.25, 0)):
        x = swung(r, v, np.array([1e-3]), np.array([share / frequency(1e-3)]), TRUTH)[0][0, 0, 0]
        assert x == pytest.approx(2e-9 * wanted, abs=2e-11)


def test_energy_stays_whatever_the_swing():
    rng = np.random.default_rng(1)
    r, v = rng.normal(0, 0.15e-6, (2, 50, 3)), rng.normal(0, 0.05, (2, 50, 3))
    depths = np.array([0.8e-3, 1.2e-3])

    def energy(r, v):
        return 0.5 * MASS * (v**2).sum(axis=-1) / BOLTZMANN - trap(r, depths[:, None], TRUTH)

    after = energy(*swung(r, v, depths, np.array([17e-6, 23e-6]), TRUTH))
    np.testing.assert_allclose(after, energy(r, v), atol=1e-3 * 0.8e-3)


def left(pause, depth, n=6000):
    """Return the share of one site's atoms that two releases, 4 and 20 us, leave."""
    truth = ideal(1, tweezers=TRUTH)
    truth = replace(truth, sites={name: replace(site, depth=depth) for name, site in truth.sites.items()})
    atoms = Ensemble.empty(truth, n, np.random.default_rng(2))
    atoms.present[:, 0], atoms.temperature[:] = True, TRUTH.temperature
    atoms.release([0], 0.0, 4e-6)
    atoms.release([0], 4e-6 + pause, 24e-6 + pause)
    return atoms.present[:, 0].mean()


def test_two_releases_leave_what_the_fit_expects_of_such_a_trap():
    for depth in (0.9e-3, 1.1e-3):
        pauses = np.array([2e-6, 4.5e-6, 7e-6, 11e-6])
        wanted = twice_released(pauses, np.array([frequency(depth)]), TRUTH.temperature / depth)[0]
        assert np.ptp(wanted) > 0.4
        np.testing.assert_allclose([left(t, depth) for t in pauses], wanted, atol=0.03)


def test_nobody_knows_where_an_atom_is_long_after_a_release():
    assert left(1.01 * REMEMBERED, 1e-3) == left(1.5 * REMEMBERED, 1e-3)
