"""Rydberg pulses against published numbers, QuTiP and closed forms."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from qctl.physics.atoms.rubidium import C6, TWO_PI, blockade_radius, doppler, interaction, spread
from qctl.physics.atoms.rydberg import Atoms, Pulse, amplitudes, from_ones

REFERENCES = Path(__file__).parents[1] / "references/qutip.json"  # made by make.py beside it
US, MHZ = 1e-6, TWO_PI * 1e6
LEVINE_PICHLER = (0.377371, 3.90242, 4.29268)  # Delta / Omega, xi, Omega tau


def levine_pichler(rabi, detuning=LEVINE_PICHLER[0]):
    """Two equal pulses, each one step."""
    _, xi, turn = LEVINE_PICHLER
    return Pulse(turn / rabi, rabi * np.exp(1j * np.array([0.0, xi])), np.full(2, detuning * rabi))


def atoms(n, v, decay=0.0, detunings=None):
    factors = np.ones((1, n))
    shifts = np.zeros((1, n)) if detunings is None else np.array([detunings], float)
    return Atoms(factors, shifts, np.full((1, n, n), v), decay)


def gate_fidelity(found):
    """Average fidelity with CZ once the best phase of each qubit is undone."""
    kept = found[0, :, 0]
    phases = np.exp(-1j * np.array([0, np.angle(kept[1]), np.angle(kept[2]), np.angle(kept[1]) + np.angle(kept[2])]))
    m = np.diag([1, 1, 1, -1]) * (kept * phases)
    return (abs(np.trace(m)) ** 2 + np.trace(m @ m.conj().T).real) / 20


def best_error(found):
    """Average error of CZ with the one phase of both qubits that suits it best."""
    kept = found[0, :, 0]

    def error(phase):
        m = np.diag([1, 1, 1, -1]) * (kept * np.exp(-1j * phase * np.array([0, 1, 1, 2])))
        return 1 - (abs(np.trace(m)) ** 2 + np.trace(m @ m.conj().T).real) / 20

    guess = np.angle(kept[1])
    return minimize_scalar(error, bounds=(guess - 0.5, guess + 0.5), method="bounded", options={"xatol": 1e-9}).fun


def test_a_pulse_of_levine_and_pichler_is_a_cz():
    found = amplitudes(levine_pichler(4.6 * MHZ), atoms(2, 1e12))
    one, both = found[0, 1, 0], found[0, 3, 0]
    assert abs(both) ** 2 == pytest.approx(1, abs=1e-6)
    conditional = np.angle(both / one**2)
    assert abs(abs(conditional) - np.pi) < 1e-4
    assert gate_fidelity(found) == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize(("ratio", "error"), [(10, 2.3e-3), (30, 2.4e-4), (100, 2.1e-5)])
def test_a_finite_interaction_costs_what_is_published(ratio, error):
    rabi = 4.6 * MHZ
    assert best_error(amplitudes(levine_pichler(rabi), atoms(2, ratio * rabi))) == pytest.approx(error, rel=0.03)


def time_optimal(rabi, n_steps, values=(0.6229, 1.1971, -0.156, 0.0716)):
    """phi(t) = A cos(w t - phi0) + d0 t; Jandura and Pupillo, Quantum 6, 712."""
    amplitude, frequency, start, slope = values
    dt = 7.612 / rabi / n_steps
    t = (np.arange(n_steps) + 0.5) * dt
    phase = amplitude * np.cos(frequency * rabi * t - start) + slope * rabi * t
    return Pulse(dt, rabi * np.exp(1j * phase), np.zeros(n_steps))


def test_the_time_optimal_pulse_is_a_cz():
    error = 1 - gate_fidelity(amplitudes(time_optimal(4 * MHZ, 4000), atoms(2, 1e12)))
    assert error == pytest.approx(3.6e-8, rel=0.15)


def test_the_blockade_radius_and_the_interaction_are_those_of_70s():
    assert blockade_radius(2.5 * MHZ) == pytest.approx(8.38e-6, rel=1e-3)
    assert interaction(4e-6) / MHZ == pytest.approx(210.6, rel=1e-3)
    assert interaction(1e-6) == pytest.approx(C6 * 1e36)


@pytest.mark.parametrize(("temperature", "width"), [(10e-6, 43.1e3), (50e-6, 96.4e3)])
def test_doppler_widths_are_those_of_two_photons_that_meet(temperature, width):
    assert doppler(temperature) / TWO_PI == pytest.approx(width, rel=2e-3)


def test_an_atom_spreads_further_along_the_beam_than_across():
    across, along = spread(10e-6, 1e-3, 0.9e-6, 852e-9)
    assert across == pytest.approx(45e-9, rel=1e-3)
    assert along == pytest.approx(across * np.pi * np.sqrt(2) * 0.9 / 0.852)


@pytest.mark.parametrize("n", [2, 3])
def test_blockaded_atoms_oscillate_faster_by_the_root_of_their_number(n):
    rabi = 2 * MHZ
    t = np.pi / rabi / np.sqrt(n)
    found = from_ones(Pulse(t, np.array([rabi + 0j]), np.zeros(1)), atoms(n, 1e12))
    single = np.abs(found[0, [1 << k for k in range(n)]]) ** 2
    np.testing.assert_allclose(single, 1 / n, atol=1e-6)


def test_what_decays_leaves_the_norm():
    t, rate = 1e-6, 1e4
    found = from_ones(Pulse(t, np.array([MHZ + 0j]), np.zeros(1)), atoms(1, 0.0, rate))
    assert np.sum(np.abs(found) ** 2) == pytest.approx(1 - rate * t / 2, abs=1e-4)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_pulses_agree_with_qutip(n):
    qutip = pytest.importorskip("qutip")
    rng = np.random.default_rng(n)
    rabi = 3 * MHZ * rng.uniform(0.3, 1, 8) * np.exp(1j * rng.uniform(0, 6, 8))
    pulse = Pulse(0.05 * US, rabi, 2 * MHZ * rng.standard_normal(8))
    shifts, pairs = rng.standard_normal((1, n)) * MHZ, rng.uniform(0, 30, (1, n, n)) * MHZ
    cluster = Atoms(rng.uniform(0.8, 1.2, (1, n)), shifts, pairs)
    one, r = qutip.basis(3, 1), qutip.basis(3, 2)

    def on(op, k):
        return qutip.tensor([op if j == k else qutip.qeye(3) for j in range(n)])

    psi = qutip.tensor([one] * n)
    for drive, detuning in zip(pulse.rabi, pulse.detuning, strict=True):
        h = 0
        for k in range(n):
            up = on(one * r.dag(), k) * complex(drive * cluster.factors[0, k] / 2)
            h += up + up.dag() - on(r * r.dag(), k) * float(detuning + shifts[0, k])
            for j in range(k):
                h += on(r * r.dag(), k) * on(r * r.dag(), j) * float(pairs[0, j, k])
        psi = (-1j * h * pulse.dt).expm() * psi
    levels = np.array([[1 + (s >> (n - 1 - k) & 1) for k in range(n)] for s in range(1 << n)])
    wanted = psi.full().reshape((3,) * n)[tuple(levels.T)]
    np.testing.assert_allclose(from_ones(pulse, cluster)[0], wanted, atol=1e-8)


@pytest.fixture
def reference():
    return json.loads(REFERENCES.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "v"), [("rydberg_cz_V_inf", 1e12), ("rydberg_cz_V_2pi100MHz", 100 * MHZ)])
def test_reference_gates_are_reproduced(reference, name, v):
    wanted = reference[name]["outputs"]
    found = amplitudes(levine_pichler(4.6 * MHZ), atoms(2, v))
    kept = found[0, :, 0]
    for key, index in (("01", 1), ("10", 2), ("11", 3)):
        assert abs(kept[index]) == pytest.approx(wanted["abs_amp"][key], abs=1e-5)
        assert np.angle(kept[index]) == pytest.approx(wanted["phase"][key], abs=1e-5)
    assert gate_fidelity(found) == pytest.approx(wanted["avg_gate_fidelity_after_local_z"], abs=1e-5)
    assert 1 - abs(kept[3]) ** 2 == pytest.approx(wanted["residual_1_minus_P11"], abs=1e-5)


def test_the_reference_oscillation_is_reproduced(reference):
    entry = reference["rydberg_blockade_rabi"]
    rabi = entry["parameters"]["Omega_MHz"] * MHZ
    for name, ratio in (("V=0Om", 0), ("V=1Om", 1), ("V=10Om", 10)):
        for k, t in enumerate(entry["parameters"]["t_us"]):
            pulse = Pulse(t * US, np.array([rabi + 0j]), np.zeros(1))
            p = np.abs(from_ones(pulse, atoms(2, ratio * rabi))[0]) ** 2
            first, both = (entry["outputs"][name][j][k] for j in (0, 1))
            assert (p[2] + p[3], p[3]) == (pytest.approx(first, abs=1e-5), pytest.approx(both, abs=1e-5))
