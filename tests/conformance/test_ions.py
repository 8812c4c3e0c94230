"""Gates of pairs that follow one another at once, on eight simulated ions: what the kit predicts is what comes."""

from qctl.conformance import check
from qctl.run import Lab


def test_a_program_whose_pairs_take_turns_without_a_pause_gives_its_hidden_shift(tmp_path):
    with Lab.open("ion8", seed=3, state=tmp_path) as lab:
        found = check(lab, only=("hidden_shift",), shots=80)
    assert found.reasons == {}
    (row,) = found.rows
    assert row.from_ideal < 0.12  # gates of both pairs looked at as one gave half of the shots another answer
