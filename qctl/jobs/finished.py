"""From stored segments to one result: counts of all shots, and everything that says how they came to be."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qctl._version import __version__
from qctl.core.record import DECISION

from .container import pack, unpack
from .counted import Counted, read_counts, total
from .job import Job, Segment

LATENCIES = (DECISION, "reaction")
VERSIONS = {"qctl": __version__, "python": platform.python_version(), "numpy": np.__version__}


def result_of(job: Job, segments: Sequence[Segment], remarks: Sequence[str] = ()) -> bytes:
    """Return the result of a job whose shots are all stored, as a container.

    Parameters
    ----------
    remarks : what it is to say besides what its segments say
    """
    parts = [unpack(one.data, f"shots from {one.first} of job {job.label}") for one in segments]
    counted = total([read_counts(header, arrays) for header, arrays in parts])
    first: dict[str, Any] = parts[0][0]
    header = {
        "job": job.id,
        "user": job.user,
        "name": job.submission.name,
        "program": job.submission.program_hash,
        "asked": job.submission.document(),
        "shots": job.submission.shots,
        "parameters_id": first["parameters_id"],
        "pinned": job.parameters_id,
        "n_bits": counted.n_bits,
        "shown": list(counted.names),
        "compiled": first["compiled"],
        "laboratory": first["laboratory"],
        "instruments": first["instruments"],
        "co_runners": sorted({other for header, _ in parts for other in header["co_runners"]}),
        "remarks": sorted({*remarks, *(said for header, _ in parts for said in header.get("remarks", ()))}),
        "dropped": _added([header.get("dropped", {}) for header, _ in parts]),
        "timing": summed([header["timing"] for header, _ in parts]),
        "segments": [_told(one, header) for one, (header, _) in zip(segments, parts, strict=True)],
        "versions": VERSIONS,
    }
    return pack(header, counted.arrays())


def read_result(data: bytes) -> tuple[dict[str, Any], Counted]:
    """Return header and counts of a result."""
    header, arrays = unpack(data)
    return header, read_counts(header, arrays)


def summed(timings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the timing report of all segments together: seconds in sum, of latencies the longest."""
    whole: dict[str, Any] = {"deadlines": 0, "misses": 0, "discarded_segments": 0, "flags": {}, "seconds": {}}
    for one in timings:
        for name in ("deadlines", "misses", "discarded_segments"):
            whole[name] += one[name]
        for group in ("flags", "seconds"):
            for name, value in one[group].items():
                before = whole[group].get(name, 0)
                latency = group == "seconds" and name.startswith(LATENCIES)
                whole[group][name] = max(before, value) if latency else before + value
    return whole


def _added(several: Sequence[Mapping[str, int]]) -> dict[str, int]:
    whole = Counter[str]()
    for one in several:
        whole.update(one)
    return dict(whole)


def _told(segment: Segment, header: Mapping[str, Any]) -> dict[str, object]:
    """Return what a result says of one of its segments."""
    kept = ("window", "began", "co_runners", "placement", "uploads", "timing")
    return {
        "first": segment.first,
        "shots": segment.shots,
        "fence": segment.fence,
        "circuit": segment.circuit,
        "sha256": segment.sha256,
        **{name: header.get(name) for name in kept},
    }
