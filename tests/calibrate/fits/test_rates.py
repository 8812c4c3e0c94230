"""How often fits accept what is not there, miss what is, and how often their intervals hold the truth.

By default each rate is counted over a few hundred sets of points; ``--sets 100000`` with ``-s`` prints the table of
docs/fits.md.
"""

import numpy as np
import pytest

from qctl.calibrate import fits

TAU = 2 * np.pi
X = np.linspace(0, 10, 61)
F = np.linspace(4.99e9, 5.01e9, 61)
LENGTHS = np.arange(1, 600, 12.0)


@pytest.fixture
def n_sets(request):
    """Return the number of sets that was asked for, or the default of the test."""
    asked = request.config.getoption("--sets")
    return lambda usual: usual if asked is None else asked


def noise(rng, shape, x):
    """Return standard noise, complex where the axis is that of a resonator."""
    real = rng.normal(size=shape)
    return real + 1j * rng.normal(size=shape) if x is F else real


class Model:
    """One kind of curve with random parameters, of swing 1 or nearly."""

    def __init__(self, fit, x, draw):
        self.fit, self.x, self.draw = fit, x, draw


def u(rng, low, high, n):
    return rng.uniform(low, high, (n, 1))


def cosine(rng, n):
    f, phase = u(rng, 0.15, 1.8, n), u(rng, -np.pi, np.pi, n)
    return 0.5 * np.cos(TAU * f * X + phase), {"frequency": f, "amplitude": 0.5 + 0 * f}


def damped(rng, n):
    f, phase, tau = u(rng, 0.3, 1.8, n), u(rng, -np.pi, np.pi, n), u(rng, 2.5, 7, n)
    return 0.5 * np.exp(-X / tau) * np.cos(TAU * f * X + phase), {"frequency": f, "tau": tau}


def gaussian_damped(rng, n):
    f, phase, tau = u(rng, 0.3, 1.8, n), u(rng, -np.pi, np.pi, n), u(rng, 3, 7, n)
    return 0.5 * np.exp(-((X / tau) ** 2)) * np.cos(TAU * f * X + phase), {"frequency": f, "tau": tau}


def decay(rng, n):
    tau = u(rng, 1.5, 4, n)
    return np.exp(-X / tau), {"tau": tau, "amplitude": 1 + 0 * tau, "offset": 0 * tau}


def benchmarking(rng, n):
    p = u(rng, 0.985, 0.995, n)
    return p**LENGTHS, {"p": p}


def peak(shape):
    def draw(rng, n):
        centre, fwhm = u(rng, 2.5, 7.5, n), u(rng, 0.8, 2, n)
        return shape(2 * (X - centre) / fwhm), {"centre": centre, "fwhm": fwhm}

    return draw


def parabola(rng, n):
    centre = u(rng, 3, 7, n)
    return (X - centre) ** 2 / 30, {"centre": centre, "curvature": 1 / 30 + 0 * centre}


def line(rng, n):
    slope = u(rng, -0.1, 0.1, n)
    return slope * X, {"slope": slope}


def resonator(rng, n):
    f, ql, theta = u(rng, 4.995e9, 5.005e9, n), u(rng, 2500, 8000, n), u(rng, -0.4, 0.4, n)
    qc = ql * u(rng, 1.1, 2, n)
    circle = 1 - ql / qc * np.exp(1j * theta) / (1 + 2j * ql * (F - f) / f)
    return circle * np.exp(-1j * TAU * 50e-9 * (F - 5e9)), {"frequency": f, "ql": ql, "qc": qc}


MODELS = {
    "cosine": Model(fits.fit_cosine, X, cosine),
    "damped cosine": Model(fits.fit_damped_cosine, X, damped),
    "Gaussian envelope": Model(lambda *a: fits.fit_damped_cosine(*a, envelope="gaussian"), X, gaussian_damped),
    "decay": Model(fits.fit_decay, X, decay),
    "benchmarking": Model(fits.fit_rb, LENGTHS, benchmarking),
    "Lorentzian": Model(fits.fit_lorentzian, X, peak(lambda z: 1 / (1 + z * z))),
    "Gaussian": Model(fits.fit_gaussian, X, peak(lambda z: np.exp2(-z * z))),
    "parabola": Model(fits.fit_parabola, X, parabola),
    "resonator": Model(fits.fit_resonator, F, resonator),
}
STRAIGHT = Model(fits.fit_line, X, line)


def in_blocks(model, n, make, known=None):
    """Yield the fits of n sets, some hundred at a time, and the truths of each block."""
    for first in range(0, n, 500):
        rng = np.random.default_rng([7, first])
        points, truth = make(rng, min(500, n - first))
        yield model.fit(model.x, points, known), truth


@pytest.mark.parametrize("name", MODELS)
def test_noise_is_not_taken_for_a_curve(name, n_sets):
    model, n = MODELS[name], n_sets(200)
    accepted = 0
    for found, _ in in_blocks(model, n, lambda rng, m: (noise(rng, (m, len(model.x)), model.x), None)):
        accepted += sum(one.ok for one in found)
    print(f"{name:18s} noise alone: {accepted} of {n} accepted")
    assert accepted <= max(0, 1e-4 * n)


@pytest.mark.parametrize("name", MODELS)
def test_a_swing_of_five_sigma_is_found(name, n_sets):
    model, n = MODELS[name], n_sets(150)
    steady = name in {
        "cosine",
        "Lorentzian",
        "Gaussian",
        "parabola",
    }  # the others are small in much of the scan: 10 sigma
    sigma = 0.2 if steady else 0.1
    missed = 0
    for found, _ in in_blocks(model, n, lambda rng, m: _noisy(model, rng, m, sigma), sigma):
        missed += sum(one.reason.startswith("nothing but noise") for one in found)
    print(f"{name:18s} swing of {1 / sigma:.0f} sigma: {missed} of {n} missed")
    assert missed <= 0.01 * n


def _noisy(model, rng, n, sigma):
    clean, truth = model.draw(rng, n)
    return clean + sigma * noise(rng, clean.shape, model.x), truth


@pytest.mark.parametrize("known", [True, False], ids=["sigma known", "sigma from the points"])
@pytest.mark.parametrize("name", [*MODELS, "line"])
def test_intervals_hold_the_truth_as_often_as_they_say(name, known, n_sets):
    model, n = {**MODELS, "line": STRAIGHT}[name], n_sets(100 if name == "resonator" else 400)
    sigma = 0.05
    chance = 0.0 if n >= 2000 else 3 / np.sqrt(n)  # of the count itself, in units of sqrt(p (1 - p))
    pulls, rejected = {}, 0
    for found, truth in in_blocks(model, n, lambda rng, m: _noisy(model, rng, m, sigma), sigma if known else None):
        rejected += sum(not one.ok for one in found)
        for parameter, values in truth.items():
            pulls.setdefault(parameter, []).extend(
                abs(one.value(parameter) - value) / one.error(parameter)
                for one, value in zip(found, values[:, 0], strict=True)
                if one.ok
            )
    print(f"{name:18s} healthy: {rejected} of {n} rejected")
    assert rejected <= max(2, 0.02 * n)
    for parameter, values in pulls.items():
        inside = [float(np.mean(np.array(values) < k)) for k in (1, 2)]
        print(f"{name:18s} {parameter:10s} {100 * inside[0]:.1f} % within 1 sigma, {100 * inside[1]:.1f} % within 2")
        assert 0.65 - 0.47 * chance <= inside[0] <= 0.72 + 0.47 * chance, parameter
        assert 0.93 - 0.22 * chance <= inside[1] <= 0.97 + 0.22 * chance, parameter
