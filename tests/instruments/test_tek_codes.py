"""Codes as a Tektronix AWG takes them."""

import numpy as np
import pytest

from qctl.core.errors import InstrumentError
from qctl.instruments.tek_awg5200 import as_floats, as_marker_bytes


def test_every_code_comes_back_from_its_float():
    codes = np.arange(-32767, 32768).astype(np.int16)
    floats = as_floats(codes)
    assert floats.dtype == np.dtype("<f4")
    np.testing.assert_array_equal(np.rint(floats * np.float32(32767)), codes)
    np.testing.assert_array_equal(np.rint(floats.astype(np.float64) * 32767), codes)
    assert np.abs(floats).max() == 1.0


def test_a_code_beyond_full_scale_and_a_second_marker_are_refused():
    with pytest.raises(InstrumentError, match="-32768"):
        as_floats(np.array([-32768], np.int16))
    with pytest.raises(InstrumentError, match="second marker"):
        as_marker_bytes(np.array([0, 2], np.uint8))
