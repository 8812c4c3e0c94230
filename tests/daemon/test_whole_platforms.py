"""All processes together on other platforms: a client asks for a Bell pair, and simulated instruments give it one.

``--serve ion8 --serve atoms16`` names laboratories: each costs ten seconds of computing.
"""

from stack_world import BELL, Stack

from qctl.config import read_laboratory
from qctl.config.find import find_laboratory

SHOTS = {"trapped_ion": 60, "neutral_atom": 12}


def pytest_generate_tests(metafunc):
    metafunc.parametrize("name", metafunc.config.getoption("--serve"))


def test_a_bell_pair_that_a_client_asks_for_comes_of_all_processes(tmp_path, name):
    file = find_laboratory(name)
    lab = read_laboratory(file)
    shots = SHOTS.get(lab.platform, 400)
    stack = Stack(file, tmp_path).start()
    try:
        stack.heard("ready")
        with stack.client() as daemon:
            found, status = daemon.run(BELL, shots), daemon.status()
    finally:
        assert stack.stop() == 0
    alike, total = [found.counts.get(key, 0) for key in ("00", "11")], sum(found.counts.values())
    assert total + sum(found.document["dropped"].values()) == shots
    assert total > 0.6 * shots
    assert sum(alike) >= 0.85 * total
    assert min(alike) >= 1
    assert found.document["instruments"].keys() == lab.instruments.keys()
    assert (status["instruments"], status["alarms"]) == ("connected", 0)
