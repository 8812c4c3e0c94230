"""The compiled schedule and its twin agree, and start what must start when it must."""

import numpy as np
import pytest

BARRIER, GATE = 67, 9


def table(rows):
    """Return the columns of rows (op, q0, q1, bit, duration, frame0, frame1)."""
    columns = np.array(rows, np.float64).reshape(-1, 7)
    return (
        columns[:, 0].astype(np.int16),
        columns[:, 1:3].astype(np.int32),
        columns[:, 3].astype(np.int32),
        columns[:, 4].astype(np.int64),
        np.ascontiguousarray(columns[:, 5:]),
    )


def run(twin, columns, starts, n_qubits):
    n = len(columns[0])
    out = np.full(n, -7, np.int64), np.full(n, np.nan), np.full(len(starts) - 1, -7, np.int64)
    twin.schedule(*columns, np.array(starts, np.int64), n_qubits, BARRIER, *out)
    return out


def random_rows(rng, n, n_qubits):
    rows = []
    for _ in range(n):
        a, b = rng.permutation(n_qubits)[:2] if n_qubits > 1 else (0, -1)
        kind = rng.integers(4)
        if kind == 0:
            rows.append((BARRIER, a, -1, rng.integers(3), 0, 0, 0))
        else:
            rows.append((GATE, a, b if kind == 1 else -1, -1, rng.integers(100), *rng.normal(size=2)))
    return rows


@pytest.mark.parametrize("n_qubits", [1, 2, 7])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 17, 400])
def test_twins_agree(twins, n, n_qubits):
    rng = np.random.default_rng(n)
    columns = table(random_rows(rng, n, n_qubits))
    starts = [0, *sorted(rng.integers(0, n + 1, 3)), n]
    for compiled, plain in zip(*(run(twin, columns, starts, n_qubits) for twin in twins), strict=True):
        np.testing.assert_array_equal(compiled, plain)


def test_a_row_starts_when_the_later_of_its_qubits_is_free(twins):
    columns = table([(GATE, 0, -1, -1, 20, 0, 0), (GATE, 1, -1, -1, 30, 0, 0), (GATE, 0, 1, -1, 40, 0, 0)])
    for twin in twins:
        start, _, length = run(twin, columns, [0, 3], 2)
        assert start.tolist() == [0, 0, 30]
        assert length.tolist() == [70]


def test_barriers_with_different_bits_are_two_barriers(twins):
    gates = [(GATE, 0, -1, -1, 20, 0, 0), (GATE, 1, -1, -1, 30, 0, 0), (GATE, 2, -1, -1, 50, 0, 0)]
    pairs = [(BARRIER, 0, -1, 0, 0, 0, 0), (BARRIER, 1, -1, 0, 0, 0, 0), (BARRIER, 2, -1, 1, 0, 0, 0)]
    columns = table(gates + pairs + gates)
    for twin in twins:
        start, _, length = run(twin, columns, [0, 9], 3)
        assert start.tolist() == [0, 0, 0, 30, 30, 50, 30, 30, 50]
        assert length.tolist() == [100]


def test_a_virtual_z_turns_what_comes_after_it_on_its_qubit(twins):
    rows = [(GATE, 0, -1, -1, 0, 0.5, 0), (GATE, 0, 1, -1, 10, 0.25, -1.0), (GATE, 1, -1, -1, 5, 0, 0)]
    columns = table([*rows, (GATE, 0, -1, -1, 5, 0, 0)])
    for twin in twins:
        assert run(twin, columns, [0, 4], 2)[1].tolist() == [0.0, 0.5, -1.0, 0.75]


def test_every_sweep_point_starts_anew(twins):
    columns = table([(GATE, 0, -1, -1, 10, 1.0, 0)] * 4)
    for twin in twins:
        start, phase, length = run(twin, columns, [0, 2, 2, 4], 1)
        assert start.tolist() == [0, 10, 0, 10]
        assert phase.tolist() == [0, 1, 0, 1]
        assert length.tolist() == [20, 0, 20]


def test_a_nan_frame_makes_later_phases_nan_and_no_others(twins):
    columns = table([(GATE, 0, -1, -1, 1, np.nan, 0), (GATE, 0, -1, -1, 1, 0, 0), (GATE, 1, -1, -1, 1, 0, 0)])
    for twin in twins:
        assert np.isnan(run(twin, columns, [0, 3], 2)[1]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    "row",
    [
        (GATE, 2, -1, -1, 1, 0, 0),
        (GATE, -1, -1, -1, 1, 0, 0),
        (GATE, 0, 2, -1, 1, 0, 0),
        (GATE, 0, -2, -1, 1, 0, 0),
        (GATE, 0, -1, -1, -1, 0, 0),
        (BARRIER, 2, -1, 0, 0, 0, 0),
    ],
)
def test_bad_rows_are_refused_by_number(twins, row):
    columns = table([(GATE, 0, -1, -1, 1, 0, 0), row])
    for twin in twins:
        with pytest.raises(ValueError, match="row 1 "):
            run(twin, columns, [0, 2], 2)


def test_an_end_beyond_int64_is_refused(twins):
    columns = table([(GATE, 0, -1, -1, 0, 0, 0)] * 2)
    columns[3][:] = [2**63 - 1, 1]
    for twin in twins:
        with pytest.raises(ValueError, match="row 1 "):
            run(twin, columns, [0, 2], 1)


@pytest.mark.parametrize("starts", [[0], [0, 1], [1, 2], [0, 2, 1, 2]])
def test_starts_that_do_not_cover_the_rows_are_refused(twins, starts):
    columns = table([(GATE, 0, -1, -1, 1, 0, 0)] * 2)
    for twin in twins:
        with pytest.raises(ValueError, match="starts"):
            run(twin, columns, starts, 1)
