"""Values beside bits stay exact, from the shots that showed them to the counts of a job."""

import numpy as np
import pytest

from qctl.core.errors import ProgramError
from qctl.core.outputs import key_of, shown, tallied
from qctl.jobs.container import pack, unpack
from qctl.jobs.counted import count, read_counts, total

LARGE = 2**64 - 1


def test_whole_numbers_stay_whole_and_arrays_get_their_shape():
    ends = [{"n": 2**53 + 1, "f": 0.1, "a[0][0]": 1, "a[0][1]": 2}, {"n": 7, "f": 2.0, "a[0][0]": 3, "a[0][1]": 4}]
    found = shown(ends[0], ends, np.array([1, 0, -1]))
    assert found["n"].tolist() == [7, 2**53 + 1, 0]
    assert found["f"].tolist() == [2.0, 0.1, 0.0]
    assert found["a"].tolist() == [[[3, 4]], [[1, 2]], [[0, 0]]]
    assert shown(["n"], [{"n": LARGE}], np.zeros(2, int))["n"].tolist() == [LARGE, LARGE]


def test_values_that_differ_in_the_last_digit_are_counted_apart():
    assert tallied(np.array([1000001, 1000002, 1000001])) == {"1000001": 2, "1000002": 1}
    assert tallied(np.array([0.1, 0.1 + 2**-56])) == {"0.1": 1, "0.10000000000000002": 1}
    assert tallied(np.array([[1, 2], [0, 2], [1, 2]])) == {"[0, 2]": 1, "[1, 2]": 2}
    assert key_of([[1], [0.5]]) == "[[1], [0.5]]"


@pytest.mark.parametrize("seed", range(3))
def test_counts_of_segments_say_what_all_shots_together_say(seed):
    random = np.random.default_rng(seed)
    bits = random.integers(0, 2, (2, 40, 9), np.uint8)
    outputs = {
        "f": random.choice([0.25, 1e-300, -2.0], (2, 40)),
        "u": random.choice(np.array([3, LARGE], object), (2, 40)),
        "a": random.integers(-2, 2, (2, 40, 2, 2)),
    }
    kept = random.random((2, 40)) < 0.8
    parts = []
    for part in (slice(0, 15), slice(15, 40)):
        counted = count(bits[:, part], kept[:, part], {name: values[:, part] for name, values in outputs.items()})
        header = {"n_bits": counted.n_bits, "shown": list(counted.names)}
        parts.append(read_counts(*unpack(memoryview(pack(header, counted.arrays())), "")))
    whole = total(parts)
    for point in range(2):
        chosen = kept[point]
        assert whole.outputs(point) == {name: tallied(values[point, chosen]) for name, values in outputs.items()}
        assert whole.of(point) == count(bits, kept).of(point)
        rows = {(key, tuple(values.values())): number for key, values, number in whole.ends(point)}
        for shot in np.flatnonzero(chosen):
            f, u, a = (values[point, shot] for values in outputs.values())
            rows["".join(map(str, bits[point, shot])), (f, u, *a.reshape(-1).tolist())] -= 1
        assert set(rows.values()) == {0}


@pytest.mark.parametrize("beyond", [2**70, -(2**70)])
def test_values_of_more_than_64_bits_are_refused(beyond):
    with pytest.raises(ProgramError, match="64 bits"):
        count(np.zeros((1, 1, 1), np.uint8), None, {"n": np.array([[beyond]], object)})
