"""Submitting over the API: once is once, refusals have a number, and lists are short however long the history is."""

import threading

import pytest
from api_world import ROOT
from job_world import PROGRAM

from qctl.client import Client, RefusedError
from qctl.jobs.disk import Disk

BODY = {"program": "OPENQASM 3; qubit q; bit c; c = measure q;", "shots": 100}


def key(text):
    return [("Idempotency-Key", text)]


def test_a_retry_finds_the_same_job_and_another_body_does_not(served):
    first = served.ask("POST", "/v1/jobs", BODY, token="user", headers=key("a"))
    again = served.ask("POST", "/v1/jobs", BODY, token="user", headers=key("a"))
    other = served.ask("POST", "/v1/jobs", {**BODY, "shots": 101}, token="user", headers=key("a"))
    elsewhere = served.ask("POST", "/v1/jobs", BODY, token="operator", headers=key("a"))
    assert [one.status for one in (first, again, other, elsewhere)] == [201, 200, 422, 201]
    assert again.json == {"job": first.json["job"], "created": False}
    assert other.json["error"]["code"] == "key-reused"


def test_many_at_once_with_one_key_are_one_job(served):
    found = []

    def submit():
        found.append(served.ask("POST", "/v1/jobs", BODY, token="user", headers=key("at-once")))

    threads = [threading.Thread(target=submit) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status for one in found) == [200] * 11 + [201]
    assert len({one.json["job"] for one in found}) == 1


def test_what_is_too_much_is_refused_with_the_number(served):
    programs = {
        "2e+12 iterations": "OPENQASM 3; for int i in [1:2000000000000] { }",
        "1e+09 qubits": "OPENQASM 3; qubit[1000000000] q;",
        "300001 statements": ";" * 300_001,
    }
    for said, program in programs.items():
        answer = served.ask("POST", "/v1/jobs", {"program": program}, token="user")
        assert (answer.status, answer.json["error"]["code"]) == (422, "too-large")
        assert said in answer.json["error"]["said"]
    for body, said in (({"shots": 10**6 + 1}, "1e+06 shots"),):
        answer = served.ask("POST", "/v1/jobs", {**BODY, **body}, token="user")
        assert said in answer.json["error"]["said"]
    urgent = {**BODY, "class": "urgent_calibration"}
    assert served.ask("POST", "/v1/jobs", urgent, token="user").status == 403
    assert served.ask("POST", "/v1/jobs", urgent, token="operator").status == 201


def test_a_full_disk_takes_nothing_new_but_lets_cancel(served, monkeypatch):
    job = served.ask("POST", "/v1/jobs", BODY, token="user").json["job"]
    monkeypatch.setattr(served.house, "disk", Disk(served.house.state, room=lambda folder: (1000, 1)))
    answer = served.ask("POST", "/v1/jobs", BODY, token="user")
    assert (answer.status, answer.json["error"]["code"]) == (507, "disk-full")
    assert served.ask("POST", f"/v1/jobs/{job}/cancel", {}, token="user").json["state"] == "CANCELLED"
    assert served.ask("GET", "/v1/health", token="viewer").json["disk"]


def test_the_client_speaks_the_verbs_of_a_laboratory_over_both_doors(served):
    places = [(str(served.path), None), (f"http://127.0.0.1:{served.port}", served.tokens["operator"])]
    for place, token in places:
        with Client(place, token) as daemon:
            job = daemon.submit(BODY["program"], 100, name="one", job_class="interactive")
            assert daemon.job(job)["class"] == "interactive"
            assert daemon.jobs(limit=1)[0]["job"] == job
            assert daemon.why(job) == "it is QUEUED"
            assert daemon.hold(job, "look") == "HELD"
            assert daemon.resume(job) == "QUEUED"
            assert daemon.cancel(job) == "CANCELLED"
            assert daemon.wait(job)["state"] == "CANCELLED"
            assert [line["state"] for line in daemon.segments(job)] == ["CANCELLED"]
            assert daemon.status()["laboratory"] == "transmon5"
            assert next(iter(daemon.events()))["verb"] == "submit" or place
            try:
                daemon.result(job)
            except RefusedError as refused:
                assert refused.code == "cancelled"  # noqa: PT017 (the field of an error)


def test_a_follower_hears_the_end_of_a_job(served):
    job = served.store.submit(ROOT, PROGRAM).job
    with Client(str(served.path)) as daemon, Client(str(served.path)) as other:
        lines = daemon.segments(f"j{job}", follow=True)
        ending = threading.Timer(0.05, other.cancel, [f"j{job}"])
        ending.start()
        assert [line["state"] for line in lines] == ["CANCELLED"]
        ending.join()


def test_whoever_waits_for_a_job_waits_longer_than_a_silence_lasts(served, monkeypatch):
    job, asked = f"j{served.store.submit(ROOT, PROGRAM).job}", []

    def quiet(self, path, **options):
        asked.append(path)
        if len(asked) == 1:
            raise TimeoutError
        self.cancel(job)
        return iter(())

    monkeypatch.setattr(Client, "lines", quiet)
    with Client(str(served.path)) as daemon:
        assert daemon.wait(job)["state"] == "CANCELLED"
    assert len(asked) == 2


def test_a_sweep_over_inputs_is_one_job_whose_points_count(served):
    with Client(str(served.path)) as daemon:
        job = daemon.submit(BODY["program"], 100, inputs={"angle": [0.0, 0.5, 1.0], "flag": True})
        assert daemon.get(f"/v1/jobs/{job}/program")["asked"]["inputs"] == {"angle": [0.0, 0.5, 1.0], "flag": True}
        with pytest.raises(RefusedError, match=r"20000 values for the input 'angle'; allowed: at most 10000"):
            daemon.submit(BODY["program"], 1, inputs={"angle": [0.0] * 20_000})
        for wrong in ({"angle": [[0.0]]}, {"a b": 1.0}, {"angle": []}, {"angle": None}):
            with pytest.raises(RefusedError, match="inputs"):
                daemon.submit(BODY["program"], 100, inputs=wrong)
        with pytest.raises(RefusedError, match="seconds of machine time"):
            daemon.submit(BODY["program"], 10**6, inputs={"angle": [0.0] * 10_000})
        daemon.cancel(job)
