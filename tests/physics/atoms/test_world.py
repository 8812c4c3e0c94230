"""Atoms are loaded, seen, turned and lost by the light that was really played."""

from dataclasses import replace

import numpy as np
import pytest
from tweezers import CAMERA, RAMAN, Score, ideal

from qctl.physics.atoms.twin import Failure


def rabi(seconds, frequency=RAMAN, volts=0.5, line="raman"):
    score = Score()
    score.tone(line, 10e-6, seconds, frequency, volts)
    score.on("pushout", 1e-3, 2e-3)
    score.image(5e-3)
    return score


def survived(bright):
    """Return the fraction that is still there of what was loaded, by site."""
    return bright[:, 1].sum(axis=0) / bright[:, 0].sum(axis=0)


def test_about_half_of_all_sites_are_loaded_and_stay(array):
    truth = ideal()
    score = Score()
    score.image(10e-3)
    seen = array(tweezers=replace(truth.tweezers, loading=0.55)).bright(score, 1000)
    assert seen[:, 0].mean() == pytest.approx(0.55 * (1 - np.exp(-3)), abs=0.02)
    assert (seen[:, 0] == seen[:, 1]).mean() > 0.999


def test_raman_light_turns_by_what_the_samples_say(array):
    bench = array()
    for seconds in (0.4e-6, 1.0e-6, 1.6e-6):
        wanted = np.cos(np.pi * 0.5e6 * seconds) ** 2
        assert survived(bench.bright(rabi(seconds), 300)).mean() == pytest.approx(wanted, abs=0.02)


def test_probe_light_shows_who_is_in_1_and_loses_nobody(array):
    bench = array()
    for seconds in (0.4e-6, 1.0e-6):
        score = Score()
        score.tone("raman", 10e-6, seconds, RAMAN, 0.5)
        score.image(1e-3, light="probe")
        score.image(15e-3)
        seen = bench.bright(score, 400)
        wanted = np.sin(np.pi * 0.5e6 * seconds) ** 2
        assert seen[:, 1].sum() / seen[:, 0].sum() == pytest.approx(wanted, abs=0.02)
        assert (seen[:, 2] == seen[:, 0]).mean() > 0.99


def test_a_detuned_drive_turns_less(array):
    detuning, omega, t = 0.5e6, 0.5e6, 1.0e-6
    w = np.hypot(detuning, omega)
    wanted = 1 - (omega / w) ** 2 * np.sin(np.pi * w * t) ** 2
    assert survived(array().bright(rabi(t, RAMAN + detuning), 600)).mean() == pytest.approx(wanted, abs=0.02)


def ramsey(wait, frequency=RAMAN):
    score = Score()
    for start in (10e-6, 10e-6 + wait):
        score.tone("raman", start, 0.5e-6, frequency, 0.5)
    score.on("pushout", 12e-3, 13e-3)
    score.image(15e-3)
    return score


def test_phases_run_between_pulses(array):
    bench = array()
    for wait in (1e-3, 1.25e-3, 1.5e-3):
        wanted = 0.5 - 0.5 * np.cos(2 * np.pi * 1e3 * wait)
        assert survived(bench.bright(ramsey(wait, RAMAN + 1e3), 300)).mean() == pytest.approx(wanted, abs=0.03)


def test_noise_of_the_frequency_takes_the_contrast(array):
    noise, wait = 50.0, 4e-3
    bench = array(qubits=replace(ideal().qubits, noise=noise))
    wanted = 0.5 - 0.5 * np.exp(-((2 * np.pi * noise * wait) ** 2) / 2)
    assert survived(bench.bright(ramsey(wait), 600)).mean() == pytest.approx(wanted, abs=0.03)


def test_local_light_turns_the_atom_it_points_at_and_hardly_its_neighbour(array):
    score = rabi(1e-6, line="raman_local")
    score.tone("pointer_x", 0, 20e-6, 2.6e6, 0.2)  # x = 6 um
    score.tone("pointer_y", 0, 20e-6, 2.6e6, 0.2)
    left = survived(array().bright(score, 300))
    assert left[5] < 0.02
    assert left[[0, 1, 4, 6, 9]].min() > 0.98


def test_hot_atoms_leave_when_traps_are_off_for_longer(array):
    left = {}
    for heat in (10e-6, 60e-6):
        bench = array(tweezers=replace(ideal().tweezers, temperature=heat, hot=heat))
        for off in (10e-6, 30e-6, 60e-6):
            score = Score()
            score.on("trap_off", 0, off)
            score.image(5e-3)
            left[heat, off] = survived(bench.bright(score, 300)).mean()
    assert left[10e-6, 10e-6] > 0.99
    assert left[10e-6, 30e-6] > left[60e-6, 30e-6] + 0.2
    assert left[60e-6, 10e-6] > left[60e-6, 30e-6] > left[60e-6, 60e-6]


def test_atoms_stay_from_one_call_to_the_next(array):
    bench = array(tweezers=replace(ideal().tweezers, loading=0.5))
    first = bench.bright(Score(), 1)[0, 0]
    again = Score(loading=False, lead=1e-3)
    again.image(0)
    assert (bench.bright(again, 3)[:, 0] == first).all()
    gone = Score(loading=False, lead=1e-3)
    gone.on("trap_off", 0, 1e-3)
    gone.image(2e-3)
    assert not bench.bright(gone, 1).any()


@pytest.mark.parametrize(
    ("failure", "first", "second"),
    [
        (Failure(line="imaging"), 0.0, 0.0),
        (Failure(line="trap_off", on=True), 0.0, 0.0),
        (Failure(line="mot"), 0.0, 0.0),
        (Failure(line="pushout"), 0.95, 0.95),
        (Failure(line="raman"), 0.95, 0.95),
        (Failure(line="raman", since=1e6), 0.95, 0.0),
    ],
)
def test_lights_that_fail_are_seen(array, failure, first, second):
    seen = array(failures=(failure,)).bright(rabi(1e-6), 300)
    assert seen.mean(axis=(0, 2)) == pytest.approx([first, second], abs=0.03)


def test_the_same_seed_gives_the_same_frames(array):
    one, two, three = (array(seed=seed).frames(rabi(0.5e-6), 3) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one != three).any()


def test_frames_are_counted_photons_and_noise_of_reading(array):
    camera = replace(ideal().camera, background=2e4, rate=0.0)
    frames = array(camera=camera).frames(Score(), 200)[:, 0].astype(float)
    counted = camera.efficiency * camera.background * 10e-3
    assert frames.mean() == pytest.approx(camera.offset + camera.gain * counted, rel=1e-3)
    assert frames.var() == pytest.approx(camera.gain**2 * counted + camera.read_noise**2 + 1 / 12, rel=0.02)


def test_frames_come_by_camera_point_and_exposure(array):
    bench = array()
    score = rabi(1e-6)
    assert bench.world.run(score.stage(bench.lab), 2)[CAMERA].shape == (2, 1, 2, 40, 40)
    assert bench.world.clock == pytest.approx(0.4)
