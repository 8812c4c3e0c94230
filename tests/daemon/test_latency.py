"""The scheduler on a virtual clock: no shot is lost, urgent jobs go first, nobody waits without need."""

import json

import numpy as np
import pytest
from virtual_host import ANN, OLGA, VirtualHost

BELL = "OPENQASM 3; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"
WINDOW = 0.25  # s, of a host whose lateness nobody measured
STEPS = 0.15  # s for all steps of the host together, on any machine; goals are measured by the study


def body(shots, job_class="batch"):
    return json.dumps({"program": BELL, "shots": shots, "class": job_class}).encode()


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    running = VirtualHost(tmp_path_factory.mktemp("host"), "transmon5")
    running.run([(0.0, body(10), ANN)])
    yield running
    running.close()


def played(host, arrivals):
    """Return the lives of jobs that come to a host which knows their program."""
    before = set(host.lives)
    host.run(arrivals)
    assert host.lost() == []
    return [life for number, life in host.lives.items() if number not in before]


def test_an_urgent_job_has_the_machine_at_the_next_border_and_the_interrupted_one_loses_nothing(host):
    long, urgent = played(host, [(0.0, body(4000), ANN), (0.4, body(50, "urgent_calibration"), OLGA)])
    assert len(long.windows) > 3
    assert urgent.first_shot - urgent.submitted < WINDOW + STEPS
    assert [at for at in long.windows if urgent.submitted + STEPS < at < urgent.first_shot] == []


def test_windows_follow_one_another_without_waiting_for_what_is_recorded_read_out_or_linked(host):
    (long,) = played(host, [(0.0, body(5000), ANN)])
    beside = sum(host.spent[step][-1] for step in ("record", "read"))
    assert np.median(np.diff(long.windows)[1:]) - WINDOW < host.spent["agent"][-1] + beside


def test_an_agent_that_dies_costs_its_windows_and_nothing_else(host):
    host.lost_in, before = 4, host.loop.time()
    (long,) = played(host, [(0.0, body(4000), ANN)])
    assert host.lost_in < 0
    assert host.loop.time() - before < 5.0  # the job is neither forgotten nor left to its lease
    assert host.store.job(long.number).fence > 1


def test_the_slack_of_each_border_is_counted(host):
    before = host.scheduler.windows.slack.document()
    (long,) = played(host, [(0.0, body(4000), ANN)])
    after = host.scheduler.windows.slack.document()
    assert after["deadlines"] - before["deadlines"] == len(long.windows) - 1  # the first one came to an idle machine
    assert after["misses"] == before["misses"]
    assert sum(after["hist_us"].values()) == after["deadlines"] - after["misses"]
    assert 0 < after["p50_us"] < 1e6 * (WINDOW + STEPS)


def test_a_machine_that_is_idle_waits_for_nobody(host):
    (life,) = played(host, [(1.0, body(10), ANN)])
    assert life.first_shot - life.submitted < STEPS


def test_shots_of_a_window_leave_a_little_of_it_to_what_the_agent_does_between_two(host):
    (long,) = played(host, [(0.0, body(6000), ANN)])
    *_, one, _ = host.store.segments(long.number, 0)
    assert 0.96 * WINDOW <= one.shots * host.laboratory.period < WINDOW
