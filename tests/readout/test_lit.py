"""Frames of answers without any light are told from those with little of it."""

import numpy as np
import pytest

from qctl.core.port import Port
from qctl.core.record import Images
from qctl.core.sequence import READ, Exposing
from qctl.readout.image import is_lit


def images(light, checks, shots=20):
    """Return frames of 64 by 64 pixels, those of answers with some grey values more on average."""
    rng = np.random.default_rng(1)
    pixels = rng.normal(100, 2, (shots, 1, 2, 64, 64))
    pixels[:, :, 1] += 2 * rng.poisson(light / 2, pixels[:, :, 1].shape)
    exposing = Exposing(Port("camera", 1), np.array([[0.0, 1e-3], [2e-3, 5e-3]]), np.zeros(0, READ), checks)
    return Images(np.rint(pixels).astype(np.uint16), exposing)


@pytest.mark.parametrize(("light", "lit"), [(0.0, False), (0.13, True), (5.0, True)])
def test_a_tenth_of_a_grey_value_shows_in_twenty_frames(light, lit):
    assert is_lit(images(light, {0: "dark", 1: "answers"})) is lit


def test_nothing_is_said_without_a_dark_frame():
    assert is_lit(images(1.0, {0: "present", 1: "left"})) is None
