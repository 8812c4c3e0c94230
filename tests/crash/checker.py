"""Decides from histories alone whether anything that was promised was broken.

It reads what clients saw (acknowledgements with their keys and bodies), the rows of the store, and the result files,
with code of its own: nothing of the store that it judges is imported. It compares sets of shots, not their sums: a
segment that is stored twice can make up for one that is missing.
"""

import hashlib
import io
import json
from collections import Counter
from dataclasses import dataclass

import apsw
import numpy as np

FINAL = {"DONE", "FAILED", "CANCELLED", "INTERRUPTED"}


@dataclass(frozen=True)
class Acknowledged:
    """What one client was told: this key is this job."""

    user: str
    key: str
    job: int
    program: str
    shots: int


def violations(acknowledged, folder, *, ended=True):
    """Return a sentence for each promise that was broken.

    Parameters
    ----------
    acknowledged : every answer 200 or 201 that any client got, in any order
    folder : state folder; no daemon runs
    ended : every job must have come to an end
    """
    history = apsw.Connection(str(folder / "jobs.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        rows = _rows(history)
        found = list(_acknowledgements(acknowledged, rows))
        found += _segments(history, rows)
        found += _results(history, rows, folder)
        found += _fences(history)
        if ended:
            found += [f"job {n} is {row['state']}" for n, row in rows.items() if row["state"] not in FINAL]
        return found
    finally:
        history.close()


def _rows(history):
    query = "SELECT job.id, user, state, fence, round, shots_done, asked, text FROM job JOIN program ON hash = program"
    names = ("id", "user", "state", "fence", "round", "shots_done", "asked", "text")
    rows = [dict(zip(names, row, strict=True)) for row in history.execute(query)]
    return {row["id"]: {**row, "asked": json.loads(row["asked"])} for row in rows}


def _acknowledgements(acknowledged, rows):
    jobs = {}
    for one in acknowledged:
        jobs.setdefault((one.user, one.key), set()).add(one.job)
        row = rows.get(one.job)
        if row is None:
            yield f"acknowledged job {one.job} is lost"
        elif (row["user"], row["text"], row["asked"]["shots"]) != (one.user, one.program, one.shots):
            yield f"job {one.job} is not what was submitted"
    for (user, key), found in jobs.items():
        if len(found) > 1:
            yield f"key {key} of {user} became jobs {sorted(found)}"


def _segments(history, rows):
    stored = {}
    query = "SELECT job, round, first, shots, fence, sha256, data FROM segment"
    for job, round_, first, shots, fence, sha256, data in history.execute(query):
        if hashlib.sha256(data).hexdigest() != sha256:
            yield f"shots from {first} of job {job} are not what was stored"
        elif (measured := _header(data)["fence"]) != fence:
            yield f"shots from {first} of job {job} are those of attempt {measured}, stored as those of {fence}"
        stored.setdefault((job, round_), []).append((first, shots, fence))
    for job, row in rows.items():
        counted = Counter()
        for first, shots, _ in stored.get((job, row["round"]), []):
            counted.update(range(first, first + shots))
        twice = sum(1 for number in counted.values() if number > 1)
        if twice:
            yield f"{twice} shots of job {job} are counted twice"
        if row["state"] == "DONE" and set(counted) != set(range(row["asked"]["shots"])):
            yield f"job {job} is DONE, but its shots are not exactly those that were asked for"
        fences = [fence for _, _, fence in sorted(stored.get((job, row["round"]), []))]
        if fences != sorted(fences):
            yield f"an older attempt of job {job} stored shots after a newer one"


def _results(history, rows, folder):
    named = dict(history.execute("SELECT job, sha256 FROM result"))
    for job, row in rows.items():
        if (row["state"] == "DONE") != (job in named):
            yield f"job {job} is {row['state']} and has {'a' if job in named else 'no'} result"
            continue
        if row["state"] != "DONE":
            continue
        path = folder / "results" / named[job][:2] / named[job]
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != named[job]:
            yield f"the result of job {job} is not on the disk as it was accepted"
            continue
        query = "SELECT data FROM segment WHERE job = ? AND round = ?"
        parts = sum((_counts(data) for (data,) in history.execute(query, (job, row["round"]))), Counter())
        if _counts(path.read_bytes()) != parts:
            yield f"the result of job {job} is not the sum of its segments"


def _fences(history):
    last = {}
    for job, detail in history.execute("SELECT job, detail FROM journal WHERE verb = 'move' ORDER BY id"):
        fence = json.loads(detail)["fence"]
        if fence < last.get(job, 0):
            yield f"the fence of job {job} fell from {last[job]} to {fence}"
        last[job] = fence


def _header(data):
    """Return the header of a container: what was known when the shots were read out."""
    return json.loads(data[16 : 16 + int.from_bytes(data[8:16], "little")])["header"]


def _counts(data):
    """Return the counts in a container by sweep point and key, read by the letter of its format."""
    if len(data) < 64:
        return Counter({"unreadable": 1})
    start = 16 + int.from_bytes(data[8:16], "little")
    names, rest, arrays = json.loads(data[16:start])["arrays"], io.BytesIO(data[start:-32]), {}
    for name in names:
        arrays[name] = np.lib.format.read_array(rest, allow_pickle=False)
    counts = Counter()
    for point, (a, b) in enumerate(zip(arrays["starts"][:-1], arrays["starts"][1:], strict=True)):
        for key, number in zip(arrays["keys"][a:b], arrays["numbers"][a:b], strict=True):
            counts[point, key.tobytes()] += int(number)
    return counts
