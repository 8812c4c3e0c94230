"""The daemon's steps on a virtual clock: no shot is lost, urgent jobs go first, nobody waits without need."""

import json

import pytest
from virtual_host import ANN, OLGA, VirtualHost

WINDOW = 0.02
BELL = "OPENQASM 3; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"


def body(shots, job_class="batch", isolation="shared"):
    asked = {"program": BELL, "shots": shots, "class": job_class, "isolation": isolation}
    return json.dumps(asked).encode()


@pytest.fixture
def host(tmp_path):
    running = VirtualHost(tmp_path, "transmon5", WINDOW)
    yield running
    running.close()


def test_an_urgent_job_has_the_machine_at_the_next_border_and_the_interrupted_one_loses_nothing(host):
    host.run([(0.0, body(600), ANN), (0.001, body(50, "urgent_calibration"), OLGA), (0.05, body(20), ANN)])
    long, urgent, late = host.lives.values()
    assert host.lost() == []
    borders = sorted({at for life in host.lives.values() for at in life.windows})
    assert urgent.first_shot in [at for at in borders if at >= urgent.ready][:2]  # one may be linked already
    assert len(long.windows) > 3
    assert late.first_shot > late.ready > late.submitted


def test_a_machine_that_is_idle_waits_for_nobody(host):
    host.run([(1.0, body(10), ANN)])
    (life,) = host.lives.values()
    spent = sum(host.spent[step][0] for step in ("accept", "prepare", "decide", "link", "agent"))
    assert life.first_shot == pytest.approx(1.0 + spent)
