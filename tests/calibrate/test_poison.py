"""Bad data never replace a good value, and good data do. ``python bench/study_poison.py`` plays 1,000 and 500 runs."""

import pytest
from poison import SPOILED, healthy, study

SMALL = 25


@pytest.mark.parametrize("name", SPOILED)
def test_spoiled_runs_are_not_believed(name):
    count = study(SPOILED[name], SMALL, seed=11)
    assert count.false == 0, count.reasons
    harmless = {"saturated", "jump while scanning"}  # a clip that cuts little; a second run after the jump
    assert count.accepted == 0 or name in harmless
    assert all(reason.partition(": ")[2] for reason in count.reasons), "rejected without a word"


def test_healthy_runs_are_believed():
    count = study(healthy, 2 * SMALL, seed=12)
    assert count.false == 0
    assert count.accepted >= count.runs - 2, count.reasons
