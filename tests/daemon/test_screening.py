"""Ions that are lost, light that is off: jobs in the queue are held with the reason, and what was good stays."""

import json

import pytest
from direct_ions import DirectIons
from ion_pair import TWIN, written
from playing_host import PlayingHost
from virtual_host import ANN

from qctl.config import read
from qctl.jobs.container import unpack
from qctl.jobs.counted import from_arrays
from qctl.jobs.states import State
from qctl.physics.ions.twin import IonTwin
from qctl.readout.screen import NO_ION, UNDETECTED

FLIP = 'OPENQASM 3; include "stdgates.inc"; qubit[2] q; bit[2] c; x q[0]; c = measure q;'
FAULTS = """
faults:
  - {kind: stuck_shut, target: detection, at: 0.995 s, until: 1.6 s}
  - {kind: lost, target: q1, at: 2.6 s}
"""


class ChainHost(PlayingHost):
    """A machine of two ions without instruments."""

    def __init__(self, folder, file, twin):
        super().__init__(folder, file, twin)
        self.chain = DirectIons(self.laboratory, read(twin, IonTwin), seed=3)

    def records(self, window):
        known = self._bench.bench.parameters(0)
        return [self.chain.play(one, known, playlists) for one, playlists in window["takes"]]


def submitted(shots):
    return json.dumps({"program": FLIP, "shots": shots}).encode()


def counted(machine, number):
    """Return the counts of all stored shots of a job."""
    found = []
    for one in machine.store.segments(number, machine.job(number).round):
        header, arrays = unpack(one.data)
        found.append(from_arrays(arrays, header["n_bits"]).of(0))
        assert sum(found[-1].values()) + sum(header["dropped"].values()) == one.shots
    return found


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """Give a host whose ions see no detection light for half a second, and are lost later."""
    folder = tmp_path_factory.mktemp("screening")
    file, twin = written(folder)
    twin.write_text(TWIN.replace("FLOOR", "4e-6") + FAULTS, encoding="utf-8")
    host = ChainHost(folder, str(file), twin)
    host.run([(0.0, submitted(160), ANN)])
    yield host
    host.close()


def test_a_job_in_the_dark_is_held_with_the_reason_and_finished_once_somebody_has_looked(machine):
    job = machine.job(1)
    assert (job.state, job.shots_done) == (State.HELD, 100)
    assert UNDETECTED in job.reason
    assert "qctl jobs resume j1" in job.reason
    assert f"job j1 is held: 60 of the last 60 shots do not count: {UNDETECTED}" in machine.scheduler.alarms
    machine.store.resume(ANN, 1)
    machine.run([])
    assert machine.job(1).state is State.DONE
    first, second = counted(machine, 1)
    assert first["10"] > 90
    assert second["10"] > 50


def test_a_job_whose_ions_are_lost_while_it_runs_is_held_and_keeps_what_counts(machine):
    machine.run([(0.0, submitted(200), ANN)])
    job = machine.job(2)
    assert job.state is State.HELD
    assert job.shots_done == 100
    assert NO_ION in job.reason
    assert [NO_ION in said for said in machine.scheduler.alarms] == [False, True]
    assert sum(each.get("10", 0) for each in counted(machine, 2)) > 0
