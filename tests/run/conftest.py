"""A rack in this process whose world does what a test needs, and a laboratory file that points at it."""

import re
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.instruments.mock.rack import serve

BELL = """OPENQASM 3;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""


@pytest.fixture
def bell(tmp_path):
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    return path


class Silence:
    """A world in which no input hears anything; it can be held in the middle of a run."""

    def __init__(self):
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.stages = []

    def play(self, stage, n_cycles, hear):
        self.stages.append(stage)
        self.reached.set()
        self.go_on.wait(60)
        for heard in stage.acquisitions.values():
            for port in heard.inputs:
                for number in range(len(stage.points)):
                    hear(port, number, np.zeros((n_cycles, heard.n_samples), np.float32))


@pytest.fixture
def served(tmp_path):
    """Return a context manager: ``with served("transmon5") as s`` gives ``s.path``, ``s.mocks`` and ``s.world``."""

    @contextmanager
    def start(name, world=None):
        original = find_laboratory(name)
        world = world or Silence()
        with serve(read_laboratory(original), world) as rack:
            text, links = original.read_text(), rack.instruments
            for instrument, link in links.items():
                text, found = re.subn(rf"(?m)^(\s+{instrument}: .*address: )mock", rf'\g<1>"{link.address}"', text)
                assert found == 1
            text = re.sub(r"(?m)^parameters:.*\n", "", text)
            path = tmp_path / f"{name}.yaml"
            path.write_text(text)
            places = {n: (link.address.split("::")[1], int(link.address.split("::")[2])) for n, link in links.items()}
            yield SimpleNamespace(path=path, mocks=rack.rack.mocks, world=world, notes=rack.rack.notes, places=places)

    return start
