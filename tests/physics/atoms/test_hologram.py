"""Traps share one light by their weights, and qubits shift with their traps."""

from dataclasses import replace

import numpy as np
import pytest
from tweezers import ideal

from qctl.physics.atoms.hologram import weighted
from qctl.physics.atoms.twin import Hologram

QUBITS = [f"q{k}" for k in range(4)]


@pytest.fixture
def truth():
    found = ideal(4, hologram=Hologram(exponent=0.8))
    depths = dict(zip(QUBITS, (0.9e-3, 1.0e-3, 1.1e-3, 1.2e-3), strict=True))
    sites = {name: replace(site, depth=depths.get(name, 1e-3), shift=3.0) for name, site in found.sites.items()}
    return replace(found, sites=sites, qubits=replace(found.qubits, trap_shift=2e5))


def test_traps_of_one_weight_are_as_they_are_drawn(truth):
    assert weighted(truth, dict.fromkeys(QUBITS, 0.7)) is truth
    assert weighted(truth, {}) is truth


def test_traps_share_the_light_that_all_have_together(truth):
    weights = dict(zip(QUBITS, (2.0, 1.0, 0.5, 1.0), strict=True))
    found = weighted(truth, weights).sites
    depths = np.array([found[q].depth for q in QUBITS])
    assert depths.sum() == pytest.approx(4.2e-3)
    assert depths[0] / depths[1] == pytest.approx(0.9 * 2**0.8)
    assert all(found[name] == truth.sites[name] for name in truth.sites if name not in QUBITS)


def test_a_qubit_shifts_by_what_its_trap_gains(truth):
    found = weighted(truth, dict(zip(QUBITS, (2.0, 1.0, 0.5, 1.0), strict=True))).sites
    for q in QUBITS:
        assert found[q].shift - 3.0 == pytest.approx(2e5 * (found[q].depth - truth.sites[q].depth))
