"""Whatever is killed whenever, what was acknowledged is there and counted once; ``--crash-rounds N`` for more."""

import re
from pathlib import Path

import harness

from qctl.jobs.crash_points import POINTS


def test_kills_at_random_lose_and_double_nothing(request, tmp_path):
    rounds = request.config.getoption("--crash-rounds")
    found, history = harness.run(tmp_path, rounds, seed=1)
    assert found == []
    assert sum(history.kills.values()) == rounds
    assert len(history.acknowledged) >= rounds


def test_each_named_crash_point_is_passed_somewhere():
    root = Path(harness.__file__).parents[2] / "qctl"
    passed = {
        name for file in root.rglob("*.py") for name in re.findall(r'crash_point\("([a-z_.]+)"\)', file.read_text())
    }
    assert passed == set(POINTS)
