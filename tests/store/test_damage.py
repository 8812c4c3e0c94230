"""A changed bit is found, or changes nothing that anybody reads."""

import random
import shutil
import struct

import apsw
import pytest

from qctl.core.parameters import Estimate
from qctl.store import ParameterStore, StoreError, judged

N_FLIPS = 150


@pytest.fixture
def filled(tmp_path):
    with ParameterStore.open(tmp_path, "transmon5") as store:
        for number in range(8):
            values = {
                f"q{k}.t1": Estimate(1e-5 * (k + 100 * number), 1e-6, "s", float(number), "run") for k in range(12)
            }
            store.commit(judged(values, raw_data="0123456789abcdef" * 4), number, f"note {number}")
        store.revert(2)
    return store.path


def everything(path):
    """Return all that a store answers, after a full check."""
    with ParameterStore.open(path, "transmon5") as store:
        store.verify()
        snapshots = [store.snapshot(number).estimates for number in range(store.newest + 1)]
        return snapshots, store.commits(), [store.history(f"q{k}.t1") for k in range(12)]


def test_no_flipped_bit_changes_an_answer_unseen(filled, tmp_path):
    rng = random.Random(3)
    whole, copy = filled.read_bytes(), tmp_path / "copy.sqlite"
    expected = everything(filled)
    found = 0
    for _ in range(N_FLIPS):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        copy.write_bytes(damaged)
        try:
            assert everything(copy) == expected
        except StoreError:
            found += 1
    assert found > N_FLIPS / 4  # the rest hit unused bytes


def damage(path):
    """Flip the last bit of the value of row 4 of the history, wherever a copy of it stands."""
    stored = struct.pack(">d", 1e-5 * 3)
    assert stored in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(stored, stored[:-1] + bytes([stored[-1] ^ 1])))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE history SET value = value * 2 WHERE id = 90", "row 90 of the history is not what was written"),
        ("UPDATE history SET run = 'other' WHERE id = 1", "row 1 of the history"),
        ("DELETE FROM history WHERE id = 5", "row 5 of the history"),
        ("UPDATE snapshot SET note = '' WHERE number = 4", "snapshot 4 of transmon5"),
        ("DELETE FROM snapshot WHERE number = 4", "snapshot [45] of transmon5"),
        ("DELETE FROM content WHERE number = 3 AND name = 'q0.t1'", "snapshot 3 of transmon5"),
        ("UPDATE content SET entry = 1 WHERE number = 9 AND name = 'q0.t1'", "snapshot 9 of transmon5"),
    ],
)
def test_a_change_behind_the_triggers_is_found_and_named(filled, statement, said):
    other = apsw.Connection(str(filled))
    for (name,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        other.execute(f"DROP TRIGGER {name}")
    other.execute(statement)
    other.close()
    with ParameterStore.open(filled, "transmon5") as store, pytest.raises(StoreError, match=said):
        store.verify()


def test_reading_believes_no_row_whose_seal_is_broken(filled):
    damage(filled)
    with ParameterStore.open(filled, "transmon5") as store:
        with pytest.raises(StoreError, match="row 4 of the history is not what was written"):
            store.history("q3.t1")
        with pytest.raises(StoreError, match="row 4 of the history"):
            store.snapshot(1)
        assert store.snapshot(8)["q3.t1"] == 1e-5 * 703


def test_after_an_unclean_end_nothing_is_written_before_everything_was_checked(filled, tmp_path):
    folder = tmp_path / "crashed"
    folder.mkdir()
    with ParameterStore.open(filled, "transmon5") as store:
        store.commit(store.findings().values(), 9, "in the log only")
        for name in ("qctl.sqlite", "qctl.sqlite-wal"):  # what a killed process leaves
            shutil.copy(filled.with_name(name), folder / name)
    path = folder / "qctl.sqlite"
    damage(path)
    before = path.read_bytes()
    with ParameterStore.open(folder, "transmon5") as store:
        for _ in range(2):
            with pytest.raises(StoreError, match="is not what was written"):
                store.commit(judged({"q0.t1": Estimate(1.0, unit="s")}), 10, "")
    assert path.read_bytes() == before
