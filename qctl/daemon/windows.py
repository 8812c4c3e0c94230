"""Carries one window out: starts its jobs, links, plays, reads out, stores."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

from qctl.jobs.container import unpack
from qctl.jobs.counted import from_arrays
from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError
from qctl.jobs.job import Segment, label
from qctl.jobs.moments import ticking
from qctl.jobs.request import Window
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.window import Cycle

from .agent_link import AgentLink, AgentLostError, AgentRefusedError
from .company import Company
from .compiling import Compiling
from .probes import Filler, Probes
from .ready import Member, stored
from .workers import WorkerLostError, WorkerRefusedError, Workers

log = logging.getLogger(__name__)

CYCLE = ("upload", "arm", "run", "fetch")
PATIENCE = 240.0  # s beyond its shots that a window may take; simulated shots take longer than real ones
KEPT = 1000  # windows whose length is remembered


class Windows:
    """One window after the other.

    Parameters
    ----------
    probes : of the calibration service, which fill what jobs leave
    benches : link and read out; they see no user's text but that of programs which compile
    folder : for files that no restart needs
    name : of this daemon's windows

    Attributes
    ----------
    playing : jobs of the window that plays now
    played : those of the last one
    cycle : what the station reported of the last one
    lasted : of the last windows, s
    """

    def __init__(
        self, store: SqliteJobStore, jobs: Compiling, probes: Probes, company: Company, benches: Workers,
        link: AgentLink, folder: Path, name: str,
    ) -> None:  # fmt: skip
        self.playing: tuple[int, ...] = ()
        self.played: tuple[int, ...] = ()
        self.cycle = Cycle(upload=0.0, arm=0.0, run=0.0, fetch=0.0)
        self.number = 0
        self.lasted: list[float] = []
        self._spent: dict[str, float] = {}
        self._store, self._jobs, self._probes, self._company = store, jobs, probes, company
        self._benches, self._link, self._folder = benches, link, folder
        self._numbers, self._name = count(1), name
        self._linked: tuple[object, Path, dict[str, str]] | None = None

    async def play(self, window: Window) -> None:
        """Run one window: RUNNING is stored before the first trigger, its shots before anybody hears of them."""
        members, fillers = await self._members(window), self._fillers(window)
        pinned = [(one.ready.claim, one.ready.pinned) for one in members]
        started = {claim.job for claim in await asyncio.to_thread(self._store.start, pinned)} if pinned else set()
        members = [one for one in members if one.ready.job.id in started]
        if not (members or fillers):
            return
        crash_point("scheduler.started")
        for one in members:
            one.ready.settle(one.candidate)
        self.playing = tuple(one.ready.job.id for one in members)
        number = f"{self._name}.{next(self._numbers)}"
        record = self._folder / f"{number}.record"
        begun = ticking()
        try:
            await self._carry_out(members, fillers, number, record)
        except WorkerRefusedError as refused:
            await self._refuse(members, fillers, refused)
        except (AgentLostError, AgentRefusedError, WorkerLostError) as fault:
            await self._give_back(members, fillers, fault)
        finally:
            record.unlink(missing_ok=True)
            self.played, self.playing = self.playing, ()
        self.number += 1
        self.lasted = [*self.lasted[1 - KEPT :], ticking() - begun]

    def take_spent(self) -> dict[str, float]:
        """Return the machine time that each user had since this was asked last, s."""
        spent, self._spent = self._spent, {}
        return spent

    async def _members(self, window: Window) -> list[Member]:
        """Return which jobs were granted a place, compiled for it."""
        chosen, members = {one.job.label: one for one in self._jobs.ready.values()}, []
        for grant in window.grants:
            one = chosen.get(grant.job)
            if one is None:
                continue
            candidate = next(place for place in one.places if place.placement == grant.placement)
            try:
                await self._jobs.place(one, list(candidate.placement))
            except (WorkerRefusedError, WorkerLostError) as failed:
                await self._jobs.fail(one.claim, getattr(failed, "kind", "compile-crash"), str(failed))
                self._jobs.drop(one.job.id)
            else:
                shots = min(grant.shots, one.info["most_shots"])
                members.append(Member(one, candidate, shots, self._jobs.remarks(candidate)))
        return members

    def _fillers(self, window: Window) -> list[Filler]:
        """Return what of the calibration service was granted its place."""
        asked = self._probes.asked
        return [Filler(asked, grant.shots) for grant in window.grants if asked is not None and grant.job == asked.label]

    async def _carry_out(self, members: list[Member], fillers: list[Filler], number: str, record: Path) -> None:
        together: list[Member | Filler] = [*members, *fillers]
        try:
            window, uploads = await self._link_window(together)
        except WorkerRefusedError as refused:
            if len(together) == 1:
                raise
            log.info("not side by side: %s", refused)  # the sum is beyond a limit: one after the other
            for one in fillers:
                one.probe.withdraw()
            await self._carry_out(members if fillers else members[:1], [], number, record)
            return
        self.playing = tuple(one.ready.job.id for one in members)
        crash_point("scheduler.linked")
        began, now = await self._trigger(together, window, record)
        crash_point("scheduler.played")
        names = [one.label for one in together]
        parts = [one.to_read([n for n in names if n != one.label], uploads, number, self._folder) for one in together]
        asked = {"parts": parts, "record": str(record), "window": number, "began": began, "linked": str(window)}
        found = await self._benches.ask("read", asked)
        crash_point("scheduler.read")
        segments = await self._keep(members, found[: len(members)])
        if not fillers:  # a step of calibration is another one each time: it tells nothing of the jobs beside it
            counts = await asyncio.to_thread(_counts, segments)
            self._company.heard(counts, {one.label: one.candidate.placement for one in members})
        for filler, got in zip(fillers, found[len(members) :], strict=True):
            filler.probe.got(got["out"], got["shots"], now)

    async def _keep(self, members: list[Member], found: list[dict[str, Any]]) -> list[Segment]:
        """Store what was counted, a segment for each job, in one commit."""
        segments = []
        for one, counted in zip(members, found, strict=True):
            out = Path(counted["out"])
            segments.append(one.segment(counted["shots"], out.read_bytes()))
            out.unlink()
        kept = await asyncio.to_thread(stored, self._store, segments) if segments else []
        crash_point("scheduler.stored")
        for one, segment in zip(members, segments, strict=True):
            one.ready.advance(segment.shots if segment in kept else 0)
            user = one.ready.job.user
            self._spent[user] = self._spent.get(user, 0.0) + one.seconds
        return kept

    async def _trigger(self, together: list[Member | Filler], window: Path, record: Path) -> tuple[float, float]:
        """Have the agent play what was linked; return when the first shot began and ended, s since 1970."""
        question = {"verb": "play", "window": str(window), "record": str(record), "jobs": list(self.playing)}
        crash_point("scheduler.sent")
        answer = await self._link.ask(question, len(together) * max(one.seconds for one in together) + PATIENCE)
        self.cycle = Cycle(**{name: float(answer["seconds"].get(name, 0.0)) for name in CYCLE})
        return float(answer["began"]), float(answer["now"])

    async def _link_window(self, together: list[Member | Filler]) -> tuple[Path, dict[str, str]]:
        """Return what is played, written anew only when it is not what was played last."""
        key = tuple(one.key for one in together)
        if self._linked is not None and self._linked[0] == key:
            return self._linked[1], self._linked[2]
        out = self._folder / "window"
        self._linked = None
        found = await self._benches.ask("link", {"parts": [one.to_link() for one in together], "out": str(out)})
        self._linked = (key, out, found["uploads"])
        return out, found["uploads"]

    async def _refuse(self, members: list[Member], fillers: list[Filler], refused: WorkerRefusedError) -> None:
        """What cannot be played even alone has failed."""
        for one in members:
            await self._jobs.fail(one.ready.claim, refused.kind, str(refused))
        for filler in [] if members else fillers:
            filler.probe.fail(str(refused))

    async def _give_back(self, members: list[Member], fillers: list[Filler], fault: JobError) -> None:
        """A fault of the machine ended a window: its jobs go where their policies say."""
        log.error("a window was lost: %s", fault)
        for one in members:
            await self._jobs.give_back(one.ready.claim, str(fault))
        for filler in fillers:
            filler.probe.lose(str(fault))
        self._linked = None


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
