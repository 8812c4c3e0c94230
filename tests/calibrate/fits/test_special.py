"""The less common curves are found, and what is not there is not."""

import numpy as np
import pytest

from qctl.calibrate import fits
from qctl.core.errors import UsageError

TAU = 2 * np.pi
N_SETS = 20


def noisy(y, noise, seed=4):
    return y + noise * np.random.default_rng(seed).normal(size=(N_SETS, len(y)))


def arc(x, highest, charging, asymmetry, centre, period):
    angle = np.pi * (x - centre) / period
    return (highest + charging) * (np.cos(angle) ** 2 + asymmetry**2 * np.sin(angle) ** 2) ** 0.25 - charging


X = np.linspace(0, 20, 101)
LOG = np.geomspace(0.01, 30, 80)
V = np.linspace(-0.6, 0.9, 41)
D = np.linspace(-10, 10, 81)
N = np.arange(20)
QUBIT = arc(V, 5.2e9, 0.25e9, 0.4, 0.1, 1.3)
RABI = 1 / (2 * 0.4)
ALLXY = np.repeat([0.0, 0.5, 1.0], [5, 12, 4])

CASES = {
    "beating": (
        lambda y: fits.fit_beating(X, y),
        np.exp(-X / 9) * (np.cos(TAU * 0.8 * X) + 0.6 * np.cos(TAU * 0.93 * X + 0.4)), 0.05,
        {"frequency1": 0.8, "frequency2": 0.93, "amplitude1": 1, "amplitude2": 0.6, "tau": 9, "phase2": 0.4},
    ),
    "two exponentials": (
        lambda y: fits.fit_exponentials(LOG, y), 1 + 0.05 * np.exp(-LOG / 0.3) - 0.03 * np.exp(-LOG / 4), 5e-4,
        {"tau1": 4, "amplitude1": -0.03, "tau2": 0.3, "amplitude2": 0.05, "offset": 1},
    ),
    "edge": (
        lambda y: fits.fit_edge(X, y), np.where(X > 7.3, 1 - np.exp(-np.maximum(X - 7.3, 0) / 1.5), 0), 0.03,
        {"start": 7.3, "height": 1, "tau": 1.5, "offset": 0},
    ),
    "sigmoid": (
        lambda y: fits.fit_sigmoid(X, y), 3 / (1 + np.exp(-(X - 12) / 0.6)), 0.1,
        {"centre": 12, "height": 3, "width": 0.6, "offset": 0},
    ),
    "arc": (
        lambda y: fits.fit_arc(V, y, charging=0.25e9), QUBIT, 1e6,
        {"highest": 5.2e9, "asymmetry": 0.4, "centre": 0.1, "period": 1.3},
    ),
    "arc, one sweet spot": (
        lambda y: fits.fit_arc(V[14:28], y, charging=0.25e9, period=1.3), QUBIT[14:28], 1e6,
        {"highest": 5.2e9, "centre": 0.1},
    ),
    "resonator arc": (
        lambda y: fits.fit_resonator_arc(V, y, highest=5.2e9, charging=0.25e9),
        7.1e9 + 0.07e9**2 / (7.1e9 - QUBIT), 2e4, {"bare": 7.1e9, "coupling": 0.07e9, "centre": 0.1, "period": 1.3},
    ),
    "chevron": (
        lambda y: fits.fit_hyperbola(D, y), np.sqrt(11**2 + (1.02 * (D - 2)) ** 2), 0.3,
        {"centre": 2, "gap": 11, "steepness": 1.02},
    ),
    "amplified error": (
        lambda y: fits.fit_amplification(N, y, amplitude=-0.45), 0.5 - 0.45 * np.cos(np.pi / 2 + (np.pi + 0.02) * N),
        0.02,
        {"error": 0.02, "offset": 0.5},
    ),
    "no error": (
        lambda y: fits.fit_amplification(N, y, amplitude=-0.45), 0.5 - 0.45 * np.cos(np.pi / 2 + np.pi * N), 0.02,
        {"error": 0.0, "offset": 0.5},
    ),
    "line of a pulse": (
        lambda y: fits.fit_rabi_line(D, y, duration=0.4),
        0.9 * RABI**2 / (RABI**2 + (D - 1.2) ** 2) * np.sin(np.pi * 0.4 * np.hypot(RABI, D - 1.2)) ** 2, 0.03,
        {"centre": 1.2, "height": 0.9, "offset": 0},
    ),
    "staircase": (
        lambda y: fits.fit_linear(np.stack([np.ones(21), ALLXY], axis=1), y, names=("offset", "scale"),
        null=("offset",)),
        0.1 + 0.8 * ALLXY, 0.03, {"offset": 0.1, "scale": 0.8},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_curve_is_found_with_honest_errors(name):
    fit, y, noise, truth = CASES[name]
    found = fit(noisy(y, noise))
    assert sum(one.ok for one in found) >= 19, [one.reason for one in found]
    for parameter, value in truth.items():
        pulls = np.array([(one.value(parameter) - value) / one.error(parameter) for one in found])
        assert np.sqrt(np.mean(pulls**2)) == pytest.approx(1, abs=0.55), parameter


@pytest.mark.parametrize("name", [name for name in CASES if "error" not in name])
def test_noise_is_no_curve(name):
    fit, y, noise, _ = CASES[name]
    found = fit(noisy(np.full(len(y), np.mean(y)), noise, seed=5))
    assert not any(one.ok for one in found)


def test_one_frequency_does_not_beat():
    found = fits.fit_beating(X, noisy(np.exp(-X / 9) * np.cos(TAU * 0.8 * X), 0.05))
    assert not any(one.ok for one in found)
    assert "one frequency explains the points as well as two" in {one.reason for one in found}


def test_as_many_exponentials_are_found_as_there_are():
    for number, tau in ((1, [1.0]), (2, [0.3, 4.0])):
        y = 1 + sum(0.05 * np.exp(-LOG / one) for one in tau)
        found = fits.fit_exponentials(LOG, noisy(y, 5e-4))
        assert np.mean([len(one.names) == 1 + 2 * number for one in found]) >= 0.9


def test_a_sharp_edge_is_known_to_a_step():
    (one,) = fits.fit_edge(X, noisy(np.where(X > 7.3, 1.0, 0.0), 0.05)[0])
    assert one.ok
    assert abs(one.value("start") - 7.3) < 0.2
    assert one.error("start") == pytest.approx(0.2 / np.sqrt(12))


def test_a_mixer_leaks_least_where_the_paraboloid_is_lowest():
    a, b = (part.ravel() for part in np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-2, 2, 7)))
    y = 2 + 3 * (a - 0.2) ** 2 + 0.5 * (b + 0.3) ** 2 + 0.4 * (a - 0.2) * (b + 0.3)
    truth = {"centre0": 0.2, "centre1": -0.3, "extremum": 2, "c00": 3, "c11": 0.5, "c01": 0.2}
    found = fits.fit_paraboloid(a, b, noisy(y, 0.1))
    assert all(one.ok for one in found)
    for parameter, value in truth.items():
        pulls = np.array([(one.value(parameter) - value) / one.error(parameter) for one in found])
        assert np.sqrt(np.mean(pulls**2)) == pytest.approx(1, abs=0.55), parameter
    (saddle,) = fits.fit_paraboloid(a, b, a**2 - b**2 + 0.01 * np.sin(np.arange(49.0) ** 2))
    assert "no extremum" in saddle.reason


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="allowed"):
        fits.fit_linear(np.ones((4, 2)), np.ones(5), names=("a", "b"))


def clouds(rng, centres, wrong, n=3000, width=0.3):
    found = []
    for k in range(len(centres)):
        state = np.where(rng.random(n) < wrong[k], 0, k)
        found.append(np.array(centres)[state] + width * (rng.normal(size=n) + 1j * rng.normal(size=n)))
    return found


def test_three_clouds_are_told_apart_and_decays_are_not_overlap():
    rng = np.random.default_rng(3)
    centres = (1 + 1j, 2.2 + 1.4j, 1.3 + 2.6j)
    found = fits.fit_three_states(*clouds(rng, centres, (0, 0.05, 0.12)))
    assert found.ok
    for k, centre in enumerate(centres):
        assert abs(found.value(f"i{k}") - centre.real) < 4 * found.error(f"i{k}")
        assert abs(found.value(f"q{k}") - centre.imag) < 4 * found.error(f"q{k}")
    assert found.value("w20") == pytest.approx(0.12, abs=4 * found.error("w20"))
    assert found.value("w10") == pytest.approx(0.05, abs=4 * found.error("w10"))
    assert found.value("w02") < 0.01
    assert found.value("width") == pytest.approx(0.3, rel=0.02)
    fresh = clouds(rng, centres, (0, 0.05, 0.12))
    places = np.array([found.value(f"i{k}") + 1j * found.value(f"q{k}") for k in range(3)])
    for k, cloud in enumerate(fresh):
        assert np.mean(fits.nearest(cloud, places) == k) == pytest.approx(found.value(f"p{k}{k}"), abs=0.03)


def test_a_state_that_was_never_prepared_is_noticed():
    rng = np.random.default_rng(3)
    one, two, _ = clouds(rng, (0, 1 + 1j, 2), (0, 0, 0))
    assert "do not separate" in fits.fit_three_states(one, two, one.copy()).reason
    assert "no data" in fits.fit_states([one, two, []]).reason
