"""Of two commits on one parent, one wins: between threads, and between processes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from qctl.core.parameters import Estimate
from qctl.store import LostRaceError, ParameterStore, judged

COMMITTING = """
import sys
from pathlib import Path
from qctl.store import LostRaceError, ParameterStore, judged
from qctl.core.parameters import Estimate

with ParameterStore.open(Path(sys.argv[1]), "transmon5") as store:
    sys.stdin.readline()
    for _ in range(25):
        try:
            changes = judged({"q0.t1": Estimate(float(sys.argv[2]), unit="s")})
            sys.stdout.write(f"{store.commit(changes, store.newest, sys.argv[2])}\\n")
        except LostRaceError:
            pass
"""


def committed(store, parent, value):
    """Return the number of the snapshot, or None when another was faster."""
    try:
        return store.commit(judged({"q0.t1": Estimate(value, unit="s")}), parent, str(value))
    except LostRaceError:
        return None


def test_of_many_threads_exactly_one_wins_each_race(tmp_path):
    n_threads, n_races = 4, 40
    start = Barrier(n_threads)
    shared = ParameterStore.open(tmp_path, "transmon5")

    def racing(thread):
        # Half of them share a store, the others have their own.
        store = shared if thread % 2 else ParameterStore.open(tmp_path, "transmon5")
        won = []
        for parent in range(n_races):
            start.wait(timeout=60)
            won.append(committed(store, parent, float(thread)) is not None)
        if store is not shared:
            store.close()
        return won

    with ThreadPoolExecutor(n_threads) as pool:
        winners = list(zip(*pool.map(racing, range(n_threads)), strict=True))
    assert [sum(race) for race in winners] == [1] * n_races
    for number, race in enumerate(winners, start=1):
        assert shared.snapshot(number)["q0.t1"] == float(race.index(True))
    assert shared.verify() == 2 * n_races
    shared.close()


def test_processes_that_race_number_their_snapshots_without_gap_or_double(tmp_path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", COMMITTING, str(tmp_path), str(k)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for k in range(3)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    won = [list(map(int, process.communicate(timeout=60)[0].split())) for process in processes]
    numbers = sorted(number for mine in won for number in mine)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 25
    with ParameterStore.open(tmp_path, "transmon5") as store:
        assert store.newest == len(numbers)
        assert all(store.snapshot(number)["q0.t1"] == k for k, mine in enumerate(won) for number in mine)
        store.verify()
