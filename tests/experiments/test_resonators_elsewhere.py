"""Resonators without guesses, under power and under flux; what the simulated chip does not do is made up."""

import numpy as np
import pytest

from qctl import Lab
from qctl.calibrate.workbench import Workbench
from qctl.compile import default_parameters
from qctl.core.parameters import Estimate
from qctl.core.record import Timing
from qctl.core.result import MeanTrace, Result
from qctl.experiments.resonator_flux import ResonatorFlux
from qctl.experiments.resonator_power import ResonatorPower
from qctl.experiments.resonator_search import ResonatorSearch, dips
from qctl.judge import draw_twin, twin_text

QUBITS = ("q0", "q1", "q2", "q3", "q4")
F0, KAPPA, SOURCE, RATE = 6.985e9, 2.5e6, 7.2e9, 2e9


@pytest.fixture(scope="module")
def search(laboratory, tmp_path_factory):
    folder, twin = tmp_path_factory.mktemp("search"), draw_twin(laboratory, 32)
    path = folder / "truth.yaml"
    path.write_text(twin_text(twin, "drawn for a test"))
    with Lab.open("transmon5", twin=path, seed=4, state=folder) as lab:
        bench = Workbench(lab, default_parameters(laboratory))
        return twin, bench.ask(ResonatorSearch(laboratory, QUBITS)), bench.known


def test_all_resonators_of_a_feedline_are_found_without_a_guess(search):
    twin, outcomes, _ = search
    assert [outcome.reason for outcome in outcomes] == [""] * 5
    assert "5 resonators on feedline" in outcomes[0].notes[0]
    for outcome in outcomes:
        truth = twin.resonators[outcome.target]
        tone = outcome.found[f"{outcome.target}.readout.frequency"].value
        assert truth.shifts[0] < tone - truth.frequency < 0


def made_up(n_resonators, seed=1):
    """Return a sweep of 300 MHz in steps of 1 MHz over equally spaced notches, with noise of 3 %, and their places."""
    rng, x = np.random.default_rng(seed), 7e9 + np.arange(300) * 1e6
    places = 7.02e9 + 260e6 * np.arange(n_resonators) / max(n_resonators, 1) + rng.uniform(-0.5e6, 0.5e6, n_resonators)
    z = np.exp(-2j * np.pi * 150e-9 * (x - 7e9))
    for place in places:
        z = z * (1 - 0.9 / (1 + 2j * (x - place) / KAPPA))
    return x, z + 0.03 * (rng.normal(size=300) + 1j * rng.normal(size=300)), places


@pytest.mark.parametrize("n_resonators", [0, 1, 4, 9])
def test_as_many_dips_are_counted_as_there_are(n_resonators):
    x, z, places = made_up(n_resonators)
    found = [fit.value("frequency") for fit in dips(x, z, np.full(300, 0.03))]
    assert len(found) == n_resonators
    np.testing.assert_allclose(found, places, atol=0.3e6)


@pytest.fixture
def guesses(laboratory):
    measured = {"q0.resonator.frequency": Estimate(F0, 2e4, "Hz"), "q0.resonator.kappa": Estimate(KAPPA, 4e4, "Hz")}
    return default_parameters(laboratory).replaced(measured)


def heard(laboratory, experiment, known, resonance):
    """Return what q0's tone brings back when its resonance lies at ``resonance(setting)``."""
    rng, t = np.random.default_rng(3), np.arange(800) / RATE * 2.5
    rows = []
    for setting in experiment.scan(known).settings:
        tone = setting["q0.readout.frequency"]
        notch = 1 - 0.9 / (1 + 2j * (tone - resonance(setting)) / KAPPA)
        clean = notch * np.exp(2j * np.pi * (tone - SOURCE) * t)
        rows.append(clean + 0.05 * (rng.normal(size=len(t)) + 1j * rng.normal(size=len(t))))
    trace, n = MeanTrace(np.array(rows), RATE / 2.5, 0), len(rows)
    bits = np.zeros((n, 2, 1), np.uint8)
    measured, names = ((0, 0),), laboratory.qubit_names
    iq = np.zeros((n, 2, 1), complex)
    return Result(bits, iq, measured, names, tuple(range(5)), "0", Timing(), traces={"feedline": trace})


@pytest.mark.parametrize("slope", [0.0, -20e6])
def test_a_resonance_that_moves_with_power_is_told_with_its_slope(laboratory, guesses, slope):
    asked = ResonatorPower(laboratory, ("q0",))
    result = heard(laboratory, asked, guesses, lambda s: F0 + slope * s["q0.readout.amplitude"] ** 2)
    (outcome,) = asked.read(result, guesses)
    found = outcome.found["q0.resonator.power_shift"]
    assert abs(found.value - slope) < 4 * found.error < 4e6


def test_a_resonator_that_lets_go_of_its_qubit_is_told_in_words(laboratory, guesses):
    asked = ResonatorPower(laboratory, ("q0",))
    result = heard(laboratory, asked, guesses, lambda s: F0 - (2e6 if s["q0.readout.amplitude"] > 0.1 else 0.0))
    (outcome,) = asked.read(result, guesses)
    assert not outcome.found
    assert "jumps at an amplitude of 0.117" in outcome.reason


def test_an_arch_of_the_resonator_shows_the_sweet_spot(laboratory, guesses):
    asked, sweet = ResonatorFlux(laboratory, ("q0",)), guesses["q0.flux.bias"] + 0.4e-3
    result = heard(laboratory, asked, guesses, lambda s: F0 - 0.3e12 * (s["q0.flux.bias"] - sweet) ** 2)
    (outcome,) = asked.read(result, guesses)
    found = outcome.found["q0.flux.bias"]
    assert abs(found.value - sweet) < 4 * found.error < 0.4e-3


def test_a_resonator_that_does_not_move_says_so(laboratory, guesses):
    asked = ResonatorFlux(laboratory, ("q0",))
    (outcome,) = asked.read(heard(laboratory, asked, guesses, lambda setting: F0), guesses)
    assert not outcome.found
    assert "does not arch" in outcome.reason
