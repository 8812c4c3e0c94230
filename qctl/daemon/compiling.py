"""Claims jobs ahead of their turn and has them compiled, so that they wait for nothing but a place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from qctl.jobs import codec
from qctl.jobs.claims import pinned
from qctl.jobs.container import unpack
from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError
from qctl.jobs.job import Claim, Job
from qctl.jobs.moments import ticking
from qctl.jobs.packer import Packer
from qctl.jobs.request import Candidate, JobClass, Request
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State

from .ready import Ready, asked_of, relied
from .tasks import Tasks
from .workers import WorkerLostError, WorkerRefusedError, Workers

log = logging.getLogger(__name__)

AHEAD = 64  # jobs that are compiled before their turn
LEASE = 60.0
NEWS = 1000  # snapshots that are remembered


class Compiling:
    """Jobs that are claimed: those that are compiled, and those that are being compiled.

    Parameters
    ----------
    compilers : read users' programs
    packer : looks at each job once before it decides about it
    folder : for compiled programs
    changed : is set when there is something new to decide about

    Attributes
    ----------
    ready : compiled, by job
    expected : urgent jobs that are being compiled, or that no decision has seen yet
    none_expected : is set while there are none
    suspect : by qubit, coupling or feedline, why its values are doubted
    """

    def __init__(
        self, store: SqliteJobStore, compilers: Workers, packer: Packer, folder: Path, tasks: Tasks,
        changed: asyncio.Event,
    ) -> None:  # fmt: skip
        self.ready: dict[int, Ready] = {}
        self.suspect: dict[str, str] = {}
        self.expected: set[int] = set()
        self.none_expected = asyncio.Event()
        self.none_expected.set()
        self._trusted: set[str] = set()
        self._renewing = False
        self._news: list[tuple[int, frozenset[str]]] = []  # snapshots, and whose values are new in each
        self._store, self._compilers, self._packer, self._folder = store, compilers, packer, folder
        self._tasks, self._changed = tasks, changed
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def is_compiling(self, job: int) -> bool:
        """Say whether a job is being compiled right now."""
        return job in self._under_way

    def seen(self) -> None:
        """Take note that a decision took account of all that are compiled."""
        self.expected &= self._under_way.keys()
        if not self.expected:
            self.none_expected.set()

    def requests(self) -> list[Request]:
        """Return all compiled jobs as the packer takes them."""
        for one in self.ready.values():
            one.doubt(self.suspect)
        return [one.request(self._submitted(one.job)) for one in self.ready.values() if one.left > 0]

    def wait_for(self, targets: Iterable[str]) -> bool:
        """Say whether a job waits until some values are trusted again."""
        doubted = [one for one in targets if one in self.suspect]
        return any(one.blocked and relied(place, doubted) for one in self.ready.values() for place in one.places)

    def remarks(self, place: Candidate) -> tuple[str, ...]:
        """Return what a result that is measured in a place is to say: what it relied on though it is doubted."""
        return tuple(f"stale_cal: {one}: {self.suspect[one]}" for one in relied(place, self.suspect))

    def heard(self, snapshot: int, changed: Iterable[str], suspect: Mapping[str, str]) -> None:
        """Take note of a snapshot; jobs feel it at the next border of a window.

        Parameters
        ----------
        changed : targets whose values are new in it
        suspect : by target, why its values are doubted now
        """
        self._trusted |= self.suspect.keys() - suspect.keys()
        self.suspect, self._renewing = dict(suspect), True
        if new := frozenset(changed):
            self._news = [*self._news[1 - NEWS :], (snapshot, new)]

    async def renew(self) -> None:
        """Take the newest parameters for what has not begun, and begin anew what relied on values that were wrong.

        What runs well goes on with the values it began with; so does whoever named a snapshot.
        """
        if not self._renewing:
            return
        trusted, self._trusted, self._renewing = self._trusted, set(), False
        for one in list(self.ready.values()):
            if one.job.submission.parameters is not None or not (outdated := self._outdated(one)):
                continue
            if not one.begun:
                self._again(one)
            elif trusted & outdated and not one.job.submission.stale_ok:
                said = f"{', '.join(sorted(trusted & outdated))} was found to be off, and was measured again"
                await self.give_back(one.claim, said, same_parameters=False)

    def held(self) -> list[Claim]:
        """Return the claims of all of them, whose leases are to be kept."""
        compiling = [Claim(job, fence) for job, (_, fence) in self._store.standing().items() if job in self._under_way]
        return [one.claim for one in self.ready.values()] + compiling

    async def tidy(self) -> None:
        """Let go of jobs that were cancelled or held; of those that were claimed meanwhile nothing is known yet."""
        ready, under_way = list(self.ready.items()), list(self._under_way.items())
        standing = await asyncio.to_thread(self._store.standing)
        for number, one in ready:
            state, fence = standing.get(number, (State.QUEUED, -1))
            gone = fence != one.claim.fence or state not in (State.PREPARING, State.RUNNING)
            if gone and self.ready.get(number) is one:
                self.drop(number)
        for number, task in under_way:
            if standing.get(number, (State.QUEUED, 0))[0] is not State.PREPARING:
                task.cancel()
        ended = [number for number, (state, _) in standing.items() if state is State.CANCELLING]
        if ended:
            await asyncio.to_thread(self._store.cancelled, ended)

    async def claim(self) -> None:
        """Claim as many of those that wait as are compiled ahead."""
        room = AHEAD - len(self.ready) - len(self._under_way)
        if room <= 0 or not self._store.counts().get(State.QUEUED.value):
            return
        for claim in await asyncio.to_thread(self._store.claim, room, LEASE):
            self._start(claim)

    async def place(self, one: Ready, place: list[int]) -> None:
        """Have a job's waveforms made for another one of its places.

        Raises
        ------
        WorkerRefusedError, WorkerLostError
            When they cannot be made there.
        """
        if one.info["place"] in (None, place):
            return
        said = {**asked_of(one.job), "parameters": one.info["parameters"], "place": place}
        said |= {"optimise": one.job.submission.optimise, "out": str(one.compiled)}
        one.info = await self._compilers.ask("compile", said)

    async def fail(self, claim: Claim, code: str, said: str) -> None:
        """End a job that cannot succeed."""
        log.warning("job j%d failed: %s: %s", claim.job, code, said)
        with suppress(JobError):  # it may have been cancelled meanwhile
            await asyncio.to_thread(self._store.fail, claim, code, said)

    async def give_back(self, claim: Claim, said: str, *, same_parameters: bool = True) -> None:
        """End an attempt; its crash policy says where the job goes."""
        with suppress(JobError):
            await asyncio.to_thread(self._store.give_back, claim, said, same_parameters=same_parameters)
        one = self.ready.get(claim.job)
        if one is not None and one.claim == claim:  # else it is a later attempt, which somebody gave back already
            self.drop(claim.job)

    def drop(self, number: int) -> None:
        """Let go of a compiled job; a window of it that plays is read out with its file."""
        one = self.ready.pop(number, None)
        if one is not None:
            self.sweep(one)

    def sweep(self, one: Ready) -> None:
        """Remove the file of a job that nobody needs any more."""
        if not one.in_flight and self.ready.get(one.job.id) is not one:
            one.compiled.unlink(missing_ok=True)

    def _outdated(self, one: Ready) -> set[str]:
        """Return what a job relies on whose values are newer than those it was compiled with."""
        newer = {name for number, names in self._news if number > one.info["parameters"] for name in names}
        return {name for place in one.places for name in relied(place, newer)} if newer else set()

    def _again(self, one: Ready) -> None:
        """Compile a job that has not begun with the newest parameters."""
        self.drop(one.job.id)
        self._start(one.claim)

    def _start(self, claim: Claim) -> None:
        task = self._tasks.start(f"compiling job j{claim.job}", self._compile(claim))
        self._under_way[claim.job] = task

        def ended(task: asyncio.Task[None]) -> None:  # even one that was cancelled before it began
            if self._under_way.get(claim.job) is task:
                del self._under_way[claim.job]
            self._changed.set()

        task.add_done_callback(ended)

    async def _compile(self, claim: Claim) -> None:
        try:
            await self._prepare(claim)
        except WorkerLostError:
            await self.fail(claim, "compile-crash", "compiling it ended the worker: too large, too slow, or hostile")
        except WorkerRefusedError as refused:
            await self.fail(claim, refused.kind, str(refused))

    async def _prepare(self, claim: Claim) -> None:
        out = self._folder / f"{claim.job}-{claim.fence}.compiled"
        job = await asyncio.to_thread(self._store.job, claim.job)
        if job.submission.job_class is JobClass.URGENT_CALIBRATION:
            self.expected.add(job.id)
            self.none_expected.clear()
        number = job.parameters_id.partition("/")[0]
        wanted = int(number) if number else job.submission.parameters
        said = {**asked_of(job), "parameters": wanted, "out": str(out)}
        said["optimise"] = job.submission.optimise
        info = await self._compilers.ask("prepare", said)
        places = codec.decode(out.with_suffix(".places").read_bytes())
        out.with_suffix(".places").unlink()
        if job.shots_done:
            info = await self._where_it_was(job, info, said)
            places = [one for one in places if info["place"] in (None, list(one.placement))]
        crash_point("scheduler.prepared")
        if job.shots_done and not (places and await self._continues(job, info)):
            await self.give_back(claim, "its waveforms changed", same_parameters=False)
            return
        places = tuple(pinned(one, info["conditions"]) for one in places)
        ready = Ready(job, claim, out, info, places, job.shots_done)
        self._packer.admit(ready.request(self._submitted(job)))
        self.ready[claim.job] = ready

    async def _where_it_was(self, job: Job, info: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        """Compile a job that has begun for the place where its stored shots were taken."""
        first = (await asyncio.to_thread(self._store.segments, job.id, job.round))[0]
        place = unpack(first.data)[0]["compiled"]["place"]
        if place == info["place"]:
            return info
        found: dict[str, Any] = await self._compilers.ask("compile", {**said, "place": place})
        return found

    async def _continues(self, job: Job, info: dict[str, Any]) -> bool:
        """Say whether stored shots and those to come are of the same waveforms."""
        stored = await asyncio.to_thread(self._store.segments, job.id, job.round)
        return {one.circuit for one in stored} <= {info["circuit"]}

    def _submitted(self, job: Job) -> float:
        """Return when a job was accepted, by the clock of decisions."""
        return ticking() - self._store.clock.now().since(job.submitted)
