"""Each kind of curve is found in points that were made with it, and bad points are an outcome, not an exception."""

import numpy as np
import pytest

from qctl.calibrate import fits
from qctl.core.errors import UsageError

X = np.linspace(0, 10, 51)
TAU = 2 * np.pi
F = np.linspace(4.99e9, 5.01e9, 101)


def notch(f, fr=5.001e9, ql=5000, qc=7000, theta=0.2, amplitude=3.0, phase=0.7, delay=40e-9):
    circle = 1 - ql / qc * np.exp(1j * theta) / (1 + 2j * ql * (f - fr) / fr)
    return amplitude * np.exp(1j * (phase - TAU * delay * (f - fr))) * circle


CASES = {
    "line": (fits.fit_line, X, 2 * X + 1, {"slope": 2, "intercept": 1}),
    "zero": (fits.fit_zero, X, 2 * X - 8, {"zero": 4, "slope": 2}),
    "parabola": (fits.fit_parabola, X, 2 * (X - 4) ** 2 + 1, {"centre": 4, "curvature": 2, "extremum": 1}),
    "decay": (fits.fit_decay, X, 3 * np.exp(-X / 2.5) + 1, {"amplitude": 3, "tau": 2.5, "offset": 1}),
    "rb": (fits.fit_rb, 20 * X, 0.5 * 0.99 ** (20 * X) + 0.5, {"amplitude": 0.5, "p": 0.99, "offset": 0.5}),
    "cosine": (
        fits.fit_cosine, X, 3 * np.cos(TAU * 0.33 * X + 1) - 2,
        {"amplitude": 3, "frequency": 0.33, "phase": 1, "offset": -2},
    ),
    "damped cosine": (
        fits.fit_damped_cosine, X, 3 * np.exp(-X / 4) * np.cos(TAU * 0.33 * X + 1) - 2,
        {"amplitude": 3, "frequency": 0.33, "phase": 1, "offset": -2, "tau": 4},
    ),
    "lorentzian": (
        fits.fit_lorentzian, X, 3 / (1 + (2 * (X - 4) / 1.2) ** 2) + 1,
        {"centre": 4, "fwhm": 1.2, "height": 3, "offset": 1}
    ),
    "gaussian": (
        fits.fit_gaussian, X, -3 * np.exp2(-((2 * (X - 4) / 1.2) ** 2)),
        {"centre": 4, "fwhm": 1.2, "height": -3, "offset": 0}
    ),
    "notch": (
        fits.fit_resonator, F, notch(F),
        {"frequency": 5.001e9, "ql": 5000, "qc": 7000, "theta": 0.2, "amplitude": 3, "phase": 0.7, "delay": 40e-9},
    ),
    "mirrored notch": (
        fits.fit_resonator, F, notch(F).conj(),
        {"frequency": 5.001e9, "ql": 5000, "qc": 7000, "theta": -0.2, "amplitude": 3, "phase": -0.7, "delay": -40e-9},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("known", [True, False])
def test_a_curve_is_found_with_honest_errors(name, known):
    fit, x, y, truth = CASES[name]
    noise = 0.02 * np.ptp(np.abs(y))
    rng = np.random.default_rng(3)
    shape = (20, len(x))
    points = y + noise * (rng.normal(size=shape) + (1j * rng.normal(size=shape) if np.iscomplexobj(y) else 0))
    found = fit(x, points, noise if known else None)
    assert len(found) == 20
    assert sum(one.ok for one in found) >= 19, [one.reason for one in found]
    for parameter, value in truth.items():
        pulls = np.array([(one.value(parameter) - value) / one.error(parameter) for one in found])
        assert np.sqrt(np.mean(pulls**2)) == pytest.approx(1, abs=0.55), parameter


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("scale", [1e-12, 1e9])
def test_units_do_not_matter(name, scale):
    fit, x, y, truth = CASES[name]
    y = y + 0.01 * np.random.default_rng(1).normal(size=y.shape) * np.ptp(np.abs(y))
    (usual,), (scaled,) = fit(x, y), fit(x, y * scale)
    assert scaled.ok == usual.ok
    assert scaled.contrast == pytest.approx(usual.contrast, rel=1e-3)
    for parameter in truth:
        factor = (
            1
            if parameter in {"tau", "p", "frequency", "phase", "centre", "fwhm", "zero", "ql", "qc", "theta", "delay"}
            else scale
        )
        assert scaled.value(parameter) == pytest.approx(
            usual.value(parameter) * factor, rel=1e-3, abs=1e-3 * usual.error(parameter) * factor
        )


POISON = {
    "no data": [],
    "too few": [1.0, 2.0],
    "not finite": [np.nan] * 30,
    "not finite numbers": [*np.sin(np.arange(30)), np.inf],
    "same at every point": [2.5] * 30,
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("reason", POISON)
def test_bad_points_are_an_outcome_with_a_reason(name, reason):
    fit, y = CASES[name][0], POISON[reason]
    (found,) = fit(np.arange(len(y)), y)
    assert not found.ok
    assert reason in found.reason


def test_axes_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="allowed"):
        fits.fit_line(np.arange(4), np.arange(5))
    with pytest.raises(UsageError, match="allowed"):
        fits.fit_resonator(np.arange(4), np.arange(5))


def shots(rng, n, own, other, wrong):
    centre = np.where(rng.random(n) < wrong, other, own)
    return centre + 0.3 * (rng.normal(size=n) + 1j * rng.normal(size=n))


def test_two_clouds_are_told_apart_and_their_errors_explained():
    rng, c0, c1 = np.random.default_rng(2), 1 + 1j, 2 + 1.5j
    found = fits.fit_two_states(shots(rng, 4000, c0, c1, 0.01), shots(rng, 4000, c1, c0, 0.08))
    assert found.ok
    truth = {
        "i0": 1,
        "q0": 1,
        "i1": 2,
        "q1": 1.5,
        "width": 0.3,
        "wrong0": 0.01,
        "wrong1": 0.08,
        "angle": np.arctan2(0.5, 1),
    }
    for parameter, value in truth.items():
        assert abs(found.value(parameter) - value) < 4 * found.error(parameter), parameter


def test_clouds_that_lie_on_each_other_are_refused():
    rng = np.random.default_rng(2)
    found = fits.fit_two_states(shots(rng, 1000, 1, 1, 0), shots(rng, 1000, 1, 1, 0))
    assert not found.ok
    assert "do not separate" in found.reason
