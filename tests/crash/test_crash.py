"""Whatever is killed whenever, what was acknowledged is there and counted once; ``--crash-rounds N`` for more."""

import harness


def test_kills_at_random_lose_and_double_nothing(request, tmp_path):
    rounds = request.config.getoption("--crash-rounds")
    found, history = harness.run(tmp_path, rounds, seed=1)
    assert found == []
    assert sum(history.kills.values()) == rounds
    assert len(history.acknowledged) >= rounds
