"""The checker catches every weakened variant of the store, and finds nothing wrong with the real one."""

from contextlib import suppress
from dataclasses import replace

import apsw
import numpy as np
import pytest
from checker import Acknowledged, violations
from job_world import ANN, PINNED, PROGRAM

from qctl.jobs import changes, schema
from qctl.jobs.container import pack
from qctl.jobs.counted import count
from qctl.jobs.errors import JobError
from qctl.jobs.finished import result_of
from qctl.jobs.job import Claim, Segment
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import SqliteJobStore

TRIGGERS = ("segment_of_running", "segment_follows", "segment_never_UPDATE", "segment_never_DELETE")


def counted(shots, fence):
    """The data of a segment: every shot found 1; who measured it is written in."""
    found = count(np.ones((1, shots, 1), np.uint8))
    rest = {"parameters_id": PINNED, "compiled": {}, "laboratory": {}, "instruments": {}, "co_runners": []}
    timing = {"deadlines": 0, "misses": 0, "discarded_segments": 0, "flags": {}, "seconds": {}}
    return pack({"n_bits": 1, "fence": fence, "timing": timing, **rest}, found.arrays())


def segment(claim, first, shots=100):
    return Segment(
        job=claim.job,
        round=0,
        first=first,
        shots=shots,
        fence=claim.fence,
        circuit="c",
        data=counted(shots, claim.fence),
    )


class Life:
    """A job whose client asks twice, whose first attempt goes on as a ghost, and whose answers are repeated."""

    def __init__(self, folder, submission=PROGRAM):
        self.folder, self.submission = folder, submission
        self.acknowledged = []
        self.store = SqliteJobStore(folder)

    def submit(self):
        job = self.store.submit(ANN, self.submission, "key").job
        told = Acknowledged(ANN.name, "key", job, self.submission.program, self.submission.shots)
        self.acknowledged.append(told)
        return job

    def store_segments(self, *segments):
        with suppress(JobError, apsw.ConstraintError):
            self.store.add_segments(segments)

    def live(self):
        job = self.submit()
        self.submit()  # the first answer was lost
        (ghost,) = self.store.claim(1, 60.0)[:1]
        self.store.start([(ghost, PINNED)])
        self.store_segments(segment(ghost, 0))
        self.store.give_back(ghost, "its agent was taken for dead")
        (claim,) = (one for one in self.store.claim(9, 60.0) if one.job == job)
        self.store.start([(claim, PINNED)])
        self.store_segments(segment(claim, 100))
        self.store_segments(segment(claim, 100))  # the answer of the agent came twice
        self.store_segments(segment(ghost, 200))  # the ghost was not dead
        self.store_segments(segment(claim, 200))
        self.finish(job)
        self.store.close()
        return violations(self.acknowledged, self.folder, ended=False)

    def finish(self, number):
        job = self.store.job(number)
        files = ResultFiles(self.folder)
        with suppress(JobError, apsw.ConstraintError):
            data = result_of(job, self.store.segments(job.id, job.round))
            self.store.finish(Claim(job.id, job.fence), files.keep(data), len(data))


def weakened_schema(monkeypatch, *without):
    text = schema.SCHEMA
    for name in without:
        begin = text.index(f"CREATE TRIGGER {name} ")
        text = text[:begin] + text[text.index("END;", begin) + 4 :]
    return text


def without_key(monkeypatch):
    whole = changes.submit
    monkeypatch.setattr(
        changes, "submit", lambda db, now, actor, asked, key, most: whole(db, now, actor, asked, "", most)
    )


def without_fence(monkeypatch):
    def add(db, now, segments):
        fresh = [replace(one, fence=changes.read_row(db, one.job)["fence"]) for one in segments]
        return whole(db, now, fresh)

    whole = changes.add_segments
    monkeypatch.setattr(changes, "add_segments", add)


def without_segment_key(monkeypatch):
    """Segments are numbered as they come, and DONE when their shots add up: sums instead of sets."""
    text = weakened_schema(monkeypatch, "segment_of_running", "segment_follows")
    text = text.replace("PRIMARY KEY (job, round, first)\n) STRICT, WITHOUT ROWID;", "n INTEGER PRIMARY KEY) STRICT;")
    monkeypatch.setattr("qctl.jobs.sqlite.SCHEMA", text)

    def add(db, now, segments):
        for one in segments:
            row = changes.read_row(db, one.job)
            if row["state"] != "RUNNING" or row["fence"] != one.fence:
                raise changes.stale(one.job, "", row)
            cells = (one.job, one.round, one.first, one.shots, one.fence, one.circuit, one.sha256, one.data)
            db.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", cells)
            done = row["shots_done"] + one.shots
            row = changes.update(db, row, now, shots_done=done)
            if done == changes.submission_of_row(row).shots:
                changes.move(db, now, changes.SELF, row, changes.State.FINALIZING, "")
        return []

    monkeypatch.setattr(changes, "add_segments", add)
    monkeypatch.setattr(changes, "_refuse_gaps", lambda db, row: None)


def test_the_real_store_breaks_no_promise_whatever_comes_twice_or_late(tmp_path):
    life = Life(tmp_path)
    assert life.live() == []
    assert len({one.job for one in life.acknowledged}) == 1


@pytest.mark.parametrize(
    ("weaken", "said"),
    [
        (without_key, "key key of ann became jobs [1, 2]"),
        (without_fence, "shots from 200 of job 1 are those of attempt 1, stored as those of 3"),
        (without_segment_key, "100 shots of job 1 are counted twice"),
        (without_segment_key, "its shots are not exactly those that were asked for"),
    ],
)
def test_each_weakened_variant_is_caught(tmp_path, monkeypatch, weaken, said):
    weaken(monkeypatch)
    found = Life(tmp_path).live()
    assert any(said in sentence for sentence in found), found


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("DELETE FROM job", "acknowledged job 1 is lost"),
        ("UPDATE job SET user = 'bob'", "job 1 is not what was submitted"),
        ("UPDATE segment SET data = x'00' WHERE first = 0", "shots from 0 of job 1 are not what was stored"),
        ("DELETE FROM segment WHERE first = 100", "its shots are not exactly those"),
        ("UPDATE segment SET first = 50 WHERE first = 100", "50 shots of job 1 are counted twice"),
        ("DELETE FROM result", "job 1 is DONE and has no result"),
        ("UPDATE result SET sha256 = '" + "b" * 64 + "'", "not on the disk as it was accepted"),
        ("UPDATE job SET state = 'RUNNING'", "job 1 is RUNNING and has a result"),
    ],
)
def test_whatever_is_taken_out_of_a_good_history_is_missed(tmp_path, spoil, said):
    life = Life(tmp_path)
    life.live()
    other = apsw.Connection(str(tmp_path / "jobs.sqlite"))
    for (name,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        other.execute(f"DROP TRIGGER {name}")
    other.execute(f"PRAGMA foreign_keys = OFF; {spoil}")
    other.close()
    found = violations(life.acknowledged, tmp_path)
    if "shots from 0" in said:
        found = [sentence for sentence in found if sentence.startswith("shots from")]
    assert any(said in sentence for sentence in found), found
