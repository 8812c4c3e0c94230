"""What pairs of ions say at points of their own goes to each of them."""

import numpy as np
import pytest

from qctl.compile import default_parameters
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.record import Timing
from qctl.core.result import Result
from qctl.experiments.ions.pairs import shares_of_each


def test_points_of_one_pair_follow_those_of_the_other():
    ions = read_laboratory(find_laboratory("ion8"))
    known = default_parameters(ions)
    known = known.replaced({f"q{k}.readout.{error}": 0.0 for k in range(3) for error in ("p01", "p10")})
    bits = np.zeros((4, 10, 3), np.uint8)  # two points of q0-q1, then two of q1-q2
    bits[1, :, :2] = bits[2, :, 2] = 1
    bits[3, :4, 1:] = 1
    measured = ((0, 0), (1, 1), (2, 2))
    result = Result(bits, np.zeros(bits.shape, complex), measured, ions.qubit_names, (0, 1, 2), "0", Timing())
    pairs, found, errors = zip(*shares_of_each(result, known, ions, ("q0-q1", "q1-q2")), strict=True)
    assert pairs == ("q0-q1", "q1-q2")
    assert found[0] == pytest.approx(np.array([[1, 0, 0], [0, 0, 1]]))
    assert found[1] == pytest.approx(np.array([[0, 1, 0], [0.6, 0, 0.4]]))
    assert errors[1][1, 0] == pytest.approx((0.6 * 0.4 / 10) ** 0.5, rel=0.02)
