"""A process that is killed while it commits leaves the old snapshot or the new one, whole.

Twenty rounds in the suite; ``pytest tests/store/test_kill.py --kill-rounds 200`` for more.
"""

import random
import subprocess
import sys
import time

from qctl.store import ParameterStore

N_PARAMETERS = 60
COMMITTING = f"""
import sys
from pathlib import Path
from qctl.store import ParameterStore, judged
from qctl.core.parameters import Estimate

with ParameterStore.open(Path(sys.argv[1]), "transmon5") as store:
    number = store.newest
    while True:
        value = float(number + 1)
        changes = judged({{f"q{{k}}.t1": Estimate(value, 1.0, "s") for k in range({N_PARAMETERS})}})
        number = store.commit(changes, number, "note")
        sys.stdout.write(f"{{number}}\\n")
        sys.stdout.flush()
"""


def test_a_killed_commit_leaves_the_old_or_the_new_snapshot_whole(request, tmp_path):
    rng = random.Random(1)
    for round_number in range(request.config.getoption("--kill-rounds")):
        if round_number % 4 == 0:  # a small file is checked sooner
            folder, known = tmp_path / str(round_number), 0
            folder.mkdir()
        promised = killed_while_committing(folder, rng.uniform(0.0, 0.03))
        with ParameterStore.open(folder, "transmon5") as store:
            newest = store.snapshot()
            assert store.verify() == newest.number * (N_PARAMETERS + 1)
        assert promised <= newest.number <= promised + 1
        assert len(newest) == N_PARAMETERS
        assert set(newest.values()) == {float(newest.number)}
        assert newest.number > known
        known = newest.number


def test_a_process_killed_while_it_makes_the_file_leaves_none_or_a_whole_one(tmp_path):
    rng = random.Random(2)
    for round_number in range(5):
        folder = tmp_path / str(round_number)
        folder.mkdir()
        with committing(folder) as process:
            time.sleep(rng.uniform(0.08, 0.25))  # anywhere between the start of Python and the first commits
            process.kill()
        with ParameterStore.open(folder, "transmon5") as store:
            assert len(store.snapshot()) == (N_PARAMETERS if store.newest else 0)
            assert store.commit((store.findings() or first()).values(), store.newest, "") == store.newest


def first():
    from qctl.core.parameters import Estimate
    from qctl.store import judged

    return {one.name: one for one in judged({"q0.t1": Estimate(1.0, unit="s")})}


def committing(folder):
    return subprocess.Popen([sys.executable, "-c", COMMITTING, str(folder)], stdout=subprocess.PIPE, text=True)


def killed_while_committing(folder, seconds):
    """Return the last snapshot that was acknowledged before the end."""
    with committing(folder) as process:
        lines = [process.stdout.readline()]
        time.sleep(seconds)  # not for anything to settle: the moment of death is the experiment
        process.kill()
        lines += process.stdout.readlines()
    whole = [line for line in lines if line.endswith("\n")]
    return int(whole[-1])
