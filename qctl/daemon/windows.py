"""Carries one window out: starts its jobs, links, plays, reads out, stores."""

from __future__ import annotations

import asyncio
import logging
from itertools import count
from pathlib import Path

from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError
from qctl.jobs.moments import ticking
from qctl.jobs.request import Window
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.window import Cycle

from .agent_link import AgentLink, AgentLostError, AgentRefusedError
from .compiling import Compiling
from .ready import Member, part_of, segment_of, stored
from .workers import WorkerLostError, WorkerRefusedError, Workers

log = logging.getLogger(__name__)

CYCLE = ("upload", "arm", "run", "fetch")
PATIENCE = 240.0  # s beyond its shots that a window may take; simulated shots take longer than real ones
KEPT = 1000  # windows whose length is remembered


class Windows:
    """One window after the other.

    Parameters
    ----------
    benches : link and read out; they see no user's text but that of programs which compile
    folder : for files that no restart needs
    name : of this daemon's windows

    Attributes
    ----------
    playing : jobs of the window that plays now
    cycle : what the station reported of the last one
    lasted : of the last windows, s
    """

    def __init__(
        self, store: SqliteJobStore, jobs: Compiling, benches: Workers, link: AgentLink, folder: Path, name: str
    ) -> None:
        self.playing: tuple[int, ...] = ()
        self.cycle = Cycle(upload=0.0, arm=0.0, run=0.0, fetch=0.0)
        self.number = 0
        self.lasted: list[float] = []
        self._spent: dict[str, float] = {}
        self._store, self._jobs, self._benches, self._link, self._folder = store, jobs, benches, link, folder
        self._numbers, self._name = count(1), name
        self._linked: tuple[object, Path, dict[str, str]] | None = None

    async def play(self, window: Window) -> None:
        """Run one window: RUNNING is stored before the first trigger, its shots before anybody hears of them."""
        members = await self._members(window)
        pinned = [(one.ready.claim, one.ready.pinned) for one in members]
        started = {claim.job for claim in await asyncio.to_thread(self._store.start, pinned)}
        members = [one for one in members if one.ready.job.id in started]
        if not members:
            return
        crash_point("scheduler.started")
        for one in members:
            one.ready.settle(one.candidate)
        self.playing = tuple(one.ready.job.id for one in members)
        number = f"{self._name}.{next(self._numbers)}"
        record = self._folder / f"{number}.record"
        begun = ticking()
        try:
            await self._carry_out(members, number, record)
        except WorkerRefusedError as refused:
            for one in members:
                await self._jobs.fail(one.ready.claim, refused.kind, str(refused))
        except (AgentLostError, AgentRefusedError, WorkerLostError) as fault:
            await self._give_back(members, fault)
        finally:
            record.unlink(missing_ok=True)
            self.playing = ()
        self.number += 1
        self.lasted = [*self.lasted[1 - KEPT :], ticking() - begun]

    def take_spent(self) -> dict[str, float]:
        """Return the machine time that each user had since this was asked last, s."""
        spent, self._spent = self._spent, {}
        return spent

    async def _members(self, window: Window) -> list[Member]:
        """Return who was granted a place, compiled for it."""
        chosen, members = {one.job.label: one for one in self._jobs.ready.values()}, []
        for grant in window.grants:
            one = chosen[grant.job]
            candidate = one.places[grant.candidate]
            try:
                await self._jobs.place(one, list(candidate.placement))
            except (WorkerRefusedError, WorkerLostError) as failed:
                await self._jobs.fail(one.claim, getattr(failed, "kind", "compile-crash"), str(failed))
                self._jobs.drop(one.job.id)
            else:
                members.append(Member(one, candidate, min(grant.shots, one.info["most_shots"])))
        return members

    async def _carry_out(self, members: list[Member], number: str, record: Path) -> None:
        try:
            window, uploads = await self._link_window(members)
        except WorkerRefusedError as refused:
            if len(members) == 1:
                raise
            log.info("not side by side: %s", refused)  # the sum is beyond a limit: one after the other
            await self._carry_out(members[:1], number, record)
            return
        self.playing = tuple(one.ready.job.id for one in members)
        crash_point("scheduler.linked")
        began = await self._trigger(members, window, record)
        crash_point("scheduler.played")
        parts = [part_of(one, members, uploads, number, self._folder) for one in members]
        asked = {"parts": parts, "record": str(record), "window": number, "began": began, "linked": str(window)}
        found = await self._benches.ask("read", asked)
        crash_point("scheduler.read")
        segments = []
        for one, counted in zip(members, found, strict=True):
            data = Path(counted["out"]).read_bytes()
            Path(counted["out"]).unlink()
            segments.append(segment_of(one.ready, counted["shots"], data))
        kept = await asyncio.to_thread(stored, self._store, segments)
        crash_point("scheduler.stored")
        for one, segment in zip(members, segments, strict=True):
            one.ready.advance(segment.shots if segment in kept else 0)
            used = segment.shots * one.ready.info["period"] * one.ready.info["n_points"]
            self._spent[one.ready.job.user] = self._spent.get(one.ready.job.user, 0.0) + used

    async def _trigger(self, members: list[Member], window: Path, record: Path) -> float:
        """Have the agent play what was linked; return when the first shot began, s since 1970."""
        shots = max(one.shots for one in members)
        period = max(one.ready.info["period"] * one.ready.info["n_points"] for one in members)
        question = {"verb": "play", "window": str(window), "record": str(record), "jobs": list(self.playing)}
        crash_point("scheduler.sent")
        answer = await self._link.ask(question, len(members) * shots * period + PATIENCE)
        self.cycle = Cycle(**{name: float(answer["seconds"].get(name, 0.0)) for name in CYCLE})
        return float(answer["began"])

    async def _link_window(self, members: list[Member]) -> tuple[Path, dict[str, str]]:
        """Return what is played, written anew only when it is not what was played last."""
        key = tuple((one.ready.claim, one.candidate.placement, one.shots) for one in members)
        if self._linked is not None and self._linked[0] == key:
            return self._linked[1], self._linked[2]
        out = self._folder / "window"
        self._linked = None
        parts = [
            {"compiled": str(m.ready.compiled), "parameters": m.ready.info["parameters"], "shots": m.shots}
            for m in members
        ]
        found = await self._benches.ask("link", {"parts": parts, "out": str(out)})
        self._linked = (key, out, found["uploads"])
        return out, found["uploads"]

    async def _give_back(self, members: list[Member], fault: JobError) -> None:
        """A fault of the machine ended a window: its jobs go where their policies say."""
        log.error("a window was lost: %s", fault)
        for one in members:
            await self._jobs.give_back(one.ready.claim, str(fault))
        self._linked = None
