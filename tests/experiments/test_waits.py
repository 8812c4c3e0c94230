"""Waits fit into the period of shots, however long a coherence time is believed to be."""

import numpy as np
import pytest

from qctl.calibrate.fits import fit_decay
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.parameters import Estimate, Parameters
from qctl.experiments.decays import waits_for

LAB = read_laboratory(find_laboratory("transmon5"))


@pytest.mark.parametrize("error", [1e-6, np.inf])
@pytest.mark.parametrize("t1", [1e-9, 5e-6, 44e-6, 1.0])
def test_waits_rise_on_the_grid_and_end_within_the_period(t1, error):
    known = Parameters({"q0.t1": Estimate(t1, error, "s")})
    waits = np.array(waits_for(LAB, known, "q0.t1", 3.0, 15))
    assert np.all(np.diff(waits) > 0)
    assert waits[-1] < 0.95 * LAB.period
    np.testing.assert_allclose(waits / 4e-9, np.rint(waits / 4e-9), atol=1e-6)


def test_a_decay_ten_times_faster_than_believed_is_found_at_once():
    """A defect that sits on a qubit does that."""
    waits = np.array(waits_for(LAB, Parameters({"q0.t1": Estimate(44e-6, np.inf, "s")}), "q0.t1", 3.0, 15))
    seen = np.exp(-waits / 4e-6) + np.random.default_rng(3).normal(size=15) * 0.02
    (fit,) = fit_decay(waits, seen, 0.02)
    assert fit.ok, fit.reason
    assert abs(fit.value("tau") - 4e-6) < 4 * fit.error("tau")
