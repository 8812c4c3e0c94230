"""Tones move tweezers, tweezers move atoms, and atoms that are near each other are gated."""

from dataclasses import replace

import numpy as np
import pytest
from tweezers import RATE, Score, ideal, move, rydberg, site, to_zone

from qctl.physics.atoms.tones import journeys
from qctl.physics.stage import Playing


def test_a_chirp_is_followed_to_a_thousandth_of_its_span():
    t = np.arange(20_000) / RATE
    frequency = 5e6 + 3e6 * (t / t[-1]) ** 2
    volts = np.cos(2 * np.pi * np.cumsum(frequency) / RATE).astype(np.float32)
    (found,) = journeys(Playing(volts, RATE, 1.0))
    inside = (found.times > 1 + 20e-6) & (found.times < 1 + t[-1] - 20e-6)
    wanted = np.interp(found.times[inside] - 1, t, frequency)
    np.testing.assert_allclose(found.frequencies[inside].max(axis=1), wanted, atol=3e3)


def test_two_tones_are_two_beams():
    t = np.arange(5000) / RATE
    volts = (np.cos(2 * np.pi * 4e6 * t) + 0.5 * np.cos(2 * np.pi * 7e6 * t)).astype(np.float32)
    (found,) = journeys(Playing(volts, RATE, 0.0))
    middle = len(found.times) // 2
    there = found.amplitudes[middle] > 0
    np.testing.assert_allclose(np.sort(found.frequencies[middle][there]), [4e6, 7e6], atol=2e3)
    np.testing.assert_allclose(np.sort(found.amplitudes[middle][there]), [0.5, 1.0], atol=0.02)


def seen(bench, score, shots=200):
    score.image(20e-3)
    return bench.bright(score, shots)


def there(found, k):
    return found[:, 1, k].sum() / max(1, found[:, 0, k].sum())


def test_an_atom_goes_to_the_zone_and_comes_back(array):
    bench, away, back = array(), Score(), Score()
    move(away, 10e-6, to_zone(5, 0))
    found = seen(bench, away)
    assert there(found, 5) == 0
    assert min(there(found, k) for k in range(16) if k != 5) > 0.98
    end = move(back, 10e-6, to_zone(5, 0))
    move(back, end + 60e-6, to_zone(5, 0)[::-1])
    assert there(seen(bench, back), 5) > 0.98


def test_two_atoms_in_one_trap_are_both_lost(array):
    score = Score()
    move(score, 10e-6, [site(5), (9e-6, 6e-6), (9e-6, 9e-6), (12e-6, 9e-6), site(6)], 100e-6)
    found = seen(array(), score)
    both = found[:, 0, 5] & found[:, 0, 6]
    assert not found[both, 1][:, [5, 6]].any()


def test_what_is_moved_too_fast_is_left_behind(array):
    truth = ideal()
    bench = array(tweezers=replace(truth.tweezers, fastest=0.2))
    slow, fast = Score(), Score()
    for score, seconds in ((slow, 400e-6), (fast, 100e-6)):
        end = move(score, 10e-6, to_zone(5, 0), seconds)
        move(score, end + 60e-6, to_zone(5, 0)[::-1], seconds)
    slow_only = array(tweezers=replace(truth.tweezers, fastest=1.5))
    assert there(seen(slow_only, slow), 5) > 0.98
    assert there(seen(bench, fast), 5) < 0.05


def test_a_beam_that_misses_takes_nothing(array):
    score = Score()
    x, y = site(5)
    move(score, 10e-6, [(x + 2e-6, y), (x + 3e-6, y), (x + 3e-6, -50e-6)])
    assert there(seen(array(), score), 5) > 0.98


def omega(volts=0.5):
    truth = ideal().rydberg
    return 2 * np.pi * truth.blue * volts * truth.red / (2 * truth.intermediate)


def test_rydberg_light_takes_atoms_in_1_round_and_those_in_between_are_lost(array):
    bench = array()
    for cycles, wanted in ((0.5, 0.0), (1.0, 1.0)):
        score = Score()
        score.tone("raman", 10e-6, 1e-6, 10e6, 0.5)
        end = move(score, 20e-6, to_zone(5, 0))
        rydberg(score, end + 20e-6, 2 * np.pi * cycles / omega())
        move(score, end + 60e-6, to_zone(5, 0)[::-1])
        assert there(seen(bench, score), 5) == pytest.approx(wanted, abs=0.05)


def time_optimal(t):
    """Jandura and Pupillo, Quantum 6, 712."""
    rabi = omega()
    return 0.6229 * np.cos(1.1971 * rabi * t + 0.156) + 0.0716 * rabi * t


def correlations(bench, phase, far=False, shots=400):
    """Two Raman pulses of a quarter turn with a gate between them; return how often both bits agree."""
    score = Score()
    score.tone("raman", 10e-6, 0.5e-6, 10e6, 0.5)
    end = move(score, 20e-6, to_zone(5, 0))
    if not far:
        end = move(score, end + 60e-6, to_zone(6, 1))
    rydberg(score, end + 20e-6, 7.612 / omega(), phase=time_optimal)
    if not far:
        end = move(score, end + 60e-6, to_zone(6, 1)[::-1])
    end = move(score, end + 60e-6, to_zone(5, 0)[::-1])
    score.tone("raman", end + 10e-6, 0.5e-6, 10e6, 0.5, phase)
    score.on("pushout", end + 1e-3, end + 2e-3)
    found = seen(bench, score, shots)
    both = found[:, 0, 5] & found[:, 0, 6]
    pairs = found[both, 1][:, [5, 6]]
    return np.mean(pairs[:, 0] == pairs[:, 1])


def test_neighbours_in_the_zone_are_entangled_by_one_pulse(array):
    bench = array()
    found = max(correlations(bench, phase) for phase in np.linspace(0.4, 1.4, 6))
    assert found > 0.95


def test_an_atom_alone_is_not(array):
    bench = array()
    for phase in (0.0, 0.8):
        alone = correlations(bench, phase, far=True)
        assert alone < 0.95
