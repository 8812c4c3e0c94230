"""What others do, and the packer beside it, on jobs whose best makespan is known."""

import pytest
from queued import FRAME, candidate, request, state

from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.jobs.baselines import EasyBackfill, FirstCome, FirstFit, FixedRegions, HighestRatio, Pairs, play
from qctl.jobs.simulate import jain, serial, simulate


def jobs():
    return [request(k, *(candidate(4 * c, 2) for c in range(5)), shots=100 * (1 + k % 3)) for k in range(20)]


@pytest.mark.parametrize("policy", [FirstCome(), HighestRatio(), EasyBackfill(), FirstFit(), Pairs()])
def test_every_job_is_run_whole_and_nobody_is_disturbed(policy):
    history = play(jobs(), policy)
    assert sorted(d.job for d in history.done) == sorted(str(k) for k in range(20))
    for done in history.done:
        assert done.service == pytest.approx(FRAME * 100 * (1 + int(done.job) % 3))
        assert done.finished - done.started == pytest.approx(done.service)
    at_once = {"serial, first come": 1, "serial, highest response ratio": 1, "pairs": 2}.get(policy.name, 5)
    starts = sorted(d.started for d in history.done)
    assert max(sum(d.started <= t < d.finished - 1e-9 for d in history.done) for t in starts) == at_once


def test_fixed_regions_hold_a_program_each_and_larger_ones_take_two_neighbours():
    policy = FixedRegions(read_laboratory(find_laboratory("wukong72")))
    assert {len(region) for region in policy.regions} == {9}
    assert len(frozenset.union(*policy.regions)) == 9 * len(policy.regions)
    small, large = policy.ready([request(0, candidate(0, 2)), request(1, candidate(0, 12))])
    assert [len(one.candidates[0].claims.exclusive) for one in (small, large)] == [1, 2]
    done = play(jobs(), policy).done
    assert len(done) == 20
    most = max(sum(d.started <= t < d.finished - 1e-9 for d in done) for t in {d.started for d in done})
    assert most == len(policy.regions)


def test_first_come_is_serial_and_highest_ratio_lets_short_jobs_pass():
    history = play(jobs(), FirstCome())
    assert [d.job for d in history.done] == [str(k) for k in range(20)]
    assert history.makespan == pytest.approx(serial(jobs()))
    assert play(jobs(), HighestRatio()).turnaround < history.turnaround


def test_backfill_does_not_delay_the_head_of_the_queue():
    running, head = request(0, candidate(0, 2), shots=400), request(1, candidate(0, 6), shots=100)
    long, short = request(2, candidate(4), shots=900), request(3, candidate(4), shots=400)
    history = {d.job: d for d in play([running, head, long, short], EasyBackfill()).done}
    assert history["3"].started == 0.0
    assert history["1"].started == pytest.approx(400 * FRAME)
    assert history["2"].started == pytest.approx(500 * FRAME)
    first_fit = {d.job: d for d in play([running, head, long, short], FirstFit()).done}
    assert first_fit["2"].started == 0.0


def test_the_packer_fills_the_chip():
    history = simulate(jobs(), state())
    assert serial(jobs()) / 5 <= history.makespan <= serial(jobs()) / 4
    assert len(history.done) == 20


def test_a_job_stays_where_it_began():
    history = simulate(jobs(), state())
    places = {}
    for window in history.windows:
        for grant in window.grants:
            assert places.setdefault(grant.job, grant.placement) == grant.placement


def test_fairness_is_one_when_all_have_the_same():
    assert jain([3.0, 3.0, 3.0]) == pytest.approx(1.0)
    assert jain([1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
    assert jain([]) == 1.0
