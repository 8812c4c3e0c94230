"""The compiled emit and its twin agree, and put every play in its place."""

import numpy as np
import pytest

from qctl.core.schedule import OPERATION
from qctl.core.sequence import PLAY
from qctl.platforms.tables import PULSE


def operations(starts, points=None):
    rows = np.zeros(len(starts), OPERATION)
    rows["start"], rows["phase"] = starts, np.arange(len(starts)) / 8
    rows["point"] = 0 if points is None else points
    return rows


def run(twin, rows, code, several, n_lines, room=None):
    """Emit; ``several`` holds the pulses of each code as (line, waveform, carrier, factor, shift, amplitude, phase)."""
    first = np.cumsum([0, *map(len, several)])
    pulses = np.array([pulse for one in several for pulse in one], PULSE)
    if room is None:
        lines = [pulse[0] for one in code for pulse in several[one]]
        room = np.bincount(np.array(lines, int), minlength=n_lines)
    starts = np.cumsum([0, *room])
    plays, jumps = np.zeros(starts[-1], PLAY), np.full(n_lines, 7, np.uint8)
    twin.emit(rows, np.array(code, np.int32), first, pulses, starts, plays, jumps)
    return plays, jumps


def random_case(seed, n, n_codes=6, n_lines=4):
    rng = np.random.default_rng(seed)
    several = [
        [
            (
                rng.integers(n_lines),
                rng.integers(9),
                rng.integers(9),
                rng.integers(1, 4),
                rng.integers(50),
                *rng.random(2),
            )
        ]
        * int(rng.integers(3))
        for _ in range(n_codes)
    ]
    rows = operations(rng.integers(0, 10**6, n), np.sort(rng.integers(0, 3, n)))
    return rows, rng.integers(n_codes, size=n).tolist(), several, n_lines


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [0, 1, 2, 300])
def test_twins_agree(twins, n, seed):
    compiled, plain = (run(twin, *random_case(seed, n)) for twin in twins)
    for name in PLAY.names:
        np.testing.assert_array_equal(compiled[0][name], plain[0][name])
    np.testing.assert_array_equal(compiled[1], plain[1])


def test_a_play_starts_where_its_operation_does_in_samples_of_its_line(twins):
    several = [[(1, 3, 2, 2, 5, 0.25, 0.5), (0, 1, 0, 4, 0, 0.5, 0.0)], []]
    for twin in twins:
        plays, jumps = run(twin, operations([10, 20, 30], [0, 0, 1]), [0, 1, 0], several, 2)
        assert plays.tolist() == [
            (0, 1, 0, 40, 0.5, 0.0),
            (1, 1, 0, 120, 0.5, 0.25),
            (0, 3, 2, 25, 0.25, 0.5),
            (1, 3, 2, 65, 0.25, 0.75),
        ]
        assert jumps.tolist() == [0, 0]


def test_lines_whose_plays_are_not_in_order_of_time_are_told(twins):
    several = [[(0, 0, 0, 1, 0, 1.0, 0.0)], [(1, 0, 0, 1, 0, 1.0, 0.0)], [(2, 0, 0, 1, 0, 1.0, 0.0)]]
    for twin in twins:
        rows = operations([5, 9, 1, 3, 2, 8], [0, 0, 0, 1, 1, 1])
        assert run(twin, rows, [0, 2, 1, 1, 0, 1], several, 3)[1].tolist() == [0, 0, 0]
        assert run(twin, rows, [0, 1, 1, 0, 0, 2], several, 3)[1].tolist() == [1, 1, 0]


def test_a_nan_phase_stays_with_its_play(twins):
    rows = operations([0, 1, 2])
    rows["phase"][1] = np.nan
    for twin in twins:
        plays, _ = run(twin, rows, [0, 0, 0], [[(0, 0, 0, 1, 0, 1.0, 0.0)]], 1)
        assert np.isnan(plays["phase"]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("code", "line", "room", "message"),
    [
        ([0, 1], 0, [2], "row 1 "),
        ([0, -1], 0, [2], "row 1 "),
        ([0, 0], 0, [1], "row 1 "),
        ([0, 0], 0, [3], "room for more"),
        ([0, 0], 1, [2], "pulse 0 "),
        ([0, 0], -1, [2], "pulse 0 "),
        ([0], 0, [1], "rows and code"),
    ],
)
def test_what_does_not_fit_is_refused(twins, code, line, room, message):
    for twin in twins:
        with pytest.raises(ValueError, match=message):
            run(twin, operations([0, 0]), code, [[(line, 0, 0, 1, 0, 1.0, 0.0)]], 1, room)


@pytest.mark.parametrize("name", ["first", "starts"])
def test_tables_that_do_not_rise_are_refused(twins, name):
    tables = {"first": np.array([0, 2, 1]), "starts": np.array([0, 1])}
    tables |= {name: np.array([0, 3, 1]) if name == "first" else np.array([1, 1])}
    pulses, rows = np.zeros(1, PULSE), operations([0])
    for twin in twins:
        arguments = (tables["first"], pulses, tables["starts"], np.zeros(1, PLAY), np.zeros(1, np.uint8))
        with pytest.raises(ValueError, match="must rise"):
            twin.emit(rows, np.zeros(1, np.int32), *arguments)
