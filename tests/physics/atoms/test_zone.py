"""Light on atoms in the zone measures and empties those that stand in it; others remember, as far as it stays there."""

from dataclasses import replace

import numpy as np
import pytest
from tweezers import RAMAN, UM, Score, ideal

ROW = slice(0, 4)  # the first row of sites lies in the beam of these tests
OTHERS = slice(4, 16)


def beam(**more):
    return replace(ideal().zone, y=0.0, waist=2 * UM, **more)


def turned(angle):
    score = Score()
    score.tone("raman", 10e-6, angle / np.pi * 1e-6, RAMAN, 0.5)
    return score


def test_atoms_in_the_light_are_seen_where_they_are_in_1_and_others_are_not_seen_at_all(array):
    score = turned(np.pi / 2)
    score.image(1e-3, light="zone_light")
    score.image(15e-3)
    seen = array(zone=beam()).bright(score, 300)
    assert seen[:, 1, ROW].mean() == pytest.approx(0.5 * seen[:, 0, ROW].mean(), abs=0.03)
    assert not seen[:, 1, OTHERS].any()
    assert np.array_equal(seen[:, 0], seen[:, 2])


def ramsey(seconds):
    score = turned(np.pi / 2)
    score.on("zone_light", 1e-3, 1e-3 + seconds)
    score.tone("raman", 10e-3, 0.5e-6, RAMAN, 0.5)
    score.on("pushout", 12e-3, 13e-3)
    score.image(15e-3)
    return score


def test_an_atom_beside_the_light_loses_the_coherence_that_the_scattered_photons_take(array):
    floor, rate = 2e-4, 1.5e6
    bench = array(zone=beam(floor=floor, scattering=rate))
    for seconds in (1e-3, 5e-3):
        seen = bench.bright(ramsey(seconds), 300)
        stays = seen[:, 1, OTHERS].sum() / seen[:, 0, OTHERS].sum()
        assert stays == pytest.approx(0.5 - 0.5 * np.exp(-rate * floor * seconds / 2), abs=0.03)
    inside = seen[:, 1, ROW].sum() / seen[:, 0, ROW].sum()
    assert inside == pytest.approx(0.5, abs=0.06)


def test_pumping_light_empties_atoms_in_the_zone_alone(array):
    score = turned(np.pi)
    score.on("zone_pumping", 1e-3, 1.5e-3)
    score.image(3e-3, light="probe")
    seen = array(zone=beam()).bright(score, 100)
    assert not seen[:, 1, ROW].any()
    assert (seen[:, 0, OTHERS] == seen[:, 1, OTHERS]).mean() > 0.99


def test_atoms_are_lost_and_change_sides_as_often_as_the_light_lets_them(array):
    score = turned(np.pi)
    score.image(1e-3, light="zone_light")
    score.image(15e-3)
    seen = array(zone=beam(loss=0.2, bright_time=20e-3)).bright(score, 500)
    there = seen[:, 0, ROW]
    assert 1 - seen[:, 2, ROW][there].mean() == pytest.approx(0.2 * 0.79, abs=0.04)  # dark ones are safe
    enough = 0.4 / 0.75 * 10e-3  # s; three quarters of the light fall on the pixels that are looked at
    went_dark_early = 1 - np.exp(-enough / 20e-3)
    assert 1 - seen[:, 1, ROW][there].mean() == pytest.approx(went_dark_early, abs=0.04)


def test_light_that_looks_at_atoms_heats_them_and_cooling_in_the_zone_takes_it_back(array):
    bench = array(zone=beam())
    cold = ideal().tweezers.temperature
    for cooled in (False, True):
        score = turned(np.pi)
        score.image(1e-3, light="zone_light")
        if cooled:
            score.on("zone_cooling", 12e-3, 18e-3)
        bench.frames(score, 20)
        heat = bench.world._atoms.temperature
        assert np.all(heat[ROW] < 2 * cold if cooled else heat[ROW] > 10 * cold)
        assert np.all(heat[OTHERS] < 2 * cold)


@pytest.mark.parametrize("turn", [0.0, np.pi])
def test_phases_go_on_from_one_call_to_the_next(array, turn):
    """The second pulse continues the tone of the first, or is opposite to it."""
    frequency = RAMAN + 1234.5
    bench = array(qubits=replace(ideal().qubits, frequency=frequency))
    first = Score()
    first.tone("raman", 10e-6, 0.5e-6, frequency, 0.5)
    second = Score(lead=0.0, loading=False)
    second.tone("raman", 10e-6, 0.5e-6, frequency, 0.5, 2 * np.pi * frequency * (0.2 - first.lead) + turn)
    second.image(1e-3, light="probe")
    there = bench.bright(first, 1)[0, 0]
    assert np.array_equal(bench.bright(second, 1)[0, 0], there & (turn == 0.0))
