"""Innocent programs are hardly ever blamed, harmful ones are found, separated and named."""

import numpy as np
import pytest
from queued import candidate, granted, request, state

from qctl.jobs.interference import ALPHA, Watch, cells, log_evidence, nearest
from qctl.jobs.packer import pack


def drawn(rng, chances, n):
    counts = rng.multinomial(n, chances)
    return {f"{k:03b}": int(c) for k, c in enumerate(counts) if c}


def disturbed(chances, loss):
    """Return a distribution at a total-variation distance of ``loss``."""
    moved = np.roll(chances, 1)
    return chances + (moved - chances) * loss / (np.abs(moved - chances).sum() / 2)


def watch(rng, before, after, n_windows, canary=1000, shots=500, others=("b",)):
    """Return after how many shared windows somebody is blamed, or None."""
    one = Watch()
    one.heard_alone("a", drawn(rng, before, canary))
    for number in range(n_windows):
        if number % 40 == 39:
            one.heard_alone("a", drawn(rng, before, canary))
        beside = {other: [("qubit 1", f"qubit {other}")] for other in others}
        if one.heard_shared("a", drawn(rng, after, shots), beside) is not None:
            return number + 1
    return None


def test_who_does_no_harm_is_hardly_ever_blamed_however_often_one_looks():
    rng = np.random.default_rng(1)
    blamed = sum(watch(rng, p, p, 60, others=("b", "c")) is not None for p in rng.dirichlet(np.full(8, 0.7), size=150))
    assert blamed <= 2, f"at most {ALPHA} of them on average"


@pytest.mark.parametrize(("loss", "canary", "windows"), [(0.2, 1000, 6), (0.1, 5000, 12)])
def test_harm_is_found(loss, canary, windows):
    rng = np.random.default_rng(2)
    found = [watch(rng, p, disturbed(p, loss), 120, canary) for p in rng.dirichlet(np.full(8, 0.7), size=20)]
    assert all(found)
    assert np.median(found) <= windows


def test_the_evidence_is_an_e_value():
    rng, n = np.random.default_rng(3), 40
    chances = np.array([0.6, 0.3, 0.1])
    values = [
        np.exp(log_evidence(rng.multinomial(n, chances) * 1.0, rng.multinomial(n, chances) * 1.0)) for _ in range(4000)
    ]
    assert np.mean(values) <= 1.0


def test_the_guilty_co_runner_is_named_when_the_others_come_and_go():
    rng, one = np.random.default_rng(4), Watch()
    good = rng.dirichlet(np.full(8, 0.7))
    bad = disturbed(good, 0.2)
    one.heard_alone("a", drawn(rng, good, 2000))
    for _ in range(40):
        others = [str(k) for k in rng.choice(8, 3, replace=False)]
        pairs = {other: [("qubit 1", f"qubit {other}0")] for other in others}
        blamed = one.heard_shared("a", drawn(rng, bad if "5" in others else good, 500), pairs)
        if blamed:
            break
    assert blamed == "5"
    assert one.harmful == {("qubit 1", "qubit 50")}
    assert "beside job 5" in one.because["qubit 1", "qubit 50"]


def test_pairs_that_were_learned_are_kept_apart():
    one = Watch(harmful=frozenset({("qubit 0", "qubit 9")}))
    jobs = [request(0, candidate(0)), request(1, candidate(9), candidate(20))]
    grants = pack(jobs, state(harmful=one.harmful)).grants
    assert [grant.placement for grant in grants] == [(0,), (20,)]
    assert granted(pack(jobs[:1], state(harmful=one.harmful))) == {"0"}


def test_canaries_take_at_most_two_per_cent_of_a_jobs_shots():
    rng, one, alone, done = np.random.default_rng(5), Watch(), 0, 0
    for _ in range(2000):
        if one.wants_canary("a", done, 100):
            one.heard_alone("a", drawn(rng, np.full(8, 1 / 8), 100))
            alone += 100
        else:
            one.heard_shared("a", drawn(rng, np.full(8, 1 / 8), 100), {})
        done += 100
    assert 0 < alone <= 0.02 * done


def test_long_bit_strings_are_folded_without_loss_of_shots():
    counts = {"0000000": 5, "1110001": 7, "1110000": 2}
    found = cells(counts)
    assert found.sum() == 14
    assert sorted(found[found > 0].tolist()) == [2, 5, 7]


def test_the_nearest_qubits_are_the_ones_to_keep_apart():
    distance = np.abs(np.subtract.outer(np.arange(9), np.arange(9))).astype(float)
    assert nearest([0, 1], [4, 3], distance) == [(1, 3)]
