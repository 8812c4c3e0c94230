"""Hidden truths are random, the same for the same seed, and can always be found."""

from dataclasses import replace

import numpy as np
import pytest

from qctl import config
from qctl.core.errors import ConfigError
from qctl.core.units import MHz
from qctl.judge import complaints, draw_twin, twin_text
from qctl.judge.solvable import middle, sweet_biases
from qctl.physics.chip import Chip
from qctl.physics.twin import Twin


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_twins_of_five_transmons_can_always_be_found(lab5, first):
    broken = {seed: said for seed in range(first, first + 12) if (said := complaints(lab5, draw_twin(lab5, seed)))}
    assert not broken


@pytest.mark.parametrize("seed", range(4))
def test_twins_of_twenty_transmons_on_a_grid_can_always_be_found(lab20, seed):
    assert complaints(lab20, draw_twin(lab20, seed)) == ()


def test_the_same_seed_draws_the_same_twin_and_another_seed_another(lab5):
    assert draw_twin(lab5, 3) == draw_twin(lab5, 3)
    assert draw_twin(lab5, 3) != draw_twin(lab5, 4)


@pytest.mark.parametrize("seed", [0, 7])
def test_a_file_holds_exactly_what_was_drawn(lab5, tmp_path, seed):
    twin = draw_twin(lab5, seed)
    path = tmp_path / "twin.yaml"
    path.write_text(twin_text(twin, "drawn\nfor a test"), encoding="utf-8")
    assert config.read(path, Twin) == twin


def test_what_is_drawn_lies_on_both_sides_of_the_guesses_and_uses_the_whole_range(lab5):
    twins = [draw_twin(lab5, seed) for seed in range(20)]
    for quantity, found in (
        ("frequency", lambda t, q: t.qubits[q].frequency),
        ("readout.frequency", lambda t, q: middle(t.resonators[q])),
    ):
        most = 15 * MHz if quantity == "frequency" else 4 * MHz
        off = np.array([[found(t, q) - lab5.first_guess[f"{q}.{quantity}"] for q in lab5.qubits] for t in twins])
        assert np.abs(off).max() <= most + 1e3
        assert off.max() > 0.8 * most
        assert off.min() < -0.8 * most
        assert len(np.unique(off)) == off.size


def test_the_currents_that_bring_all_loops_to_zero_flux_lie_near_the_guesses(lab5):
    chip = Chip(lab5, draw_twin(lab5, 5))
    sweet = sweet_biases(chip)
    off = np.array([sweet[line] - lab5.first_guess[f"{line}.bias"] for line in sweet])
    assert np.abs(off).max() <= 0.3501e-3
    assert np.abs(off).max() > 0.1e-3
    sources = {lab5.lines[line].bias: current for line, current in sweet.items()}
    np.testing.assert_allclose(chip.resting_flux(sources), 0, atol=1e-8)


def with_qubit(twin, name, **changes):
    return replace(twin, qubits={**twin.qubits, name: replace(twin.qubits[name], **changes)})


BREAKS = {
    "beyond": lambda t: with_qubit(t, "q0", frequency=5.90e9),
    "the image of": lambda t: with_qubit(t, "q1", frequency=4.5e9 + 152 * MHz),
    "pulses for": lambda t: with_qubit(t, "q1", frequency=t.qubits["q0"].frequency - 300 * MHz),
    "where |11> meets |20>": lambda t: with_qubit(t, "q2", frequency=t.qubits["q1"].frequency + 250 * MHz),
    "the period leaves more": lambda t: with_qubit(t, "q3", t1=90e-6),
    "turns at most": lambda t: replace(
        t, couplers={**t.couplers, "q0-q1": replace(t.couplers["q0-q1"], g1=60 * MHz, g2=60 * MHz)}
    ),
    "of full scale": lambda t: replace(
        t, drives={**t.drives, "q4.drive": replace(t.drives["q4.drive"], rabi_frequency=80 * MHz)}
    ),
    "flux quanta": lambda t: replace(
        t, fluxes={**t.fluxes, "q2.flux": replace(t.fluxes["q2.flux"], flux_per_volt=0.2)}
    ),
    "mA, beyond its limits": lambda t: replace(
        t, fluxes={**t.fluxes, "q2.flux": replace(t.fluxes["q2.flux"], offset=0.7)}
    ),
    "no source to take it away": lambda t: replace(
        t, fluxes={**t.fluxes, "q3.flux": replace(t.fluxes["q3.flux"], offset=0.05)}
    ),
    "MHz apart": lambda t: replace(
        t, resonators={**t.resonators, "q0": replace(t.resonators["q0"], frequency=t.resonators["q1"].frequency - 2e6)}
    ),
    "standard deviations apart": lambda t: replace(
        t, feedlines={"feedline": replace(t.feedlines["feedline"], noise_temperature=40.0)}
    ),
    "of a digitizer": lambda t: replace(
        t, feedlines={"feedline": replace(t.feedlines["feedline"], amplification=93.0)}
    ),
    "photons into": lambda t: replace(t, feedlines={"feedline": replace(t.feedlines["feedline"], attenuation=95.0)}),
}  # fmt: skip


@pytest.mark.parametrize("said", BREAKS)
def test_a_twin_that_nobody_could_calibrate_is_told_why(lab5, said):
    lines = {**lab5.lines, "q3.flux": replace(lab5.lines["q3.flux"], bias=None)}
    lab = replace(lab5, lines=lines) if "no source" in said else lab5
    broken = complaints(lab, BREAKS[said](draw_twin(lab, 2)))
    assert any(said in sentence for sentence in broken), broken


def test_a_laboratory_whose_guesses_leave_no_room_is_refused(lab5):
    crowded = replace(lab5, first_guess={**lab5.first_guess, "q0.frequency": 5.08e9})
    with pytest.raises(ConfigError, match=r"no place for q0 around the guess of 5\.08 GHz"):
        draw_twin(crowded, 1)


def test_a_laboratory_without_a_guess_is_refused(lab5):
    blind = replace(lab5, first_guess={k: v for k, v in lab5.first_guess.items() if k != "q3.frequency"})
    with pytest.raises(ConfigError, match=r"no first guess of q3\.frequency"):
        draw_twin(blind, 1)
