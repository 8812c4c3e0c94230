"""The compiled packer and its twin decide alike, and nobody who is in disturbs anybody else."""

import numpy as np
import pytest


def random_case(rng, n_jobs, n_bits=100, n_resources=3):
    """Return tables of jobs on a ring of bits: each holds a few neighbours and keeps the next ones quiet."""
    n_words = -(-n_bits // 64)
    jobs, held, shut, terms, kinds, bounds, points = [], [], [], [], [], [], []
    for _ in range(n_jobs):
        count = int(rng.integers(0, 6))
        jobs.append((len(held), count, rng.random() < 0.03, rng.random() < 0.3, rng.integers(1, 9)))
        size = int(rng.integers(1, 8))
        for _ in range(count):
            first = int(rng.integers(n_bits))
            mine = {(first + k) % n_bits for k in range(size)}
            near = mine | {(first - 1) % n_bits, (first + size) % n_bits}
            held.append([sum(1 << (b - 64 * w) for b in mine if b // 64 == w) for w in range(n_words)])
            shut.append([sum(1 << (b - 64 * w) for b in near if b // 64 == w) for w in range(n_words)])
            begin = len(kinds)
            for kind in range(3):
                if rng.random() < 0.5:
                    kinds.append((kind, rng.integers(n_resources)))
                    low = float(rng.integers(3))
                    bounds.append((low, low + 1.0 if kind == 2 else 0.0))
            terms.append((begin, len(kinds)))
            points.append(rng.choice([1, 1, 2, 3, 6]))
    closed = np.zeros(n_words, np.uint64)
    closed[0] = rng.integers(1 << 8)
    capacity = np.full(n_resources, 6.0)
    return (
        np.array(jobs, np.int64).reshape(-1, 5),
        np.array(held, np.uint64).reshape(-1, n_words),
        np.array(shut, np.uint64).reshape(-1, n_words),
        np.array(terms, np.int64).reshape(-1, 2),
        np.array(kinds, np.int64).reshape(-1, 2),
        np.array(bounds, np.float64).reshape(-1, 2),
        np.array(points, np.int64),
        closed,
        capacity,
    )


def decide(twin, case, n_swaps=4, n_tries=8):
    out = np.full((len(case[0]), 4), -7, np.int64)
    twin.pack(*case, n_swaps, n_tries, out)
    return out


@pytest.mark.parametrize("n_jobs", [0, 1, 2, 10, 60])
def test_the_twins_agree(twins, n_jobs):
    rng = np.random.default_rng(n_jobs)
    for _ in range(30):
        case = random_case(rng, n_jobs)
        compiled, numpy = (decide(twin, case) for twin in twins)
        np.testing.assert_array_equal(compiled, numpy)


def test_whoever_is_in_disturbs_nobody(twins):
    rng = np.random.default_rng(5)
    swaps = 0
    for _ in range(100):
        case = random_case(rng, 40)
        jobs, held, shut, *_, points, closed, capacity = case
        out = decide(twins[0], case)
        rows = out[out[:, 0] >= 0, 0]
        swaps += np.count_nonzero(decide(twins[0], case, n_swaps=0)[:, 0] >= 0) < len(rows)
        for k, row in enumerate(rows):
            assert not np.any(held[row] & closed)
            for other in np.delete(rows, k):
                assert not np.any((held[row] & shut[other]) | (shut[row] & held[other]))
        assert np.lcm.reduce(points[rows], initial=1) == points[rows].max(initial=1)
        for number in range(len(capacity)):
            mine = [k for row in rows for k in range(*case[3][row]) if case[4][k, 1] == number]
            by_kind = [[tuple(case[5][k]) for k in mine if case[4][k, 0] == kind] for kind in range(3)]
            assert len({a for a, _ in by_kind[0]}) <= 1
            assert sum(a for a, _ in by_kind[1]) <= capacity[number]
            assert max((b for _, b in by_kind[2]), default=0) - min((a for a, _ in by_kind[2]), default=0) <= 6
        alone = jobs[out[:, 0] >= 0, 2]
        assert not alone.any() or len(alone) == 1
    assert swaps > 10, "some swaps let one more in"


def test_a_later_job_keeps_off_what_the_head_of_the_queue_waits_for_unless_it_ends_in_time(twins):
    one = np.array([[1], [2], [3], [2], [2]], np.uint64)  # jobs 0 and 2 hold bits 0 and 0, 1; 3 and 4 want bit 1
    jobs = np.array([[0, 1, 0, 1, 5], [2, 1, 0, 0, 9], [3, 1, 0, 0, 6], [4, 1, 0, 0, 5]], np.int64)
    rest = (np.zeros((5, 2), np.int64), np.zeros((0, 2), np.int64), np.zeros((0, 2)), np.ones(5, np.int64))
    case = (jobs, one, one, *rest, np.zeros(1, np.uint64), np.zeros(0))
    for twin in twins:
        np.testing.assert_array_equal(decide(twin, case)[:, :2], [[0, 0], [-1, 1], [-1, 8], [4, 0]])
        assert decide(twin, case)[2, 3] == 1, "job 1 is in the way"


def test_tables_that_name_what_is_not_there_are_refused(twins):
    case = random_case(np.random.default_rng(1), 10)
    for change in ("rows", "terms", "resource", "points", "columns"):
        bad = [table.copy() for table in case]
        if change == "rows":
            bad[0][3, 1] = len(case[1]) + 1
        elif change == "terms":
            bad[3][0, 1] = len(case[4]) + 1
        elif change == "resource":
            bad[4][0, 1] = 3
        elif change == "points":
            bad[6][0] = 0
        else:
            bad[1] = np.ascontiguousarray(case[1][:, :1])
        for twin in twins:
            with pytest.raises(ValueError, match=r"not|no sweep point"):
                decide(twin, bad)
