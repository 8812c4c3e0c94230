"""One decision: who runs together, in which order, and why others wait."""

from dataclasses import replace

import numpy as np
import pytest
from queued import FRAME, candidate, granted, request, state

from qctl.jobs.packer import Packer, pack
from qctl.jobs.request import Isolation, JobClass


def test_programs_run_together_where_a_qubit_between_them_is_idle():
    window = pack([request(0, candidate(0, 2)), request(1, candidate(3, 2)), request(2, candidate(5, 1))], state())
    assert granted(window) == {"0", "1"}
    assert window.waits["2"] == "qubit 4 is taken by job 1, or too near to what it takes"


def test_a_job_takes_the_best_of_its_places_that_is_free():
    window = pack([request(0, candidate(0, 2)), request(1, candidate(1), candidate(2), candidate(3))], state())
    assert [(g.job, g.candidate, g.placement) for g in window.grants] == [("0", 0, (0, 1)), ("1", 2, (3,))]


def test_a_window_holds_the_shots_that_fit_it_and_ends_when_all_have_ended():
    window = pack([request(0, candidate(0), shots=40), request(1, candidate(9), shots=7)], state())
    assert [g.shots for g in window.grants] == [40, 7]
    assert window.duration_s == pytest.approx(40 * FRAME)
    long = pack([request(0, candidate(0), shots=4000)], state())
    assert (long.grants[0].shots, long.duration_s) == (100, pytest.approx(0.025))


def test_a_shot_that_is_longer_than_the_window_makes_it_longer():
    window = pack([request(0, candidate(0, n_points=200)), request(1, candidate(9))], state())
    assert sorted(g.shots for g in window.grants) == [1, 100]
    assert window.duration_s == pytest.approx(200 * FRAME)


@pytest.mark.parametrize(
    ("claims", "other", "said"),
    [
        ({"equal": {"carrier drive": 5e9}}, {"equal": {"carrier drive": 5.1e9}}, "another value of carrier drive"),
        ({"equal": {"beam all": "x"}}, {"equal": {"beam all": "y"}}, "another value of beam all"),
        ({"budgets": {"peak line": 0.6}}, {"budgets": {"peak line": 0.5}}, "peak line has not enough left"),
        ({"spans": {"record scope": (0, 1e-6)}}, {"spans": {"record scope": (3e-6, 4e-6)}}, "record scope would have"),
        ({"n_points": 4}, {"n_points": 6}, "sweep points"),
        ({"tones": {"line": (50e6,)}}, {"tones": {"line": (50.5e6,)}}, "tone line"),
    ],
)
def test_shared_resources_are_shared_only_within_their_rules(claims, other, said):
    rules = state(capacities={"peak line": 1.0}, longest_spans={"record scope": 2e-6}, spacings={"line": 1e6})
    window = pack([request(0, candidate(0, **claims)), request(1, candidate(9, **other))], rules)
    assert granted(window) == {"0"}
    assert said in window.waits["1"]
    assert granted(pack([request(0, candidate(0, **claims)), request(1, candidate(9, **claims))], state())) == (
        {"0"} if "tones" in claims else {"0", "1"}
    )


def test_a_job_that_asks_for_it_runs_alone():
    alone = request(0, candidate(0), isolation=Isolation.SOLO)
    window = pack([alone, request(1, candidate(9))], state())
    assert granted(window) == {"0"}
    assert window.waits["1"] == "job 0 runs alone"
    later = pack([replace(alone, priority=-1), request(1, candidate(9))], state())
    assert later.waits["0"] == "it runs alone, and job 1 is running"


def test_urgent_calibration_goes_first_then_interactive_jobs_then_batches_and_fillers_last():
    jobs = [request(k, candidate(0), job_class=JobClass(k)) for k in range(4)]
    for n in range(4):
        assert granted(pack(jobs[n:], state())) == {str(n)}


def test_the_higher_response_ratio_goes_first_and_what_has_begun_before_it():
    waiting = request(1, candidate(0), submitted=-10.0)
    fresh = request(0, candidate(0), submitted=-1.0)
    assert granted(pack([fresh, waiting], state())) == {"1"}
    short = replace(fresh, shots_left=4)
    assert granted(pack([short, waiting], state())) == {"0"}, "short jobs age faster"
    begun = replace(short, submitted=0.0, shots_done=10)
    assert granted(pack([waiting, begun], state())) == {"0"}


def test_who_had_much_of_late_ages_more_slowly():
    jobs = [request(0, candidate(0), user="ann", submitted=-1.2), request(1, candidate(0), user="bob", submitted=-1.0)]
    assert granted(pack(jobs, state())) == {"0"}
    assert granted(pack(jobs, state(usage={"ann": 5.0, "bob": 1.0}))) == {"1"}
    assert granted(pack(jobs, state(usage={"ann": 5.0, "bob": 1.0}, shares={"ann": 10.0}))) == {"0"}


def test_who_has_waited_longer_than_the_patience_goes_before_interactive_jobs():
    old = request(0, candidate(0), job_class=JobClass.BACKGROUND, submitted=-61.0)
    fresh = request(1, candidate(0), job_class=JobClass.INTERACTIVE)
    assert granted(pack([old, fresh], state())) == {"0"}
    assert granted(pack([replace(old, submitted=-59.0), fresh], state())) == {"1"}


def test_a_place_is_kept_for_the_head_of_the_queue():
    running = request(0, candidate(0, 2), shots=300, shots_done=100)
    large = request(1, candidate(0, 6), submitted=-9.0)
    long, short = request(2, candidate(4), shots=5000), request(3, candidate(4), shots=300)
    window = pack([running, large, long], state())
    assert granted(window) == {"0"}
    assert window.waits["2"] == "its place is kept for job 1, which is next in the queue"
    assert granted(pack([running, large, short], state())) == {"0", "3"}, "whoever ends in time may use it"


def test_a_job_moves_to_another_of_its_places_when_that_lets_one_more_in():
    jobs = [request(0, candidate(0), candidate(5), submitted=-5.0), request(1, candidate(0))]
    assert granted(pack(jobs, state())) == {"0", "1"}
    begun = replace(jobs[0], shots_done=1)
    assert granted(pack([begun, jobs[1]], state())) == {"0"}, "what has begun stays where it is"


def test_blocked_jobs_and_unavailable_qubits_say_why():
    blocked = request(0, candidate(0), blocked="q0.x180.amplitude is suspect")
    closed = request(1, candidate(4), candidate(5))
    nowhere = request(2)
    window = pack(
        [blocked, closed, nowhere], state(unavailable={"qubit 4": "it is being calibrated", "qubit 5": "dead"})
    )
    assert not window.grants
    assert dict(window.waits) == {
        "0": "q0.x180.amplitude is suspect",
        "1": "qubit 4 cannot be used: it is being calibrated",
        "2": "it fits nowhere on this machine as it is calibrated now",
    }
    assert len(window.waits) == 3


def test_pairs_that_harm_each_other_are_kept_apart():
    jobs = [request(0, candidate(0)), request(1, candidate(9))]
    assert granted(pack(jobs, state())) == {"0", "1"}
    window = pack(jobs, state(harmful=frozenset({("qubit 9", "qubit 0")})))
    assert granted(window) == {"0"}


def test_a_decision_depends_on_nothing_but_its_arguments():
    rng, packer = np.random.default_rng(3), Packer()
    for number in range(60):
        first = rng.integers(0, 60, size=(30, 5))
        jobs = [
            request(f"{number}-{k}", *(candidate(int(a), 3) for a in row), sequence=k, shots=int(rng.integers(1, 500)))
            for k, row in enumerate(first)
        ]
        remembered, fresh = packer.pack(jobs, state()), pack(jobs, state())  # the first has seen others before
        assert remembered.grants == fresh.grants
        who = [{job: said.split(" by ")[-1] for job, said in w.waits.items()} for w in (remembered, fresh)]
        assert who[0] == who[1]
        shuffled = [jobs[k] for k in rng.permutation(30)]
        assert set(pack(shuffled, state()).grants) == set(fresh.grants)


def test_nothing_to_do_is_an_empty_window():
    window = pack([], state())
    assert (window.grants, dict(window.waits), window.duration_s) == ((), {}, 0.0)
