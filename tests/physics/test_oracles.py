"""The simulator's own propagators against QuTiP's numbers and analytic results."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from qctl.physics.chip import Chip
from qctl.physics.motion import Felt, Motion
from qctl.physics.resonators import respond
from qctl.physics.signals import Signal
from qctl.physics.timeline import Couplings, Energies, Piece
from qctl.physics.twin import Resonator

TWO_PI = 2 * np.pi
NONE = np.zeros((0, 4))


@pytest.fixture(scope="module")
def reference(shared):
    return json.loads((shared / "physics" / "qutip_reference.json").read_text())


def still(rest):
    return Energies(np.asarray(rest, float), 0.0, 1.0, NONE, NONE)


def chip_of(bench, n_levels, **qubit):
    """Return the ideal chip with other levels, and other truths of its first qubit."""
    qubits = {**bench.truth.qubits, "q0": replace(bench.truth.qubits["q0"], **qubit)}
    resonators = {q: replace(r, shifts=(*r.shifts, -12e6)) for q, r in bench.truth.resonators.items()}
    return Chip(bench.lab, replace(bench.truth, levels=n_levels, qubits=qubits, resonators=resonators))


def duffing(n_levels, anharmonicity, detuning=0.0):
    n = np.arange(n_levels)
    return TWO_PI * (detuning * n + anharmonicity / 2 * n * (n - 1))


def driven(chip, n_levels, anharmonicity, z, dt, detuning=0.0):
    """Return the operator of one pulse on q0; ``z`` in rad/s multiplies a / 2."""
    felt = [Felt(1.0, 0.0, Signal(0.0, dt, z, 0j))]
    motion = Motion(chip, np.zeros(20), [felt], [still(duffing(n_levels, anharmonicity, detuning))], {})
    return motion.drive(Piece(0.0, len(z) * dt, (0,), "drive"))[0]


def lifted_gaussian(duration, sigma, n_steps):
    """Return x(t) of area 1 and its derivative in the middle of each step."""
    t = (np.arange(n_steps) + 0.5) * duration / n_steps - duration / 2
    edge = np.exp(-((duration / 2) ** 2) / (2 * sigma**2))
    gauss = np.exp(-(t**2) / (2 * sigma**2))
    area = np.sum(gauss - edge) * duration / n_steps
    return (gauss - edge) / area, -t / sigma**2 * gauss / area


def pulse(duration, sigma, beta, area=np.pi, n_steps=4000):
    x, slope = lifted_gaussian(duration, sigma, n_steps)
    return area * (x - 1j * beta * slope), duration / n_steps  # z = Ox - i Oy


@pytest.mark.parametrize("name", ["transmon_X_T10", "transmon_X_T20"])
def test_a_pi_pulse_ends_where_qutip_ends(ideal, reference, name):
    p = reference[name]["parameters"]
    for label, beta in p["beta_ns"].items():
        z, dt = pulse(p["T_ns"] * 1e-9, p["sigma_ns"] * 1e-9, beta * 1e-9)
        u = driven(chip_of(ideal, 4), 4, p["anharmonicity_GHz"] * 1e9, z, dt)
        expected = reference[name]["outputs"][label]
        np.testing.assert_allclose(np.abs(u[:, 0]) ** 2, expected["P"], atol=1e-6)
        leaked = [1 - np.sum(np.abs(u[:2, k]) ** 2) for k in (0, 1)]
        assert leaked == pytest.approx([expected["leakage_from_0"], expected["leakage_from_1"]], abs=1e-7)


def test_an_amplitude_scan_is_qutips(ideal, reference):
    entry = reference["transmon_rabi_amplitude_scan"]
    chip, beta = chip_of(ideal, 4), 1 / (TWO_PI * 0.33e9)
    for area, expected in zip(entry["parameters"]["area_over_pi"], entry["outputs"]["P"], strict=True):
        z, dt = pulse(20e-9, 5e-9, beta, area * np.pi)
        u = driven(chip, 4, -330e6, z, dt)
        np.testing.assert_allclose(np.abs(u[:, 0]) ** 2, expected, atol=1e-6)


def test_a_pulse_with_decay_ends_where_qutip_ends(ideal, reference):
    entry = reference["transmon_X_T20_lindblad"]
    chip = chip_of(ideal, 4, t1=20e-6, t_phi=30e-6)
    z, dt = pulse(20e-9, 5e-9, 1 / (TWO_PI * 0.33e9))
    found = driven(chip, 4, -330e6, z, dt) @ np.eye(16)[0]
    np.testing.assert_allclose(found[::5].real, entry["outputs"]["P"], atol=1e-6)


def infidelity(u):
    """Return 1 - F of the average X gate, phase of level 1 and global phase free to nobody."""
    block = np.array([[0, 1], [1, 0]]) @ u[:2, :2] * 1j
    return 1 - (np.trace(block @ block.conj().T).real + abs(np.trace(block)) ** 2) / 6


def test_half_the_derivative_in_quadrature_cancels_the_phase_error_with_the_sign_that_the_platform_uses(ideal):
    """The platform plays Q = +drag dI/dt / alpha; I + iQ is z, so drag of 1/2 must be the good sign."""
    chip, alpha = chip_of(ideal, 4), -250e6
    x, slope = lifted_gaussian(20e-9, 5e-9, 4000)

    def error(drag, scale=1.0):
        return infidelity(driven(chip, 4, alpha, np.pi * scale * (x + 1j * drag * slope / (TWO_PI * alpha)), 5e-12))

    scales = np.linspace(0.985, 1.005, 21)
    assert error(0.0) == pytest.approx(4.4e-3, rel=0.05)
    assert min(error(0.5, s) for s in scales) == pytest.approx(6.8e-6, rel=0.3)
    assert error(-0.5) > 3 * error(0.0)


def test_ramsey_with_decay_is_qutips(ideal, reference):
    entry = reference["ramsey"]
    p = entry["parameters"]
    chip = chip_of(ideal, 3, t1=p["T1_ns"] * 1e-9, t_phi=p["Tphi_ns"] * 1e-9)
    x90 = np.eye(3, dtype=complex)
    x90[:2, :2] = np.array([[1, -1j], [-1j, 1]]) / np.sqrt(2)
    both = np.kron(x90, x90.conj())
    motion = Motion(chip, np.zeros(20), [[]], [still(duffing(3, -300e6, p["detuning_MHz"] * 1e6))], {})
    found = [(both @ motion.idle(0, 0.0, t * 1e-9)[0] @ both @ np.eye(9)[0])[4].real for t in p["tau_ns"]]
    np.testing.assert_allclose(found, entry["outputs"]["P1"], atol=1e-6)


@pytest.mark.parametrize(
    ("case", "detune", "factor"), [("on_resonance", 0.0, 1.0), ("detune_+2MHz", 2e6, 1.0), ("T_-5%", 0.0, 0.95)]
)
def test_a_sudden_controlled_phase_is_qutips(ideal, reference, case, detune, factor):
    p = reference["transmon_cz_11_20"]["parameters"]
    expected = reference["transmon_cz_11_20"]["outputs"][case]
    g, a1, a2 = p["g_MHz"] * 1e6, p["a1_GHz"] * 1e9, p["a2_GHz"] * 1e9
    duration = p["T_ns"] * 1e-9 * factor
    frames = np.array([TWO_PI * 50e6, -TWO_PI * 130e6, *[0.0] * 18])
    levels = [still(duffing(3, a1, -a1 + detune)), still(duffing(3, a2))]
    exchange = Couplings(0.0, Signal(0.0, duration / 50, np.full(50, TWO_PI * g, complex), 0j))
    motion = Motion(chip_of(ideal, 3), frames, [[], []], levels, {0: exchange})
    u = motion.couple(Piece(0.0, duration, (0, 1), "couple"))[0]
    energies = [x.rest - np.arange(3) * f for x, f in zip(levels, frames[:2], strict=True)]
    alone = np.exp(-1j * duration * np.add.outer(*energies).ravel())
    u = u * alone.conj()[:, None]
    ends = [abs(u[4, 4]) ** 2, abs(u[6, 4]) ** 2, abs(u[2, 4]) ** 2, abs(u[1, 1]) ** 2, abs(u[3, 1]) ** 2]
    keys = ("P11_return", "P20", "P02", "P01_return", "swap_01_10")
    np.testing.assert_allclose(ends, [expected[k] for k in keys], atol=1e-6)
    phase = np.angle(u[4, 4] * u[0, 0] * np.conj(u[1, 1] * u[3, 3]))
    assert np.cos(phase - expected["conditional_phase_rad"]) == pytest.approx(1, abs=1e-10)


def test_the_field_of_a_driven_resonator_is_qutips(reference):
    entry = reference["dispersive_readout_field"]
    p = entry["parameters"]
    kappa, chi, eps = (TWO_PI * p[f"{k}_MHz"] * 1e6 for k in ("kappa", "chi", "eps"))
    truth = Resonator(frequency=7e9 - chi / TWO_PI, kappa=kappa / TWO_PI, shifts=(2 * chi / TWO_PI,))
    drive = Signal(0.0, 50e-9, np.full(20, 2j * eps / kappa), 0j)  # A is the conjugate of alpha; kappa / 2 z = i eps
    response = respond(truth, drive, TWO_PI * 7e9, 2)
    times = np.array(p["t_ns"]) * 1e-9
    for level, name in enumerate("ge"):
        expected = np.array(entry["outputs"][name]["re_a"]) + 1j * np.array(entry["outputs"][name]["im_a"])
        np.testing.assert_allclose(response.at(level, times).conj(), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("linewidth", "eta", "duration", "snr"), [(5e6, 0.3, 200e-9, 6.6), (5e6, 0.3, 300e-9, 9.1), (1e6, 0.1, 2e-6, 6.4)]
)
def test_the_fields_of_five_photons_tell_two_levels_apart_as_known(linewidth, eta, duration, snr):
    truth = Resonator(frequency=7e9 - linewidth / 2, kappa=linewidth, shifts=(linewidth,))
    kappa = TWO_PI * linewidth
    height = np.sqrt(5) * abs(1 + 1j)  # at half a linewidth A = z / (1 - i)
    n_steps = 2000
    drive = Signal(0.0, duration / n_steps, np.full(n_steps, height + 0j), 0j)
    fields = respond(truth, drive, TWO_PI * 7e9, 2).fields
    apart = np.sum(np.abs(fields[1] - fields[0]) ** 2) * duration / n_steps
    assert np.sqrt(4 * eta * kappa * apart) == pytest.approx(snr, rel=0.02)


def test_all_of_the_derivative_and_a_detuning_make_the_best_pulse(ideal):
    """The carrier lies apart from the qubit by 3.07 MHz; amplitude 0.9933, 1.009 of the derivative: 5e-10."""
    chip, alpha = chip_of(ideal, 4), -250e6
    x, slope = lifted_gaussian(20e-9, 5e-9, 1000)

    def error(knobs):
        scale, drag, detuning = knobs
        z = np.pi * scale * (x + 1j * drag * slope / (TWO_PI * alpha))
        return np.log(infidelity(driven(chip, 4, alpha, z, 20e-12, detuning * 1e6)))

    best = minimize(error, (0.9933, 1.009, 3.07), method="Nelder-Mead", options={"maxfev": 150})
    assert np.exp(best.fun) < 7e-10
    np.testing.assert_allclose(best.x, [0.9933, 1.009, 3.07], rtol=5e-3)
