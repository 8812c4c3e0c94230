"""A container gives back what was put in, or says that it cannot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from qctl.jobs.container import pack, unpack
from qctl.jobs.errors import DamagedError

ROWS = np.dtype([("point", np.int32), ("start", np.int64), ("amplitude", np.float64)], align=True)
WHOLE = pack({"shots": 3, "name": "☃"}, {"a": np.arange(6).reshape(2, 3), "rows": np.zeros(2, ROWS)})


@given(
    header=st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.booleans()), max_size=4),
    array=arrays.arrays(
        st.sampled_from([np.int16, np.uint8, np.float64, np.complex128]), arrays.array_shapes(min_side=0, max_dims=4)
    ),
)
@settings(max_examples=60, deadline=None)
def test_what_was_packed_is_unpacked(header, array):
    whole = pack(header, {"x": array, "y": array.T})
    found, parts = unpack(whole)
    assert found == header
    assert parts["x"].dtype == array.dtype
    np.testing.assert_array_equal(parts["x"], array)
    np.testing.assert_array_equal(parts["y"], array.T)
    assert pack(header, {"x": array, "y": array.T}) == whole


def test_columns_keep_their_names():
    _, parts = unpack(WHOLE)
    assert parts["rows"].dtype.names == ROWS.names


@given(place=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_every_flipped_bit_is_found(place, bit):
    spoiled = bytearray(WHOLE)
    spoiled[place] ^= 1 << bit
    with pytest.raises(DamagedError):
        unpack(bytes(spoiled))


@pytest.mark.parametrize("length", [0, 1, 8, 40, len(WHOLE) - 1])
def test_every_cut_is_found(length):
    with pytest.raises(DamagedError):
        unpack(WHOLE[:length])


@given(junk=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_junk_is_refused(junk):
    with pytest.raises(DamagedError):
        unpack(junk)


def test_objects_are_never_stored():
    with pytest.raises(ValueError, match="Object arrays"):
        pack({}, {"x": np.array([object()])})


def test_numbers_that_json_does_not_have_are_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack({"x": float("nan")}, {})
