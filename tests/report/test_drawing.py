"""Drawings show what was measured, carry no code of others, and stand by themselves."""

import base64
import re
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctl.calibrate.outcome import Figure
from qctl.core.picture.scale import axis
from qctl.report.drawing import svg
from qctl.report.image import png_address

X = np.linspace(0, 20e-6, 41)


def figure(y, **more):
    return Figure("a <b>title</b> & more", X, y, "wait (s)", "P(1)", **more)


def dots(drawing, kind="dot"):
    paths = [e for e in ElementTree.fromstring(drawing).iter() if e.get("class") == kind]
    return [re.findall(r"M([-\d.]+) ([-\d.]+)", path.get("d")) for path in paths]


def test_every_point_is_drawn_where_its_axis_says():
    y = np.cos(2e6 * X)
    (places,) = dots(svg(figure(y)))
    across, up = np.array(places, float).T
    assert len(across) == len(X)
    np.testing.assert_allclose(np.polyval(np.polyfit(X, across, 1), X), across, atol=0.06)
    np.testing.assert_allclose(np.polyval(np.polyfit(y, up, 1), y), up, atol=0.06)
    assert up[np.argmax(y)] < up[np.argmin(y)]  # up is up


def test_residuals_are_those_of_the_curve_in_standard_deviations():
    curve = np.sin(1e6 * X)
    off = np.where(np.arange(41) == 17, 3.0, 0.0) * 0.1
    drawn = svg(figure(curve + off, sigma=np.full(41, 0.1), curve_x=X, curve_y=curve))
    _, below = dots(drawn)
    heights = np.array(below, float)[:, 1]
    assert np.argmin(heights) == 17
    assert np.ptp(np.delete(heights, 17)) < 0.2
    assert "off, σ" in drawn


def test_points_with_names_have_them_below_and_levels_of_the_fit_instead_of_a_curve_between_them():
    names = tuple(f"<{k}>" for k in range(6))
    whole = Figure(
        "t", np.arange(6.0), np.ones(6), "row", "y", np.full(6, 0.1), np.arange(6.0), np.ones(6), names=names
    )
    drawn = svg(whole)
    texts = [one.text for one in ElementTree.fromstring(drawn).iter() if one.get("class") == "number"]
    assert [text for text in texts if text in names] == list(names)
    (levels,) = [one.get("d") for one in ElementTree.fromstring(drawn).iter() if one.get("class") == "curve"]
    assert levels.count("M") == levels.count("h14") == 6


def test_names_that_would_overlap_are_thinned():
    names = tuple(f"qubit{k}" for k in range(16))
    drawn = svg(Figure("t", np.arange(16.0), np.ones(16), "trap", "y", names=names))
    texts = [one.text for one in ElementTree.fromstring(drawn).iter() if one.get("class") == "number"]
    assert [text for text in texts if text in names] == list(names)[::3]


@pytest.mark.parametrize("largest", [0.3, 0.9, 1.4, 1.85, 2.1, 3.0, 4.4, 6.0, 17.0])
def test_residuals_have_numbers_on_both_sides_of_zero(largest):
    off = np.where(np.arange(41) == 17, largest, 0.0)
    drawn = svg(figure(0.1 * off, sigma=np.full(41, 0.1), curve_x=X, curve_y=np.zeros(41)))
    strip = [
        e for e in ElementTree.fromstring(drawn).iter() if e.get("class") == "number" and e.get("text-anchor") == "end"
    ]
    below = [float(e.text) for e in strip if float(e.get("y")) > 155]
    assert min(below) < 0 < max(below)
    assert len(below) <= 5


@pytest.mark.parametrize(
    "y", [np.full(41, np.nan), np.zeros(41), np.where(np.arange(41) % 2, np.inf, 1.0), 1j * np.ones(41), np.exp(1j * X)]
)
def test_odd_data_are_drawn_as_far_as_they_are_numbers(y):
    drawn = svg(figure(y))
    ElementTree.fromstring(drawn)
    assert "nan" not in drawn
    assert "inf" not in drawn.replace("infinite", "")


def test_nothing_of_a_title_is_code():
    drawn = svg(figure(X))
    assert "<b>" not in drawn
    assert ElementTree.fromstring(drawn).find("text").text == "a <b>title</b> & more"


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e6))
def test_ticks_are_round_inside_the_axis_and_told_apart(low, span):
    drawn = axis(np.array([low, low + max(span, 1e-3 * abs(low))]), 0.0, 300.0, "f (Hz)")
    ticks = drawn.ticks()
    assert 2 <= len(ticks) <= 7
    assert all(-1e-6 <= place <= 300 + 1e-6 for place, _ in ticks)
    assert len({number for _, number in ticks}) == len(ticks)
    numbers = np.array([float(number) for _, number in ticks])
    np.testing.assert_allclose(drawn.at(numbers * drawn.scale), [place for place, _ in ticks], atol=1e-3)


def test_units_take_the_prefix_that_the_values_ask_for():
    assert axis(np.array([0.0, 4.2e-6]), 0, 1, "wait (s)").label == "wait (µs)"
    assert axis(np.array([4.9e9, 5.1e9]), 0, 1, "frequency (Hz)").label == "frequency (GHz)"
    assert axis(np.array([0.0, 1.0]), 0, 1, "P(1)").label == "P(1)"


def test_an_image_keeps_every_pixel_in_its_place():
    image = np.arange(6.0).reshape(2, 3)
    image[1, 2] = np.nan
    data = base64.b64decode(png_address(image).partition(",")[2])
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    rows = zlib.decompress(data[start + 4 : start + 4 + length])
    pixels = np.frombuffer(rows, np.uint8).reshape(2, 10)[:, 1:].reshape(2, 3, 3)
    assert pixels[0, 2].tolist() == [128, 128, 128]  # the upper row of the drawing is the last of the image
    lightness = pixels.astype(float).sum(axis=2)
    assert np.all(np.diff([*lightness[1], *lightness[0, :2]]) > 0)
