"""Reads out and stores what a window measured, and counts it: nobody hears of shots before they are stored."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qctl.jobs.container import unpack
from qctl.jobs.counted import from_arrays
from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError
from qctl.jobs.job import Segment, label
from qctl.jobs.sqlite import SqliteJobStore

from .company import Company
from .compiling import Compiling
from .linking import Linked
from .ready import Member, stored
from .workers import WorkerLostError, WorkerRefusedError, Workers

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Played:
    """What a window left.

    Parameters
    ----------
    number : its name in results
    record : file of what the instruments heard
    began, now : when its first shot began and its last one ended, s since 1970
    question : of the agent, which says when the record is written
    """

    number: str
    record: Path
    began: float
    now: float
    question: int


class Keeping:
    """The last step of each window, in the order in which they played.

    Parameters
    ----------
    company : who disturbs whom
    benches : read out
    folder : for files that no restart needs
    """

    def __init__(
        self, store: SqliteJobStore, jobs: Compiling, company: Company, benches: Workers, folder: Path
    ) -> None:
        self._store, self._jobs, self._company = store, jobs, company
        self._benches, self._folder = benches, folder
        self._spent: dict[str, float] = {}

    def take_spent(self) -> dict[str, float]:
        """Return the machine time that each user had since this was asked last, s."""
        spent, self._spent = self._spent, {}
        return spent

    async def keep(self, window: Linked, played: Played) -> None:
        """Read out, store, count."""
        members, names = window.members, [one.label for one in window.together]
        parts = [
            one.to_read([n for n in names if n != one.label], window.uploads, played.number, self._folder)
            for one in window.together
        ]
        asked = {"parts": parts, "record": str(played.record), "window": played.number, "began": played.began}
        kept: dict[int, int] = {}
        try:
            found = await self._benches.ask("read", {**asked, "linked": str(window.file)})
            crash_point("scheduler.read")
            segments = await self._stored(members, found[: len(members)], kept)
        except WorkerRefusedError as refused:
            for one in members:
                await self._jobs.fail(one.ready.claim, refused.kind, str(refused))
            for filler in window.fillers:
                filler.probe.fail(str(refused))
        except WorkerLostError as lost:
            await self.lose(window, lost)
            return
        else:
            await self._hear(window, segments)
            for filler, got in zip(window.fillers, found[len(members) :], strict=True):
                filler.probe.got(got["out"], got["shots"], played.now)
        finally:
            played.record.unlink(missing_ok=True)
        self._land(window, kept)

    async def lose(self, window: Linked, fault: JobError) -> None:
        """A fault of the machine ended a window: its jobs go where their policies say."""
        log.error("a window was lost: %s", fault)
        for one in window.members:
            await self._jobs.give_back(one.ready.claim, str(fault))
        for filler in window.fillers:
            filler.probe.lose(filler.shots, str(fault))
        self._land(window, {})

    def skip(self, window: Linked) -> None:
        """Nothing of a window was played: all are as they were before."""
        for filler in window.fillers:
            filler.probe.play(-filler.shots)
        self._land(window, {})

    async def _stored(self, members: list[Member], found: list[dict[str, Any]], kept: dict[int, int]) -> list[Segment]:
        """Store what was counted, a segment for each job, in one commit; return what counts, and note its shots."""
        segments = []
        for one, got in zip(members, found, strict=True):
            out = Path(got["out"])
            segments.append(one.segment(got["shots"], out.read_bytes()))
            out.unlink()
        counting = await asyncio.to_thread(stored, self._store, segments) if segments else []
        crash_point("scheduler.stored")
        kept |= {one.job: one.shots for one in counting}
        return counting

    async def _hear(self, window: Linked, segments: list[Segment]) -> None:
        for one in window.members:
            user = one.ready.job.user
            self._spent[user] = self._spent.get(user, 0.0) + one.seconds
        if not window.fillers:  # a step of calibration is another one each time: it tells nothing of the jobs beside it
            counts = await asyncio.to_thread(_counts, segments)
            self._company.heard(counts, {one.label: one.candidate.placement for one in window.members})

    def _land(self, window: Linked, shots: dict[int, int]) -> None:
        """Count what is stored of each job; whatever else was granted is to be played again."""
        for one in window.members:
            one.ready.advance(one.shots, shots.get(one.ready.job.id, 0))
            self._jobs.sweep(one.ready)


def _counts(segments: list[Segment]) -> dict[str, dict[str, int]]:
    """Return what each job counted in a window, all sweep points together."""
    found = {}
    for one in segments:
        header, arrays = unpack(one.data)
        counted, whole = from_arrays(arrays, header["n_bits"]), Counter[str]()
        for point in range(counted.n_points):
            whole.update(counted.of(point))
        found[label(one.job)] = dict(whole)
    return found
