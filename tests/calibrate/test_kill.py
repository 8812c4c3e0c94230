"""A calibration that is killed leaves the old snapshot or the new one, whole, and raw data for every value in it.

A few rounds in the suite; ``pytest tests/calibrate/test_kill.py --kill-rounds 200`` for more.
"""

import random
import subprocess
import sys
import time

from qctl.calibrate import raw_data
from qctl.store import ParameterStore, Status

CALIBRATING = """
import sys
from pathlib import Path
import numpy as np
from qctl.calibrate import raw_data
from qctl.calibrate.findings import committed
from qctl.core.parameters import Estimate
from qctl.store import ParameterStore, judged

folder = Path(sys.argv[1])
with ParameterStore.open(folder, "transmon5") as store:
    number = store.newest
    while True:
        value = float(number + 1)
        digest = raw_data.keep(folder, {"iq": np.full(20_000, value)})
        found = {f"q{k}.t1": Estimate(value, 1.0, "s") for k in range(20)}
        number = committed(store, judged(found, raw_data=digest), number, "t1")
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
"""


def test_a_killed_calibration_leaves_whole_snapshots_and_their_raw_data(request, tmp_path):
    rng, folder, rounds = random.Random(1), tmp_path, max(request.config.getoption("--kill-rounds") // 4, 5)
    for number in range(rounds):
        if number % 10 == 0:  # a small file is checked sooner
            folder = tmp_path / str(number)
            folder.mkdir()
        promised = killed(folder, rng.uniform(0.0, 0.05))
        with ParameterStore.open(folder, "transmon5") as store:
            store.verify()
            assert promised <= store.newest <= promised + 1
            found = store.findings()
        assert len({one.estimate.value for one in found.values()}) == 1
        for digest in {one.raw_data for one in found.values()}:
            assert set(raw_data.load(folder, digest)["iq"]) == {found["q0.t1"].estimate.value}
        assert all(one.status is Status.ACCEPTED for one in found.values())


def killed(folder, seconds):
    """Return the last snapshot that was acknowledged before the end."""
    with subprocess.Popen(
        [sys.executable, "-c", CALIBRATING, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        lines = [process.stdout.readline()]
        time.sleep(seconds)  # not for anything to settle: the moment of death is the experiment
        process.kill()
        lines += process.stdout.readlines()
    return int([line for line in lines if line.endswith("\n")][-1])
