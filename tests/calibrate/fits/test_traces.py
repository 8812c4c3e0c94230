"""Traces as laboratories have them: unknown units, I and Q, drifts, beats, uneven axes, few points."""

import numpy as np
import pytest

from qctl.calibrate.fits.traces import KINDS, fit_trace
from qctl.core.errors import UsageError

TAU = 2 * np.pi
T = np.linspace(0, 40e-6, 41)
A = np.linspace(0, 1, 31)
F = np.linspace(4.9e9, 5.1e9, 61)
UNEVEN = np.unique(np.round(np.geomspace(0.1e-6, 40e-6, 45), 9))


SCALE, ORIGIN = 1e-3 * np.exp(0.7j), 2e-3 + 1e-3j  # distance of the states and place of 0 in the IQ plane, in volts


def in_iq(population, noise, rng):
    """Return what a digitizer gives."""
    both = rng.normal(size=len(population)) + 1j * rng.normal(size=len(population))
    return ORIGIN + SCALE * population + abs(SCALE) * noise * both


def wave(t, f, tau, power=1.0, phase=0.0):
    return 0.5 - 0.5 * np.exp(-((t / tau) ** power)) * np.cos(TAU * f * t + phase)


# By name: kind, axis, population, what is known of it. Noise is 4 % of the distance of the states.
TRACES = {
    "T1": ("t1", T, np.exp(-T / 12e-6), {"tau": 12e-6}),
    "T1 over logarithmic times": ("t1", UNEVEN, np.exp(-UNEVEN / 8e-6), {"tau": 8e-6}),
    "T1 from 0 to 1": ("t1", T, 1 - np.exp(-T / 12e-6), {"tau": 12e-6}),
    "echo": ("echo", T, 0.5 - 0.5 * np.exp(-T / 12e-6), {"tau": 12e-6}),
    "echo, 1/f noise": ("echo", T, 0.5 - 0.5 * np.exp(-((T / 14e-6) ** 2)), {"tau": 14e-6}),
    "echo with a turning last pulse": ("echo", T, wave(T, 0.3e6, 14e-6), {"tau": 14e-6, "frequency": 0.3e6}),
    "Ramsey": ("ramsey", T, wave(T, 0.3e6, 12e-6), {"tau": 12e-6, "frequency": 0.3e6}),
    "Ramsey, slow noise": ("ramsey", T, wave(T, 0.3e6, 15e-6, 2.0), {"tau": 15e-6, "frequency": 0.3e6}),
    "Ramsey that drifts": ("ramsey", T, wave(T, 0.3e6, 12e-6) + 0.3 * T / 40e-6, {"frequency": 0.3e6}),
    "Ramsey over uneven times": ("ramsey", UNEVEN, wave(UNEVEN, 0.15e6, 20e-6), {"frequency": 0.15e6}),
    "Ramsey that beats": (
        "ramsey", T, (wave(T, 0.3e6, 25e-6) + wave(T, 0.37e6, 25e-6)) / 2, {"tau": 25e-6},
    ),
    "Rabi against amplitude": ("rabi", A, 0.5 - 0.45 * np.cos(TAU * 1.3 * A), {"pi": 0.5 / 1.3}),
    "Rabi, one period": ("rabi", A, 0.5 - 0.45 * np.cos(TAU * 1.0 * A), {"pi": 0.5}),
    "Rabi against both signs": ("rabi", A - 0.5, 0.3 + 0.3 * np.cos(TAU * 2 * (A - 0.5)), {"pi": 0.25}),
    "Rabi against time": ("rabi", T, wave(T, 0.4e6, 30e-6), {"frequency": 0.4e6}),
    "line": ("spectroscopy", F, 0.5 / (1 + (2 * (F - 5.01e9) / 14e6) ** 2), {"centre": 5.01e9, "fwhm": 14e6}),
    "line on a slope": (
        "spectroscopy", F, 0.5 * np.exp2(-((2 * (F - 4.98e9) / 14e6) ** 2)) + (F - 5e9) / 0.3e9, {"centre": 4.98e9},
    ),
    "randomised benchmarking": ("rb", np.arange(1, 400, 12.0), 0.5 + 0.5 * 0.99 ** np.arange(1, 400, 12), {"p": 0.99}),
}  # fmt: skip


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_is_understood_in_whatever_units_it_comes(name):
    kind, x, population, truth = TRACES[name]
    pulls = {parameter: [] for parameter in truth}
    for seed in range(8):
        rng = np.random.default_rng(seed)
        z = in_iq(population, 0.04, rng)
        degrees = 170 + 25 * population + rng.normal(size=len(x))
        found = fit_trace(kind, x, (z, (z.real, z.imag), degrees)[seed % 3])
        assert found.ok, found.reason
        for parameter, value in truth.items():
            pulls[parameter].append((found.value(parameter) - value) / found.error(parameter))
    for parameter, values in pulls.items():
        assert np.sqrt(np.mean(np.square(values))) < 1.7, parameter
        assert np.abs(values).max() < 4.5, parameter


def test_two_frequencies_that_beat_are_named():
    kind, x, population, _ = TRACES["Ramsey that beats"]
    found = fit_trace(kind, x, in_iq(population, 0.03, np.random.default_rng(1)))
    assert sorted([found.value("frequency"), found.value("frequency2")]) == pytest.approx([0.3e6, 0.37e6], rel=0.02)


def test_phases_that_wrap_are_unwrapped():
    y = 170 + 25 * np.cos(TAU * 1.3 * A) + np.random.default_rng(2).normal(size=31)
    straight, wrapped = fit_trace("rabi", A, y), fit_trace("rabi", A, (y + 180) % 360 - 180)
    assert wrapped.value("pi") == pytest.approx(straight.value("pi"), rel=1e-3)


def test_calibration_points_fix_the_levels_and_the_doubt_about_them_is_in_the_error():
    rng = np.random.default_rng(3)
    x = np.append(T, [41e-6, 42e-6])
    for kind, population, tau in (
        ("t1", np.exp(-T / 12e-6), 12e-6), ("echo", 0.5 - 0.5 * np.exp(-T / 9e-6), 9e-6), ("ramsey", 1 - wave(T,
        0.3e6, 12e-6), 12e-6),
    ):  # fmt: skip
        found = fit_trace(kind, x, in_iq(np.append(population, [0, 1]), 0.01, rng), calibrated=True)
        assert found.ok, found.reason
        assert len(found.x) == len(T)
        assert found.error("offset") == 0
        assert abs(found.value("tau") - tau) < 4 * found.error("tau")


OFF = 0.5 + 0.4 * np.cos(np.linspace(0, TAU, 25) + 0.3)
ON = 0.53 + 0.36 * np.cos(np.linspace(0, TAU, 25) + 0.3 + 2.9)


@pytest.mark.parametrize("unit", ["rad", "degrees", "turns"])
@pytest.mark.parametrize("form", ["pair", "one after the other", "I and Q"])
def test_a_conditional_phase_is_found_in_any_unit(unit, form):
    rng = np.random.default_rng(4)
    x = np.linspace(0, {"rad": TAU, "degrees": 360.0, "turns": 1.0}[unit], 25)
    off, on = OFF + 0.02 * rng.normal(size=25), ON + 0.02 * rng.normal(size=25)
    if form == "pair":
        found = fit_trace("conditional", x, (off, on))
    elif form == "I and Q":
        signals = np.stack([0.3 * off, 0.4 * off + 1, 0.3 * on, 0.4 * on + 1])
        found = fit_trace("conditional", x, signals)
    else:
        found = fit_trace("conditional", np.tile(x, 2), np.concatenate([off, on]))
    assert found.ok, found.reason
    assert abs(found.value("phase") - 2.9) < 4 * found.error("phase")
    assert found.error("phase") < 0.05
    assert abs(found.value("offset_difference") - 0.03 / 0.38) < 4 * found.error("offset_difference")


def test_shots_are_told_apart_by_their_labels_and_without():
    rng = np.random.default_rng(5)
    prepared = np.tile([0, 1], 3000)
    state = np.where((prepared == 1) & (rng.random(6000) < 0.1), 0, prepared)
    z = np.where(state == 1, 2 + 1.5j, 1 + 1j) + 0.3 * (rng.normal(size=6000) + 1j * rng.normal(size=6000))
    labelled, bare = fit_trace("shots", prepared, z), fit_trace("shots", np.arange(6000), (z.real, z.imag))
    assert abs(labelled.value("wrong1") - 0.1) < 4 * labelled.error("wrong1")
    for found in (labelled, bare):
        assert found.ok, found.reason
        for parameter, value in {"i0": 1, "q0": 1, "i1": 2, "q1": 1.5}.items():
            assert found.value(parameter) == pytest.approx(value, abs=0.03)
    assert np.isnan(bare.value("p01"))


def test_a_resonator_is_found_by_its_magnitude_alone():
    magnitude = np.abs(1 - 0.7 / (1 + 2j * (F - 5.01e9) / 12e6)) + 0.01 * np.random.default_rng(6).normal(size=61)
    found = fit_trace("resonator", F, magnitude)
    assert found.ok, found.reason
    assert abs(found.value("centre") - 5.01e9) < 4 * found.error("centre")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "shots"])
def test_noise_is_no_trace(kind):
    rng = np.random.default_rng(7)
    for _ in range(15):
        pair = rng.normal(size=(2, 41))
        found = fit_trace(kind, np.arange(41.0), pair if kind == "conditional" else pair[0] + 1j * pair[1])
        assert not found.ok
        assert found.reason


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_measured_never_raises(kind):
    two = kind == "conditional"
    for y in ([], [1.0], [np.nan] * 30, [3.0] * 30, [*[1.0] * 29, np.inf]):
        found = fit_trace(kind, np.arange(len(y)), np.stack([y, y]) if two else y)
        assert not found.ok
        assert found.reason


def test_what_cannot_be_a_trace_is_refused():
    for arguments in (("t2", T, T), ("t1", T, A), ("t1", T, np.ones((3, 41))), ("conditional", T, T)):
        with pytest.raises(UsageError, match="allowed"):
            fit_trace(*arguments)
