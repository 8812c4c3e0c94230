"""Virtual time, as the client counts it, is the time of the simulated world."""

from contextlib import contextmanager

import pytest

from qctl import Lab, config
from qctl.config.find import find_laboratory, twin_of
from qctl.control.rack import MockRack
from qctl.instruments.mock.rack import serve
from qctl.physics.twin import Twin
from qctl.physics.world import World

FLIP = 'OPENQASM 3;\ninclude "stdgates.inc";\nqubit[1] q;\nbit[1] c;\nx q[0];\nc[0] = measure q[0];\n'


@pytest.fixture
def world(monkeypatch):
    """Serve transmon5 in this process instead of a process of its own."""
    path = find_laboratory("transmon5")
    laboratory = config.read_laboratory(path)
    world = World(laboratory, config.read(twin_of(path), Twin), seed=1)

    @contextmanager
    def rack(*_, **__):
        with serve(laboratory, world, seed=1) as running:
            addresses = {name: served.address for name, served in running.instruments.items()}
            yield MockRack(addresses, lambda line: world.wait(float(line.removeprefix("wait "))))

    monkeypatch.setattr("qctl.control.station.mock_rack", rack)
    return world


def test_the_client_and_the_world_count_the_same_time(world, tmp_path):
    with Lab.open("transmon5", state=tmp_path) as lab:
        started = lab.now()
        lab.run(FLIP, shots=40)
        assert lab.now() - started == pytest.approx(40 * 200e-6, abs=1e-6)
        lab.wait(7200)
        lab.run_many([FLIP, FLIP, FLIP], shots=7)
        assert lab.now() - started == pytest.approx(7200 + 61 * 200e-6, abs=1e-6)
        assert lab.station.clock.passed == pytest.approx(world.clock, rel=1e-12)
