"""A served laboratory keeps itself calibrated while users run jobs, on simulated instruments over real links."""

import time
from dataclasses import replace

import pytest
from stack_world import Stack, instruments

from qctl.config import read_parameters
from qctl.config.find import find_laboratory
from qctl.store import Finding, ParameterStore, Status

MOVED = 2.5e6  # Hz by which a qubit has moved since it was measured


def on(qubit):
    """Return a program on one physical qubit."""
    return f"OPENQASM 3; bit[1] c; x ${qubit}; c[0] = measure ${qubit};"


def left_behind(state, name, by):
    """Fill a parameter store with what was measured before a parameter moved."""
    known = read_parameters(find_laboratory("transmon5").parent / "transmon5.parameters.json")
    with ParameterStore.open(state, "transmon5") as store:
        rows = [
            Finding(one, replace(e, value=e.value + by * (one == name), time=time.time()), Status.MANUAL, reason="test")
            for one, e in known.estimates.items()
            if e.error < float("inf")
        ]
        store.commit(rows, store.newest, "as it was", author="test")
        return store.snapshot()["q0.frequency"]


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Return what was seen while a drift was noticed and repaired beside the jobs of users."""
    folder = tmp_path_factory.mktemp("calibrated")
    (folder / "state").mkdir()
    seen = {"stored": left_behind(folder / "state", "q0.frequency", MOVED), "why": set(), "beside": 0}
    with instruments(folder) as (lab, _):
        stack = Stack(lab, folder / "state", options={"calibrate": True}).start()
        stack.heard("ready")
        with stack.client() as daemon:
            until(lambda: "q0" in daemon.status()["calibration"]["suspect"])
            waiting = daemon.submit(on(0), 1000)
            careless = daemon.submit(on(0), 400, stale_ok=True)
            other = daemon.submit(on(3), 8_000)
            while daemon.job(waiting)["state"] in ("QUEUED", "PREPARING"):
                seen["why"].add(daemon.get(f"/v1/jobs/{waiting}/why")["why"])
                seen["beside"] = daemon.job(other)["shots_done"]
                time.sleep(0.05)
            seen |= {"waiting": daemon.result(waiting), "careless": daemon.result(careless)}
            seen["calibration"] = daemon.get("/v1/calibration?target=q0.frequency")["values"]["q0.frequency"]
            seen["status"] = daemon.status()["calibration"]
            seen["other"] = daemon.result(other)
        seen["code"] = stack.stop()
    return seen


def until(holds, limit=90.0):
    """Wait for something that will come; its time is bounded, never judged."""
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_job_that_needs_a_doubted_value_waits_and_why_names_it(story):
    assert any("q0 is suspect" in said and "probe (gate_check)" in said for said in story["why"])


def test_it_runs_with_the_value_that_was_measured_again(story):
    assert story["calibration"]["value"] == pytest.approx(story["stored"] - MOVED, abs=2e5)
    found = story["waiting"]
    assert sum(found.counts.values()) == 1000
    assert found.counts["1"] > 900
    assert found.document["remarks"] == []
    assert "q0" not in story["status"]["suspect"]


def test_another_users_job_ran_meanwhile_beside_the_calibration(story):
    assert story["beside"] > 0
    assert any(name.startswith("calibration") for name in story["other"].document["co_runners"])


def test_who_asked_for_it_ran_at_once_and_the_result_says_so(story):
    (said,) = story["careless"].document["remarks"]
    assert said.startswith("stale_cal: q0: a probe (gate_check)")
    assert story["careless"].document["parameters_id"] != story["waiting"].document["parameters_id"]


def test_it_stops_with_the_daemon(story):
    assert story["code"] == 0
