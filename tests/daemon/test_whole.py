"""All processes together, on simulated instruments over real links."""

import os
import signal
import subprocess
import sys
import time

import pytest
from stack_world import BELL, Stack, instruments, live_outputs, seconds_until_safe

from qctl.client import RefusedError
from qctl.daemon.lock import TAKEN
from qctl.jobs.replay import replayed


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    with instruments(folder) as (lab, addresses):
        (folder / "state").mkdir()
        running = Stack(lab, folder / "state").start()
        running.addresses = addresses
        running.heard("ready")
        try:
            yield running
        finally:
            for _ in range(20):  # a storm of signals is one orderly stop
                running.process.send_signal(signal.SIGTERM)
            assert running.stop() == 0
            assert seconds_until_safe(addresses) < 10


def test_a_job_is_run_and_its_result_says_how_and_can_be_replayed(stack):
    with stack.client() as daemon:
        found = daemon.run(BELL, 1500)
        program = daemon.get("/v1/jobs/j1/program")["program"]
    assert sum(found.counts.values()) == 1500
    assert found.counts["00"] + found.counts["11"] > 1300
    document = dict(found.document)
    assert document["compiled"]["placement"] == document["compiled"]["place"]
    assert document["instruments"].keys() == stack.addresses.keys()
    assert document["timing"]["deadlines"] > 0
    assert document["versions"].keys() >= {"qctl", "numpy"}
    assert document["parameters_id"] == document["compiled"]["parameters_id"]
    assert replayed(document, program, str(stack.lab), stack.state)["same"]
    other = program.replace("h q[0];", "h q[0]; x q[1];")
    assert not replayed(document, other, str(stack.lab), stack.state)["same"]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("this is no program;", "expecting ';'"),
        ("OPENQASM 3; qubit[2] q; h q[0];", "nothing is measured"),
        ("OPENQASM 3; include '/etc/passwd';", "include of '/etc/passwd'"),
        ("OPENQASM 3; qubit q; bit c; rx(" + "(" * 100_000 + ") q; c = measure q;", "256"),
        ("OPENQASM 3; qubit[40] q; bit[40] c; c = measure q;", "40 qubits"),
    ],
    ids=["words", "silence", "include", "nesting", "size"],
)
def test_a_program_that_cannot_run_fails_alone_with_a_reason(stack, program, said):
    with stack.client() as daemon:
        job = daemon.submit(program, 100)
        with pytest.raises(RefusedError, match=f"FAILED: .*{said}"):
            daemon.result(job)
        assert daemon.status()["instruments"] == "connected"


def test_values_beside_bits_are_counted_with_the_bits_that_they_belong_to(stack):
    text = (
        "OPENQASM 3; qubit[2] q; output bit first; output int n; output array[angle, 2] a; bit[2] c; h q[0];"
        " c = measure q; first = c[0]; n = 1000000 + int(c[0]); a[1] = pi / 2;"
    )
    with stack.client() as daemon:
        found = daemon.run(text, 400)
        lines = list(daemon.segments(f"j{found.document['job']}"))
    assert found.outputs["n"] == {"1000000": found.counts["0"], "1000001": found.counts["1"]}
    assert found.outputs["a"] == {"[0.0, 1.5707963267948966]": 400}
    assert {(key, values["n"]) for key, values, _ in found.ends_of(0)} == {("0", 1000000), ("1", 1000001)}
    assert sum(sum(line["outputs"]["n"][0].values()) for line in lines if "counts" in line) == 400


def test_outputs_are_safe_soon_after_the_agent_is_killed_and_the_job_goes_on(stack):
    with stack.client() as daemon:
        job = daemon.submit(BELL, 6000)
        until(lambda: live_outputs(stack.addresses))
        since = time.monotonic()
        os.kill(stack.pid("agent"), signal.SIGKILL)
        _, said = stack.heard("guardian", since)
        assert said["guardian"]["failures"] == []
        assert daemon.result(job).counts["00"] > 2400


def test_an_agent_that_hangs_is_ended_and_its_successor_works(stack):
    since = time.monotonic()
    os.kill(stack.pid("agent"), signal.SIGSTOP)
    _, said = stack.heard("guardian", since)
    assert said["guardian"]["failures"] == []
    stack.heard("started=agent", since)
    with stack.client() as daemon:
        assert sum(daemon.run(BELL, 200).counts.values()) == 200


def test_a_guardian_that_dies_is_replaced_by_one_that_guards(stack):
    since = time.monotonic()
    os.kill(stack.pid("guardian"), signal.SIGKILL)
    stack.heard("started=guardian", since)
    os.kill(stack.pid("agent"), signal.SIGKILL)
    _, said = stack.heard("guardian", since)
    assert said["guardian"]["failures"] == []
    stack.heard("started=agent", since)


def test_after_a_killed_daemon_outputs_are_safe_and_what_was_accepted_is_done(stack):
    with stack.client() as daemon:
        job = daemon.submit(BELL, 6000, key="once")
        until(lambda: daemon.job(job)["shots_done"])
    since = time.monotonic()
    os.kill(stack.pid("daemon"), signal.SIGKILL)
    assert seconds_until_safe(stack.addresses) < 10  # a bound of patience; how soon is measured by the harness
    stack.heard("ready", since)
    with stack.client() as daemon:
        assert daemon.submit(BELL, 6000, key="once") == job
        found = daemon.result(job)
    assert sum(found.counts.values()) == 6000
    assert len({one["fence"] for one in found.document["segments"]}) == 2


def test_a_daemon_comes_although_the_process_that_splits_it_off_has_died(stack):
    since = time.monotonic()
    for name in ("zygote", "daemon"):
        os.kill(stack.pid(name), signal.SIGKILL)
    stack.heard("started=zygote", since)
    stack.heard("ready", since)
    with stack.client() as daemon:
        assert daemon.status()["instruments"]


def test_a_second_daemon_on_the_same_state_leaves_with_73(stack):
    command = [sys.executable, "-m", "qctl.cli", "--state", str(stack.state), "serve", "--lab", str(stack.lab)]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == TAKEN


def test_outputs_rest_when_there_is_nothing_to_do(stack):
    until(lambda: not live_outputs(stack.addresses))


def test_a_cancelled_job_stops_at_the_border_of_its_window(stack):
    with stack.client() as daemon:
        job = daemon.submit(BELL, 500_000)
        until(lambda: daemon.job(job)["state"] == "RUNNING")
        daemon.cancel(job)
        assert daemon.wait(job)["state"] == "CANCELLED"
        assert daemon.job(job)["shots_done"] < 500_000


def until(holds, limit=60.0):
    """Wait for something that will come; its time is bounded, never judged."""
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
