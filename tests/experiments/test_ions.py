"""What experiments on ions say of photons, and of where modes are looked for."""

from pathlib import Path

import numpy as np
import pytest

from qctl.calibrate.targets import all_targets, chosen, related
from qctl.config import read_laboratory
from qctl.core.names import Target
from qctl.experiments.ions.modes import spectrum
from qctl.experiments.ions.photons import best_threshold, distribution, fit_photons
from qctl.experiments.nodes import nodes_of
from qctl.physics.ions.crystal import modes


@pytest.mark.parametrize(
    ("bright", "dark", "threshold", "wrong"), [(20, 0.5, 5, 4.3e-5), (10, 1, 3, 1.5e-2), (30, 2, 10, 1.5e-5)]
)
def test_the_best_threshold_between_two_poissonians_is_found(bright, dark, threshold, wrong):
    n = np.arange(120)
    assert best_threshold(dark, bright) == threshold
    lost = 1 - np.cumsum(distribution(n, dark, bright, 0.0))[threshold]
    missed = np.cumsum(distribution(n, bright, dark, 0.0))[threshold]
    assert (lost + missed) / 2 == pytest.approx(wrong, rel=0.03)


def test_leaks_are_told_from_means():
    rng = np.random.default_rng(1)
    until = np.minimum(rng.exponential(1 / 0.08, 4000), 1.0)
    bright = rng.poisson(22 * until + 0.4 * (1 - until))
    found = fit_photons(rng.poisson(0.4, 4000), bright)
    assert found.bright == pytest.approx(22, rel=0.02)
    assert found.dark == pytest.approx(0.4, rel=0.1)
    assert found.leak_bright == pytest.approx(0.077, abs=0.012)
    assert abs(found.threshold - best_threshold(0.4, 22, 0.0, 0.077)) <= 1


def test_laws_of_photons_are_normalised():
    assert distribution(np.arange(200), 20.0, 0.5, 0.3).sum() == pytest.approx(1.0, abs=1e-9)


def test_modes_are_looked_for_where_an_ideal_chain_has_them():
    for n in (1, 2, 5, 8):
        ratios, parts = spectrum(n)
        assert ratios == pytest.approx(modes(n).ratios)
        assert np.abs(parts) == pytest.approx(np.abs(modes(n).vectors), abs=1e-6)


def test_a_chain_has_steps_for_ions_trap_and_pairs():

    lab = read_laboratory(Path(__file__).parents[2] / "configs" / "ion8.yaml")
    assert {node.kind for node in nodes_of(lab)} == set(Target)
    assert "trap" in all_targets(lab, Target.LINE)
    assert chosen(lab, ["q0", "q1"])[Target.COUPLING] == ("q0-q1",)
    assert "trap" in related(lab, Target.QUBIT, "q3", Target.LINE)
    assert related(lab, Target.LINE, "trap", Target.QUBIT) == lab.qubit_names
