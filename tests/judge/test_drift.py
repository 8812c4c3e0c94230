"""Drift that is drawn moves as real devices do, and the judge knows the truth of every moment."""

from dataclasses import replace

import numpy as np
import pytest

from qctl import config
from qctl.judge import draw_twin, twin_text, with_defects
from qctl.judge.score import bench_at
from qctl.judge.solvable import complaints, sweet_biases
from qctl.judge.truths import truths_of
from qctl.physics.chip import Chip
from qctl.physics.drift import Weather
from qctl.physics.twin import Twin

DAY = 86_400.0


@pytest.fixture(scope="module")
def days(lab5):
    """Frequencies, T1 and thermal levels of 125 qubits on four days, each of shape (days, qubits)."""
    moved, t1, thermal = [], [], []
    for seed in range(25):
        chip = Chip(lab5, draw_twin(lab5, seed, drifting=True))
        biases = {lab5.lines[line].bias: current for line, current in sweet_biases(chip).items()}
        seen = [Weather(chip, seed).at(day * DAY, biases) for day in range(4)]
        moved.append([[c.transmon(q).moved for q in range(5)] for c in seen])
        t1.append([[c.transmon(q).t1 for q in range(5)] for c in seen])
        thermal.append([[c.transmon(q).thermal for q in range(5)] for c in seen])
    return tuple(np.concatenate(each, axis=1) for each in (moved, t1, thermal))


def test_from_day_to_day_frequencies_and_t1_change_as_on_real_devices(days):
    moved, t1, thermal = days
    hertz = np.abs(np.diff(moved, axis=0))
    relative = np.abs(np.diff(t1, axis=0)) / t1[:-1]
    assert 2.9e3 < np.median(hertz) < 4.6e3
    assert 14e3 < np.percentile(hertz, 95) < 32e3
    assert 0.14 < np.median(relative) < 0.22
    assert 0.45 < np.percentile(relative, 95) < 0.95
    hotter = np.abs(np.diff(thermal, axis=0)) / thermal[:-1]
    assert 0.15 < np.median(hotter) < 0.28  # half of a readout's error or more, which moves by 11 to 17 %


def test_a_twin_that_drifts_is_the_one_that_does_not_and_its_file_holds_it(lab5, tmp_path):
    still, moving = draw_twin(lab5, 3), draw_twin(lab5, 3, drifting=True)
    assert replace(moving, drift=None, defects={}) == still
    path = tmp_path / "moving.yaml"
    path.write_text(twin_text(moving, "moves"), encoding="utf-8")
    assert config.read(path, Twin) == moving


def test_a_defect_that_was_asked_for_sits_on_its_qubit(lab5):
    twin = with_defects(lab5, draw_twin(lab5, 3), ["tls:q2"], 3)
    chip = Chip(lab5, twin)
    biases = {lab5.lines[line].bias: current for line, current in sweet_biases(chip).items()}
    here = Weather(chip, 1).at(0.0, biases)
    away = Weather(chip, 1).at(0.0, {**biases, "bias_q2": biases["bias_q2"] + 0.4e-3})
    assert 1e-6 < here.transmon(2).t1 < 6e-6
    assert away.transmon(2).t1 > 0.7 * twin.qubits["q2"].t1
    assert complaints(lab5, twin) == ()


def test_the_judge_knows_the_truth_of_a_moment(lab5, known5):
    twin = draw_twin(lab5, 3, drifting=True)
    first, later = (truths_of(bench_at(lab5, twin, known5, at, seed=7)) for at in (0.0, 5 * DAY))
    moved = {name for name in first if first[name] != later[name]}
    assert {"q0.frequency", "q3.t1", "q1.drive.mixer.gain", "q0-q1.flux.bias"} <= moved
    world = Weather(Chip(lab5, twin), 7).at(5 * DAY, bench_at(lab5, twin, known5, 0.0, 7).biases)
    assert later["q3.t1"] == world.transmon(3).t1
    assert 10 < abs(first["q0.frequency"] - later["q0.frequency"]) < 2e5
