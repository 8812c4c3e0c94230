"""Calibration beside users' jobs keeps gates good and costs users next to nothing; `beside.py` says how much."""

import importlib.util
import sys
from pathlib import Path


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
