"""What ``qctl results`` prints of a finished job."""

from qctl.cli.results import show

DOCUMENT = {
    "counts": [{"00": 6, "11": 2}],
    "shots": 10,
    "dropped": {"the atom of q1 was lost": 2},
    "compiled": {"qubits": ["q0", "q1"], "placement": [0, 1]},
    "co_runners": [],
    "parameters_id": "1-abc",
    "timing": {"misses": 0},
}


def test_shots_that_do_not_count_are_told_and_shares_are_those_of_the_others(capsys):
    show(DOCUMENT)
    told = capsys.readouterr().out
    assert "75.00%" in told
    assert "25.00%" in told
    assert "2 of 10 shots do not count: the atom of q1 was lost" in told


def test_a_result_of_which_all_shots_count_says_nothing_of_others(capsys):
    show({**DOCUMENT, "dropped": {}, "shots": 8})
    assert "do not count" not in capsys.readouterr().out


def test_values_beside_bits_are_told_most_frequent_first(capsys):
    show({**DOCUMENT, "outputs": {"n": [{"1000001": 2, "1000002": 6}]}})
    assert "n: 1000002 (6 times), 1000001 (2 times)" in capsys.readouterr().out
