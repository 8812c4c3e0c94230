"""Light that no image shows is tried in the queue, too: before that nothing counts, and where it fails nothing does."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from direct import Direct
from playing_host import PlayingHost
from virtual_host import ANN

from qctl.config import read
from qctl.config.find import find_laboratory, twin_of
from qctl.core.errors import InstrumentError
from qctl.daemon.probes import Probes
from qctl.daemon.storing import Heard
from qctl.daemon.tasks import Tasks
from qctl.daemon.trials import Trials
from qctl.jobs import codec
from qctl.jobs.states import State
from qctl.physics.atoms.twin import AtomTwin, Failure
from qctl.physics.atoms.world import AtomWorld
from qctl.run.trying import PUMPED, UNGATED, UNTURNED

HEAD = "OPENQASM 3; qubit[2] q; bit[2] c; "
FLIP = HEAD + "x q[0]; c = measure q;"
BELL = HEAD + "h q[0]; cx q[0], q[1]; c = measure q;"
IDLE = HEAD + "c = measure q;"


class ArrayHost(PlayingHost):
    """A machine of atoms without instruments; they are taken as they are loaded."""

    def __init__(self, folder):
        super().__init__(folder, "atoms16")
        self.array = Direct("atoms16", truth=read(twin_of(find_laboratory("atoms16")), AtomTwin))
        self.windows = []  # programs played in each: their qubits, or a trial's

    def records(self, window):
        known = self._bench.bench.parameters(0)
        self.windows += [sum(qubit >= 0 for qubit in one.placement) for one, _ in window["takes"]]
        return [self.array.play(one, known, playlists) for one, playlists in window["takes"]]

    def after(self, text, shots, *failures):
        """Return a job as it stands once nothing goes on, while some lights failed."""
        self.array.world = AtomWorld(self.array.laboratory, replace(self.array.truth, failures=failures), 5)
        self.windows = []
        before = set(self.lives)
        self.run([(0.0, json.dumps({"program": text, "shots": shots}).encode(), ANN)])
        (number,) = set(self.lives) - before
        return self.job(number)


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    found = ArrayHost(tmp_path_factory.mktemp("array"))
    yield found
    found.close()


def test_shots_are_stored_once_the_light_that_they_needed_was_tried(host):
    job = host.after(FLIP, 12)
    assert job.state is State.DONE
    assert host.windows[-4:] == [16] * 4  # sixteen shots of sixteen atoms, five a second
    assert set(host.windows[:-4]) == {2}
    assert sum(host.shots(job.id)) == 12


def test_programs_that_need_no_such_light_wait_for_no_trial(host):
    assert host.after(IDLE, 4).state is State.DONE
    assert set(host.windows) == {2}


@pytest.mark.parametrize(
    ("text", "failure", "reason"),
    [
        (FLIP, Failure(line="raman_local"), UNTURNED),
        (FLIP, Failure(line="pumping", on=True), PUMPED),
        (BELL, Failure(line="rydberg_blue"), UNGATED),
    ],
)
def test_where_light_fails_no_shot_counts_and_the_job_is_held_with_the_reason(host, text, failure, reason):
    job = host.after(text, 6, failure)
    assert job.state is State.HELD
    assert reason in job.reason
    assert host.shots(job.id) == []
    assert reason in list(host.scheduler.alarms)[-1]


def test_where_light_cannot_be_tried_shots_do_not_count_and_the_job_goes_where_its_policy_says(host, monkeypatch):
    def records(window):
        if any(len(one.placement) == 16 for one, _ in window["takes"]):
            raise InstrumentError("the camera is gone", where="atoms16")
        return ArrayHost.records(host, window)

    monkeypatch.setattr(host, "records", records)
    job = host.after(FLIP, 4)
    assert job.state is State.INTERRUPTED  # behind three attempts
    assert "light could not be tried" in job.reason
    assert host.shots(job.id) == []


class Reader:
    """A worker that answers trials; while it reads one, another window is read out."""

    def __init__(self, meanwhile):
        self.trials, self.meanwhile = None, meanwhile

    async def ask(self, verb, asked):
        if verb == "trial":
            out = Path(asked["out"])
            out.touch()
            out.with_suffix(".places").write_bytes(codec.encode((1,)))
            return 16
        assert self.trials.needs(self.meanwhile)
        self.trials.put(Heard(self.meanwhile, {}))
        return {"said": "", "again": False}


def window_of(light):
    ready = SimpleNamespace(job=SimpleNamespace(id=light))
    member = SimpleNamespace(info={"light": light, "parameters": 0}, ready=ready, seconds=0.1)
    return SimpleNamespace(members=(member,), together=(member,))


def test_a_window_that_needs_no_light_and_comes_while_some_is_tried_is_stored_behind_it(tmp_path):
    stored, ended = [], []

    class Stored:
        async def store(self, heard):
            stored.append(heard.window)

    async def story():
        probes, reader, needy = Probes(), Reader(window_of("")), window_of("turned")
        tasks = Tasks(ended.append)
        reader.trials = Trials(None, probes, Stored(), None, reader, tmp_path, tasks, asyncio.Event())
        reader.trials.put(Heard(needy, {}))
        reader.trials.look(waiting=False)
        while probes.trial is None:
            await asyncio.sleep(0)
        probes.trial.answer.set_result({"records": []})
        while len(stored) < 2 and not ended:
            await asyncio.sleep(0)
            reader.trials.look(waiting=False)
        assert stored == [needy, reader.meanwhile]

    asyncio.run(story())
    assert ended == []
