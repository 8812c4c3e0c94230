"""When the power fails, what was not flushed may be lost or torn; what commit returned is still there."""

import random

from power import Disk

from qctl.core.parameters import Estimate
from qctl.store import ParameterStore, judged

N_COMMITS, N_CUTS, N_PARAMETERS = 25, 80, 30


def test_no_cut_of_the_power_loses_what_was_acknowledged(tmp_path, monkeypatch):
    monkeypatch.setattr("qctl.store.database.LOG_BYTES", 40_000)  # so that checkpoints are cut as well
    rng, images, acknowledged = random.Random(5), [], 1

    def seen():
        if rng.random() < 0.25:
            images.append((acknowledged, disk.after_a_cut(rng)))

    def changes(number):
        return judged({f"q{k}.t1": Estimate(float(number), 1.0, "s") for k in range(N_PARAMETERS)})

    (tmp_path / "running").mkdir()
    with ParameterStore.open(tmp_path / "running", "transmon5") as store:
        store.commit(changes(1), 0, "note")
    disk = Disk(seen)
    try:
        store = ParameterStore.open(tmp_path / "running", "transmon5")
        for number in range(2, N_COMMITS + 1):
            acknowledged = store.commit(changes(number), number - 1, "note")
        store.close()
    finally:
        disk.unregister()
    for cut, (promised, files) in enumerate(rng.sample(images, N_CUTS)):
        survives(tmp_path / f"cut{cut}", files, promised)


def survives(folder, files, promised):
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with ParameterStore.open(folder, "transmon5") as store:
        known = store.snapshot()
        assert known.number in (promised, promised + 1)
        assert set(known.values()) == {float(known.number)}
        assert len(known) == N_PARAMETERS
        assert store.verify() == known.number * (N_PARAMETERS + 1)
