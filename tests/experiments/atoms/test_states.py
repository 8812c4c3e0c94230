"""Who begins in 1 is told from who changed while looked at, and few events are believed no more than they say."""

import numpy as np
import pytest

from qctl.experiments.atoms.states import alike, unpumped


def seen(n, begin, change, seed):
    """Return brightnesses of atoms that should be dark: some are in 1, some go bright at any moment."""
    rng = np.random.default_rng(seed)
    kind, when = rng.random(n), rng.random(n)
    mean = np.where(kind < begin, 1.0, np.where(kind < begin + change, 1 - when, 0.0))
    return mean + np.where(mean > 0.9, 0.08, 0.03) * rng.standard_normal(n)


@pytest.mark.parametrize(("begin", "change"), [(0.003, 0.002), (0.02, 0.0), (0.0, 0.01), (0.01, 0.03)])
def test_atoms_that_were_not_pumped_are_counted_and_those_that_changed_are_not(begin, change):
    found = [unpumped([seen(1000, begin, change, seed * 16 + k) for k in range(16)]) for seed in range(12)]
    values, errors = np.array(found).T
    assert np.abs(values - begin).max() < 4 * errors.max()
    assert values.mean() == pytest.approx(
        begin, abs=4 * errors.mean() / np.sqrt(12) + 0.15 * errors.mean() + 0.05 * begin
    )
    assert unpumped([np.zeros(0)]) is None


def test_what_differs_by_chance_alone_is_drawn_to_the_mean_and_what_differs_in_truth_is_not():
    rng, sizes = np.random.default_rng(3), np.full(16, 1000.0)
    same = rng.binomial(1000, 0.005, 16) / 1000
    found, errors = alike(same, sizes)
    assert np.abs(found - 0.005).max() < 0.7 * np.abs(same - 0.005).max()
    assert (errors < 0.0023).all()  # what 1,000 looks at one atom leave
    apart = np.linspace(0.0, 0.1, 16)
    assert alike(apart, sizes)[0] == pytest.approx(apart, abs=0.006)
    assert alike(np.array([0.0]), np.array([50.0]))[1][0] > 0.005  # one atom of which nothing was seen
