"""Documents that the API answers with, made from what the parts of the daemon know."""

from __future__ import annotations

import math
import os
import time
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from qctl._version import __version__
from qctl.core.operators import Number
from qctl.core.parameters import Estimate
from qctl.jobs.backup import back_up as make_copy
from qctl.jobs.container import unpack
from qctl.jobs.counted import Counted, read_counts
from qctl.jobs.errors import DamagedError
from qctl.jobs.finished import read_result
from qctl.jobs.job import Actor, Event, Job, Segment, label
from qctl.jobs.moments import ticking
from qctl.store import ParameterStore

from .house import House

Document = dict[str, Any]
MOST_KEYS = 100_000


def status(house: House) -> Document:
    """Return what the machine is doing."""
    scheduler = house.scheduler
    return {
        "version": __version__,
        "laboratory": house.laboratory.name,
        "platform": house.laboratory.platform,
        "pid": os.getpid(),
        "up_s": time.time() - house.started,
        "jobs": house.store.counts(),
        "playing": [label(job) for job in scheduler.windows.playing],
        "windows": scheduler.windows.number,
        "window_s": _median(scheduler.windows.lasted),
        "slack": scheduler.windows.slack.document(),
        "instruments": "connected" if scheduler.link.connected else "not connected",
        "parameters": scheduler.house.newest,
        "calibration": asdict(scheduler.calibration.standing),
        "accepting": not (house.store.fault or house.disk.is_full()),
        "alarms": len(house.scheduler.alarms),
        "alarm": next(reversed(list(house.scheduler.alarms)), ""),
    }


def health(house: House) -> Document:
    """Return what is wrong, by part."""
    return {
        "store": [house.store.fault] if house.store.fault else [],
        "disk": ["too full for new jobs"] if house.disk.is_full() else [],
        "instruments": [] if house.scheduler.link.connected else ["the agent is not connected"],
        "alarms": list(house.scheduler.alarms),
    }


def capabilities(house: House) -> Document:
    """Return what the machine can run."""
    laboratory = house.laboratory
    return {
        "laboratory": laboratory.name,
        "platform": laboratory.platform,
        "languages": ["OpenQASM 2", "OpenQASM 3"],
        "qubits": list(laboratory.qubit_names),
        "couplings": [list(one.pair) for one in laboratory.couplings.values()],
        "period_s": laboratory.period,
    }


def instruments(house: House) -> Document:
    """Return the instruments and what they say they are."""
    identities = house.scheduler.link.identities
    return {
        name: {
            "driver": entry.driver,
            "identity": identities.get(name, ""),
            "safe": str(house.laboratory.safe.get(name)),
        }
        for name, entry in house.laboratory.instruments.items()
    }


def calibration(house: House, target: str) -> Document:
    """Return the newest snapshot of the parameter store."""
    with ParameterStore.open(house.state, house.stored_as) as store:
        known = store.snapshot()
    values = {name: _estimate(one) for name, one in known.estimates.items() if name.startswith(target)}
    return {"snapshot": known.number, "id": known.id, "note": known.note, "values": values}


def result(house: House, job: Job) -> Document:
    """Return a result, read back and proven; a damaged one is an alarm, never an answer."""
    try:
        header, counted = read_result(house.results.read(job.result))
    except DamagedError as error:
        house.scheduler.alarms.add(f"result of job {job.label}: {error}")
        raise
    return {**header, **counts_of(counted), "sha256": job.result}


def segment(one: Segment) -> Document:
    """Return what one segment counted."""
    header, arrays = unpack(one.data)
    counted = read_counts(header, arrays)
    told = {"first": one.first, "shots": one.shots, "fence": one.fence, "window": header["window"]}
    return {**told, "co_runners": header["co_runners"], **counts_of(counted)}


def counts_of(counted: Counted) -> Document:
    """Return counts by sweep point; of values beside bits too, and which came together with which bits."""
    points = range(counted.n_points)
    if len(counted.numbers) > MOST_KEYS:
        return {"counts": None}
    counts: Document = {"counts": [counted.of(point) for point in points]}
    if counted.names:
        tallies = [counted.outputs(point) for point in points]
        counts["outputs"] = {name: [each[name] for each in tallies] for name in tallies[0]}
        counts["shown"] = list(counted.names)
        counts["ends"] = [
            [[key, [_plain(value) for value in values.values()], number] for key, values, number in counted.ends(point)]
            for point in points
        ]
    return counts


def _plain(value: Number) -> float | str:
    """Return a number as JSON holds it; infinities and what is no number as text, which Python's float reads."""
    value = float(value) if isinstance(value, Fraction) else value
    return value if math.isfinite(value) else repr(value)


def eta(house: House, job: Job) -> Document | None:
    """Return in how many seconds a job starts and finishes, each with an interval that holds it with 90 %."""
    found, now = house.scheduler.eta(job), ticking()
    if found is None:
        return None
    return {
        what: {name: getattr(span, name) - now for name in ("expected", "low", "high")}
        for what, span in (("start_s", found.start), ("finish_s", found.finish))
    }


def event(one: Event) -> Document:
    """Return a line of the journal."""
    return {
        "id": one.id,
        "time": one.moment.wall,
        "boot": one.moment.boot,
        "actor": one.actor.name,
        "role": one.actor.role,
        "verb": one.verb,
        "job": label(one.job) if one.job else "",
        "before": one.before,
        "after": one.after,
        "detail": dict(one.detail),
    }


def back_up(house: House, asker: Actor) -> Document:
    """Copy the job store."""
    copy = make_copy(house.state)
    house.store.note(asker, "back up", copy=copy.name)
    return {"copy": copy.name, "bytes": copy.stat().st_size}


def tokens(house: House) -> list[Document]:
    """Return all tokens, without their secrets."""
    names = ("id", "user", "role", "label", "expires", "revoked")
    return [{name: getattr(one, name) for name in names} for one in house.tokens.all()]


def _estimate(one: Estimate) -> Document:
    error = one.error if one.error < float("inf") else None
    return {"value": one.value, "error": error, "unit": one.unit, "time": one.time, "run": one.run}


def _median(values: list[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None
