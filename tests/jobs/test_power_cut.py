"""When the power fails, accepted jobs and stored shots are there, each once; ``--power-cuts 10000`` for more."""

import random

from job_world import ANN, PINNED, PROGRAM, segment
from power import Disk

from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State


def test_no_cut_of_the_power_loses_or_doubles_what_was_acknowledged(request, tmp_path, monkeypatch):
    monkeypatch.setattr("qctl.store.database.LOG_BYTES", 100_000)  # so that checkpoints are cut as well
    n_cuts = request.config.getoption("--power-cuts")
    rng, images = random.Random(7), []
    promised = {"jobs": {}, "shots": {}, "done": set()}

    def seen():
        if rng.random() < 0.5:
            kept = {"jobs": dict(promised["jobs"]), "shots": dict(promised["shots"]), "done": set(promised["done"])}
            images.append((kept, disk.after_a_cut(rng)))

    running = tmp_path / "running"
    running.mkdir()
    SqliteJobStore(running).close()
    disk = Disk(seen)
    try:
        with SqliteJobStore(running) as store:
            while len(images) < n_cuts:
                live(store, promised, rng)
    finally:
        disk.unregister()
    for cut, (kept, files) in enumerate(images):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        survives(folder, kept)


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
        for job, key in promised["jobs"].items():
            assert store.job(job).submission == PROGRAM
            assert store.submit(ANN, PROGRAM, key).job == job
        for job, shots in promised["shots"].items():
            found = store.segments(job, 0)
            assert [one.first for one in found] == [0, 100, 200][: len(found)]
            assert sum(one.shots for one in found) == store.job(job).shots_done >= shots
        assert all(store.job(job).state is State.DONE for job in promised["done"])
