"""Waits fit into the period of shots, however long a coherence time is believed to be."""

import numpy as np
import pytest

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
