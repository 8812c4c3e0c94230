"""Exact spectra against published numbers and perturbation theory."""

import numpy as np
import pytest

from qctl.core.errors import ConfigError
from qctl.physics.chip import exchange_table
from qctl.physics.spectrum import against_flux, energies_from, fold, levels, static_zz
from qctl.physics.twin import Coupler

GHZ = 1e9


def duffing(frequency, anharmonicity):
    n = np.arange(3)
    return n * frequency + anharmonicity / 2 * n * (n - 1)


def test_sixty_charging_energies_give_the_known_spectrum():
    energies = levels(15 * GHZ, 0.25 * GHZ, 3)
    assert energies[1] == pytest.approx(5.2142 * GHZ, abs=1e5)
    assert energies[2] - 2 * energies[1] == pytest.approx(-282.9e6, abs=1e5)


def test_charge_dispersion_at_sixty_is_two_kilohertz():
    even, odd = (levels(15 * GHZ, 0.25 * GHZ, 2, charge)[1] for charge in (0.0, 0.5))
    assert abs(even - odd) == pytest.approx(1.9e3, rel=0.1)


@pytest.mark.parametrize(("frequency", "anharmonicity"), [(5.3e9, -300e6), (4.7e9, -280e6), (7.6e9, -250e6)])
def test_energies_from_a_frequency_give_that_frequency_back(frequency, anharmonicity):
    e_j, e_c = energies_from(frequency, anharmonicity)
    energies = levels(e_j, e_c, 3)
    assert energies[1] == pytest.approx(frequency, abs=1)
    assert energies[2] - 2 * energies[1] == pytest.approx(anharmonicity, abs=1)


def test_a_qubit_that_is_no_transmon_is_refused():
    with pytest.raises(ConfigError, match="a transmon"):
        energies_from(5e9, 100e6)


def test_the_table_against_flux_is_the_exact_spectrum_between_its_points():
    e_j, e_c = energies_from(5.3e9, -300e6)
    flux = np.array([0.0123, 0.101, 0.2517, 0.333, 0.4141])
    loop = np.sqrt(np.cos(np.pi * flux) ** 2 + 0.09 * np.sin(np.pi * flux) ** 2)
    np.testing.assert_allclose(against_flux(5.3e9, -300e6, 0.3, 3)(flux), levels(e_j * loop, e_c, 3), atol=50)


@pytest.mark.parametrize(("flux", "error"), [(0.1, 0.6e6), (0.25, 4.4e6), (0.4, 13e6)])
def test_the_usual_formula_errs_by_megahertz_so_no_fit_shares_the_simulators_model(flux, error):
    e_j, e_c = 15 * GHZ, 0.25 * GHZ
    exact_top = levels(e_j, e_c, 2)[1]
    loop = (np.cos(np.pi * flux) ** 2 + 0.09 * np.sin(np.pi * flux) ** 2) ** 0.25
    formula = (exact_top + e_c) * loop - e_c
    exact = levels(e_j * loop**2, e_c, 2)[1]
    assert abs(formula - exact) == pytest.approx(error, rel=0.25)


def test_fluxes_fold_with_one_quantum():
    np.testing.assert_allclose(fold(np.array([0.2, -0.2, 0.8, 3.3, 0.5])), [0.2, 0.2, 0.2, 0.3, 0.5], atol=1e-12)


def test_static_zz_is_what_diagonalisation_gave_elsewhere():
    high, low = duffing(5.114 * GHZ, -330e6), duffing(4.914 * GHZ, -330e6)
    exact = static_zz(low, high, 3.8e6)
    formula = 2 * 3.8e6**2 * -660e6 / ((200e6 - 330e6) * (200e6 + 330e6))
    assert exact == pytest.approx(276.15e3, abs=20)
    assert formula == pytest.approx(276.64e3, abs=20)


def test_a_coupler_without_residual_is_off_at_rest_exactly_and_follows_the_formula_elsewhere():
    coupler = Coupler(frequency=7.6e9, anharmonicity=-250e6, g1=150e6, g2=140e6)
    table, flux = exchange_table(coupler, 5.0e9, 4.7e9), 0.39
    at_rest, pulsed = (against_flux(7.6e9, -250e6, 0.55, 3)(x)[1] for x in (0.0, flux))
    assert table(0.0) == 0.0
    mediated = [150e6 * 140e6 / 2 * (1 / (5.0e9 - f) + 1 / (4.7e9 - f)) for f in (at_rest, pulsed)]
    assert table(flux) == pytest.approx(mediated[1] - mediated[0], rel=1e-6)


def test_a_coupler_that_would_cross_its_qubits_is_refused():
    with pytest.raises(ConfigError, match="within 2 g"):
        exchange_table(Coupler(frequency=6e9, anharmonicity=-250e6, g1=150e6, g2=150e6, asymmetry=0.1), 5e9, 4.7e9)


def test_a_resonator_moves_with_its_qubit_as_diagonalisation_says():
    """A resonator is a transmon without anharmonicity. g 80 MHz, qubit 2 GHz below: -0.707 MHz; -0.711 by formula."""
    qubit, resonator = np.array([0, 5e9, 9.75e9]), np.array([0, 7e9, 14e9])
    assert static_zz(qubit, resonator, 80e6) == pytest.approx(-0.707e6, abs=0.5e3)
