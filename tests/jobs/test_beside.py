"""Calibration beside users' jobs keeps gates good and costs users next to nothing; `beside.py` says how much."""

import importlib.util
import sys
from pathlib import Path

import pytest
from fake_world import FINE, far_off


def load():
    spec = importlib.util.spec_from_file_location("beside", Path(__file__).with_name("beside.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["beside"] = module
    spec.loader.exec_module(module)
    return module


beside = load()


def test_a_chip_at_load_0_8_stays_calibrated_in_what_users_leave():
    found = beside.study("transmon5", 0.6, 0.8, seed=1)  # nothing is measured again within half an hour
    assert not found.missed
    assert found.shots > 1000
    assert found.jobs > 100


def test_a_step_that_takes_a_users_place_is_not_free():
    chip = beside.Chip("transmon5")
    jobs = beside.arrivals(chip, 20.0, 2.0, 1)
    station = beside.Station(jobs)
    station.until(1.0)
    step = beside.replace(
        jobs[0], job="calibration 1", job_class=beside.JobClass(0), candidates=(chip.place({1, 2, 3}),)
    )
    station.step(step)
    assert station.calibrating == step.shots_left
    assert station.free < station.calibrating


def test_a_value_that_moved_far_is_mended_by_the_coarse_step_in_windows_beside_users_jobs(tmp_path):
    chip, world = beside.Chip("transmon5"), far_off(tmp_path, "q3")
    station = beside.Station(beside.arrivals(chip, 2.0, 60.0, 1))
    world.__class__ = beside.Beside
    world.serve(chip, station)
    with beside.ParameterStore.open(tmp_path, "fake") as store:
        targets, together = beside.chosen(chip.laboratory, ()), beside.at_once(chip.laboratory)
        cycle = beside.opened(world, store, FINE, targets, False, beside.LEAST, world.heard, together, probed=False)
        beside.kept(cycle, 600.0, 1e3, probed_at=-beside.math.inf)
        assert store.snapshot()["q3.amp"] == pytest.approx(world.truth["q3.amp"], abs=1.0)
    steps = [name for name, targets in world.log if "q3" in targets and not name.startswith("check")]
    assert steps[:3] == ["fine", "rabi", "fine"]
    assert station.calibrating > 0
    assert len(station.waited) > 60  # jobs, meanwhile
