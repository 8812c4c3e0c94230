"""Raw data are files that are named by what they hold, and refused when they hold something else."""

import numpy as np
import pytest

from qctl.calibrate import raw_data
from qctl.core.errors import ReadoutError


def test_what_was_kept_comes_back(tmp_path):
    arrays = {"iq": np.arange(6).reshape(2, 3) * 1j, "bits": np.array([[1, 2]], np.uint8)}
    digest = raw_data.keep(tmp_path, arrays)
    found = raw_data.load(tmp_path, digest)
    assert found.keys() == arrays.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype


def test_the_same_data_are_one_file_and_others_another(tmp_path):
    first = raw_data.keep(tmp_path, {"iq": np.arange(3)})
    assert raw_data.keep(tmp_path, {"iq": np.arange(3)}) == first
    assert raw_data.keep(tmp_path, {"iq": np.arange(4)}) != first
    files = [path for path in (tmp_path / "raw").rglob("*") if path.is_file()]
    assert len(files) == 2


def test_a_changed_bit_and_a_lost_file_are_noticed(tmp_path):
    digest = raw_data.keep(tmp_path, {"iq": np.arange(3)})
    path = raw_data.place(tmp_path, digest)
    content = bytearray(path.read_bytes())
    content[-30] ^= 1
    path.write_bytes(content)
    with pytest.raises(ReadoutError, match="not what was written"):
        raw_data.load(tmp_path, digest)
    path.unlink()
    with pytest.raises(ReadoutError, match="cannot be read"):
        raw_data.load(tmp_path, digest)


def test_nothing_that_needs_pickle_is_kept(tmp_path):
    with pytest.raises(ValueError, match="Object arrays"):
        raw_data.keep(tmp_path, {"iq": np.array([object()])})
