"""Runs of samples against the closing and opening of morphology, which they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import binary_closing, binary_opening

from qctl.physics.runs import runs

FAR = 40  # samples that are off at both ends: there morphology sees no border


@given(st.lists(st.booleans(), max_size=80), st.integers(1, 9), st.integers(1, 9))
def test_runs_are_what_closing_and_opening_leave(samples, gap, least):
    on = np.pad(np.array(samples, bool), FAR)
    left = binary_opening(binary_closing(on, np.ones(gap)), np.ones(least))
    edges = np.flatnonzero(np.diff(left.astype(int))) + 1
    assert runs(on, gap, least).tolist() == edges.reshape(-1, 2).tolist()


@pytest.mark.parametrize(("samples", "found"), [("", []), ("000", []), ("111", [[0, 3]]), ("10110", [[0, 4]])])
def test_borders_are_no_gaps(samples, found):
    assert runs(np.array([s == "1" for s in samples], bool), 3).tolist() == found
