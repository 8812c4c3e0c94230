"""From a record to bits, in the order in which they were measured."""

import numpy as np
import pytest

from qctl.core.errors import ParameterError
from qctl.core.parameters import Parameters
from qctl.readout import read_out, undo_readout_errors

FREQUENCIES = {0: -20e6, 1: 0.0, 2: 20e6}


def test_bits_say_on_which_side_of_its_threshold_each_point_lies(windows, trace, record, laboratory, parameters):
    asked = windows((0, 0, 1, 0, 300), (0, 2, 0, 0, 300))
    heard = trace(asked, [[0.1, -0.1], [0.1, 0.1]], FREQUENCIES)
    result = read_out(record(heard, n_bits=2), parameters, laboratory)
    assert result.counts == {"11": 1, "10": 1}
    assert result.measured == ((0, 1), (2, 0))
    assert result.iq.shape == (1, 2, 2)


def test_rotation_and_threshold_belong_to_each_qubit(windows, trace, record, laboratory, parameters):
    known = parameters.replaced({"q1.readout.rotation": -np.pi / 2, "q1.readout.threshold": 0.05})
    heard = trace(windows((0, 1, 0, 0, 300)), [[0.1j, 0.04j]], FREQUENCIES)
    assert read_out(record(heard, n_bits=1), known, laboratory).counts == {"1": 1, "0": 1}


def test_a_later_measurement_into_the_same_bit_wins(windows, trace, record, laboratory, parameters):
    asked = windows((0, 0, 0, 0, 100), (0, 0, 0, 200, 100), (0, 1, 0, 100, 50))
    heard = trace(asked, [[0.1, 0.1], [-0.1, 0.1], [0.1, -0.1]], FREQUENCIES)
    result = read_out(record(heard, n_bits=1), parameters, laboratory)
    assert result.bits[0, :, 0].tolist() == [0, 1]
    assert result.measured == ((0, 0), (1, 0), (0, 0))


def test_what_a_point_does_not_measure_is_not_a_number_and_its_bit_is_0(windows, trace, record, laboratory, parameters):
    asked = windows((0, 0, 0, 0, 100), (1, 1, 1, 0, 100))
    heard = trace(asked, [[0.1, 0.1], [0.1, 0.1]], FREQUENCIES, n_points=2)
    result = read_out(record(heard, n_bits=2, n_points=2), parameters, laboratory)
    assert (result.counts_of(0), result.counts_of(1)) == ({"10": 2}, {"01": 2})
    assert np.isnan(result.iq[0, :, 1]).all()
    assert np.isnan(result.iq[1, :, 0]).all()


def test_mitigation_uses_the_errors_of_the_qubit_behind_each_bit(windows, trace, record, laboratory, parameters):
    known = parameters.replaced({"q0.readout.p01": 0.1, "q0.readout.p10": 0.1, "q2.readout.p01": 0.0})
    shots = 10
    signs = np.where(np.arange(shots) < 1, 0.1, -0.1)  # one in ten reads 1: exactly the error of q0 in state 0
    asked = windows((0, 0, 1, 0, 100), (0, 2, 0, 0, 100))
    heard = trace(asked, [signs, -0.1 * np.ones(shots)], FREQUENCIES, shots=shots)
    result = undo_readout_errors(read_out(record(heard, n_bits=2, shots=shots), known, laboratory), known)
    assert result.quasi[0]["00"] == pytest.approx(1)


def test_a_qubit_without_threshold_is_an_error_that_names_the_parameter(windows, trace, record, laboratory, parameters):
    known = Parameters({k: v for k, v in parameters.estimates.items() if k != "q0.readout.threshold"})
    heard = trace(windows((0, 0, 0, 0, 100)), [[0.1, 0.1]], FREQUENCIES)
    with pytest.raises(ParameterError, match=r"q0\.readout\.threshold"):
        read_out(record(heard, n_bits=1), known, laboratory)
