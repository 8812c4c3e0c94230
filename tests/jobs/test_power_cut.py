"""When the power fails, accepted jobs and stored shots are there, each once; ``--power-cuts 10000`` for more."""

import random
import shutil
import tempfile
from pathlib import Path

import pytest
from job_world import ANN, PINNED, PROGRAM, segment
from power import Disk

from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State

EACH = 50  # cuts of one store's life: a longer history takes longer to look through, and shows no more


@pytest.fixture
def quick():
    """A folder in memory where there is one: what a cut leaves is decided by the shim, not by the disk below it."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="qctl-cuts-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def test_no_cut_of_the_power_loses_or_doubles_what_was_acknowledged(request, quick, monkeypatch):
    monkeypatch.setattr("qctl.store.database.LOG_BYTES", 100_000)  # so that checkpoints are cut as well
    for number in range(-(-request.config.getoption("--power-cuts") // EACH)):
        folder = quick / str(number)
        folder.mkdir()
        for cut, (kept, files) in enumerate(images_of_a_life(folder, random.Random(number))):
            (folder / f"cut{cut}").mkdir()
            for name, content in files.items():
                (folder / f"cut{cut}" / name).write_bytes(content)
            survives(folder / f"cut{cut}", kept)
        shutil.rmtree(folder)


def images_of_a_life(folder, rng):
    """Return what had been acknowledged, and what the disk held, at random moments of a store's life."""
    images, promised = [], {"jobs": {}, "shots": {}, "done": set()}

    def seen():
        if rng.random() < 0.5:
            kept = {"jobs": dict(promised["jobs"]), "shots": dict(promised["shots"]), "done": set(promised["done"])}
            images.append((kept, disk.after_a_cut(rng)))

    SqliteJobStore(folder).close()
    disk = Disk(seen)
    try:
        with SqliteJobStore(folder) as store:
            while len(images) < EACH:
                live(store, promised, rng)
    finally:
        disk.unregister()
    return images[:EACH]


def live(store, promised, rng):
    """One job from submission to its end; everything acknowledged is noted after the call returns."""
    key = f"key {len(promised['jobs'])}"
    job = store.submit(ANN, PROGRAM, key).job
    promised["jobs"][job] = key
    (claim,) = store.claim(1, 30.0)
    store.start([(claim, PINNED)])
    for first in (0, 100, 200):
        store.add_segments([segment(job, first, fence=claim.fence, data=rng.randbytes(2000))])
        promised["shots"][job] = first + 100
    store.finish(claim, "a" * 64, 1)
    promised["done"].add(job)


def survives(folder, promised):
    with SqliteJobStore(folder) as store:
        assert store.verify() >= len(promised["jobs"])
        again = [store.submit_soon(ANN, PROGRAM, key, most_active=10**6) for key in promised["jobs"].values()]
        assert [one.result().job for one in again] == list(promised["jobs"])
        assert all(store.job(job).submission == PROGRAM for job in promised["jobs"])
        for job, shots in promised["shots"].items():
            found = store.segments(job, 0)
            assert [one.first for one in found] == [0, 100, 200][: len(found)]
            assert sum(one.shots for one in found) == store.job(job).shots_done >= shots
        assert all(store.job(job).state is State.DONE for job in promised["done"])
