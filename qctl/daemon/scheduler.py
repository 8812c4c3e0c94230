"""What runs when: claims and compiles jobs ahead, asks the packer at each border of a window, plays, stores."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from qctl.jobs import codec
from qctl.jobs.container import unpack
from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError
from qctl.jobs.eta import Eta, Forecasts
from qctl.jobs.finished import result_of
from qctl.jobs.job import Claim, Job
from qctl.jobs.moments import ticking
from qctl.jobs.packer import Packer
from qctl.jobs.request import Candidate, Request, Window
from qctl.jobs.request import State as PackState
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State
from qctl.jobs.window import Cycle, lateness, length

from .agent_link import AgentLink, AgentLostError, AgentRefusedError
from .ready import Member, Ready, part_of, pinned_to, segment_of, stored
from .workers import WorkerLostError, WorkerRefusedError, Workers

log = logging.getLogger(__name__)

AHEAD = 64  # jobs that are compiled before their turn
LEASE = 60.0
WINDOW = 1.0  # s of machine time
IDLE = 2.0  # s without a job after which outputs are made safe
CYCLE = ("upload", "arm", "run", "fetch")
HALF_LIFE = 3600.0  # s, of the machine time that counts against a user
HOUSEKEEPING = 5.0
PATIENCE = 240.0  # s beyond its shots that a window may take; simulated shots take longer than real ones


class Scheduler:
    """The only one who claims jobs and sends windows.

    Parameters
    ----------
    compilers : read users' programs
    benches : link and read out; they see no user's text but that of programs which compile
    folder : for files that no restart needs; emptied at the start
    """

    def __init__(
        self, store: SqliteJobStore, results: ResultFiles, compilers: Workers, benches: Workers, link: AgentLink,
        folder: Path, name: str,
    ) -> None:  # fmt: skip
        self.store, self.results, self.link = store, results, link
        self.ready: dict[int, Ready] = {}
        self.waits: Mapping[str, str] = {}
        self.packer, self.forecasts = Packer(), Forecasts()
        self.bounds: dict[str, Any] | None = None
        self._cycle = Cycle(upload=0.0, arm=0.0, run=0.0, fetch=0.0)
        self.playing: tuple[int, ...] = ()
        self.usage: dict[str, float] = {}
        self.newest = "0"
        self.windows = 0
        self.seconds: dict[str, list[float]] = {"first_shot": [], "window": []}
        self._compilers, self._benches, self._folder = compilers, benches, folder
        self._numbers, self._name = count(1), name
        self._changed = asyncio.Event()
        self._compiling: dict[int, asyncio.Task[None]] = {}
        self._finishing: set[int] = set()
        self._used_at = ticking()
        self._linked: tuple[object, Path, dict[str, Any]] | None = None

    async def run(self) -> None:
        """Schedule until cancelled."""
        loop = asyncio.get_running_loop()

        def heard() -> None:
            loop.call_soon_threadsafe(self._changed.set)

        stop = self.store.listen(heard)
        upkeep = asyncio.create_task(self._upkeep())
        idle_since: float | None = None
        try:
            while True:
                self._changed.clear()
                await self._tidy()
                await self._claim()
                await self._finish_complete()
                window = self._decide() if self.link.connected else None
                if window is not None and window.grants:
                    idle_since = None
                    await self._play(window)
                    continue
                idle_since = await self._rest(idle_since)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await self._changed.wait()
        finally:
            stop()
            upkeep.cancel()
            for task in self._compiling.values():
                task.cancel()

    async def keep_link(self) -> None:
        """Connect to the agent again whenever it is gone."""
        while True:
            await self.link.connect()
            self._changed.set()
            await asyncio.sleep(0.05)

    def why(self, job: Job) -> str:
        """Return in a sentence why a job does not run right now."""
        if job.id in self.playing:
            return "it is running"
        if job.state is State.QUEUED:
            after = ", ".join(f"j{other}" for other in job.submission.after)
            return "others are ahead of it" + (f", or it waits for {after}" if after else "")
        if job.state is State.PREPARING and job.id in self._compiling:
            return "it is being compiled"
        if job.state in (State.PREPARING, State.RUNNING):
            if not self.link.connected:
                return "the instruments are not connected"
            return self.waits.get(job.label, "it takes part in the next decision")
        return job.reason or f"it is {job.state.value}"

    async def _upkeep(self) -> None:
        """Keep leases alive and end what ran out of time."""
        while True:
            with suppress(JobError):
                found = await self._benches.ask("parameters", {})
                self.newest = f"{found['number']}/{found['id']}"
                if self.bounds is None:
                    self.bounds = await self._benches.ask("describe", {})
                    self._changed.set()
            held = [one.claim for one in self.ready.values()] + [
                Claim(job, fence) for job, (_, fence) in self.store.standing().items() if job in self._compiling
            ]
            await asyncio.to_thread(self.store.beat, held, LEASE)
            await asyncio.to_thread(self.store.reap, self.newest)
            await asyncio.sleep(HOUSEKEEPING)

    async def _tidy(self) -> None:
        """Let go of jobs that were cancelled or held."""
        standing = await asyncio.to_thread(self.store.standing)
        for number, one in list(self.ready.items()):
            state, fence = standing.get(number, (State.QUEUED, -1))
            if fence != one.claim.fence or state not in (State.PREPARING, State.RUNNING):
                self._drop(number)
        for number, task in list(self._compiling.items()):
            if standing.get(number, (State.QUEUED, 0))[0] is not State.PREPARING:
                task.cancel()
        ended = [number for number, (state, _) in standing.items() if state is State.CANCELLING]
        if ended:
            await asyncio.to_thread(self.store.cancelled, ended)

    async def _claim(self) -> None:
        room = AHEAD - len(self.ready) - len(self._compiling)
        if room <= 0 or not self.store.counts().get(State.QUEUED.value):
            return
        for claim in await asyncio.to_thread(self.store.claim, room, LEASE):
            self._compiling[claim.job] = asyncio.create_task(self._compile(claim))

    async def _compile(self, claim: Claim) -> None:
        out = self._folder / f"{claim.job}-{claim.fence}.compiled"
        try:
            job = await asyncio.to_thread(self.store.job, claim.job)
            number = job.parameters_id.partition("/")[0]
            wanted = int(number) if number else job.submission.parameters
            said = {"program": job.submission.program, "parameters": wanted, "out": str(out)}
            said["optimise"] = job.submission.optimise
            info = await self._compilers.ask("prepare", said)
            places = codec.decode(out.with_suffix(".places").read_bytes())
            out.with_suffix(".places").unlink()
            if job.shots_done:
                info = await self._where_it_was(job, info, said)
                places = [one for one in places if info["place"] in (None, list(one.placement))]
            crash_point("scheduler.prepared")
            if job.shots_done and not (places and await self._continues(job, info)):
                await asyncio.to_thread(self.store.give_back, claim, "its waveforms changed", same_parameters=False)
                return
            ready = Ready(job, claim, out, info, pinned_to(tuple(places), info["parameters_id"]), job.shots_done)
            self.packer.admit(ready.request(self._submitted(job)))
            self.ready[claim.job] = ready
        except WorkerLostError:
            await self._fail(claim, "compile-crash", "compiling it ended the worker: too large, too slow, or hostile")
        except WorkerRefusedError as refused:
            await self._fail(claim, refused.kind, str(refused))
        finally:
            self._compiling.pop(claim.job, None)
            self._changed.set()

    async def _where_it_was(self, job: Job, info: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        """Compile a job that has begun for the place where its stored shots were taken."""
        first = (await asyncio.to_thread(self.store.segments, job.id, job.round))[0]
        place = unpack(first.data)[0]["compiled"]["place"]
        if place == info["place"]:
            return info
        found: dict[str, Any] = await self._compilers.ask("compile", {**said, "place": place})
        return found

    def _submitted(self, job: Job) -> float:
        """Return when a job was accepted, by the clock of decisions."""
        return ticking() - self.store.clock.now().since(job.submitted)

    async def _continues(self, job: Job, info: dict[str, Any]) -> bool:
        """Say whether stored shots and those to come are of the same waveforms."""
        stored = await asyncio.to_thread(self.store.segments, job.id, job.round)
        return {one.circuit for one in stored} <= {info["circuit"]}

    async def _fail(self, claim: Claim, code: str, said: str) -> None:
        log.warning("job j%d failed: %s: %s", claim.job, code, said)
        with suppress(JobError):  # it may have been cancelled meanwhile
            await asyncio.to_thread(self.store.fail, claim, code, said)

    def _decide(self) -> Window | None:
        if not (self.ready and self.bounds):
            return None
        window = self.packer.pack(self._requests(), self._state())
        self.waits = window.waits
        crash_point("scheduler.packed")
        return window

    def _requests(self) -> list[Request]:
        return [one.request(self._submitted(one.job)) for one in self.ready.values()]

    def _state(self) -> PackState:
        """Return what a decision depends on besides the jobs."""
        assert self.bounds is not None
        now, frame = ticking(), self.bounds["period"]
        return PackState(
            now=now,
            window_s=max(frame, min(WINDOW, length(self._cycle, lateness([]), frame))),
            frame_s=frame,
            capacities=self.bounds["capacities"],
            longest_spans=self.bounds["longest_spans"],
            spacings=self.bounds["spacings"],
            usage=self._usage_now(now),
        )

    def eta(self, job: Job) -> Eta | None:
        """Return when a job that is compiled starts and finishes, by the clock of `ticking`; else None."""
        if job.id not in self.ready or self.bounds is None:
            return None
        return self.forecasts.eta(job.label, self._requests(), self._state())

    def _usage_now(self, now: float) -> dict[str, float]:
        """Return the machine time of each user, decayed to now."""
        factor = math.exp2(-(now - self._used_at) / HALF_LIFE)
        self._used_at = now
        self.usage = {user: used * factor for user, used in self.usage.items() if used * factor > 1e-3}
        return self.usage

    async def _play(self, window: Window) -> None:
        """Run one window: RUNNING is stored before the first trigger, its shots before anybody hears of them."""
        members = await self._members(window)
        pinned = [(one.ready.claim, one.ready.pinned) for one in members]
        started = {claim.job for claim in await asyncio.to_thread(self.store.start, pinned)}
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
                await self._fail(one.ready.claim, refused.kind, str(refused))
        except (AgentLostError, AgentRefusedError, WorkerLostError) as fault:
            await self._give_back(members, fault)
        finally:
            record.unlink(missing_ok=True)
            self.playing = ()
        self.windows += 1
        self.seconds["window"] = [*self.seconds["window"][-999:], ticking() - begun]

    async def _members(self, window: Window) -> list[Member]:
        """Return who was granted a place, compiled for it."""
        chosen, members = {one.job.label: one for one in self.ready.values()}, []
        for grant in window.grants:
            one = chosen[grant.job]
            candidate = one.places[grant.candidate]
            try:
                await self._move(one, candidate)
            except (WorkerRefusedError, WorkerLostError) as failed:
                await self._fail(one.claim, getattr(failed, "kind", "compile-crash"), str(failed))
                self._drop(one.job.id)
            else:
                members.append(Member(one, candidate, min(grant.shots, one.info["most_shots"])))
        return members

    async def _move(self, one: Ready, candidate: Candidate) -> None:
        """Have a job's waveforms made for another one of its places."""
        place = list(candidate.placement)
        if one.info["place"] in (None, place):
            return
        said = {"program": one.job.submission.program, "parameters": one.info["parameters"], "place": place}
        said |= {"optimise": one.job.submission.optimise, "out": str(one.compiled)}
        one.info = await self._compilers.ask("compile", said)

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
        shots = max(one.shots for one in members)
        period = max(one.ready.info["period"] * one.ready.info["n_points"] for one in members)
        question = {"verb": "play", "window": str(window), "record": str(record), "jobs": list(self.playing)}
        crash_point("scheduler.sent")
        answer = await self.link.ask(question, len(members) * shots * period + PATIENCE)
        self._cycle = Cycle(**{name: float(answer["seconds"].get(name, 0.0)) for name in CYCLE})
        crash_point("scheduler.played")
        parts = [part_of(one, members, uploads, number, self._folder) for one in members]
        asked = {"parts": parts, "record": str(record), "window": number, "linked": str(window)}
        found = await self._benches.ask("read", asked)
        crash_point("scheduler.read")
        segments = []
        for one, counted in zip(members, found, strict=True):
            data = Path(counted["out"]).read_bytes()
            Path(counted["out"]).unlink()
            segments.append(segment_of(one.ready, counted["shots"], data))
        kept = await asyncio.to_thread(stored, self.store, segments)
        crash_point("scheduler.stored")
        for one, segment in zip(members, segments, strict=True):
            ready = one.ready
            ready.advance(segment.shots if segment in kept else 0)
            used = segment.shots * ready.info["period"] * ready.info["n_points"]
            self.usage[ready.job.user] = self.usage.get(ready.job.user, 0.0) + used

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
            with suppress(JobError):
                await asyncio.to_thread(self.store.give_back, one.ready.claim, str(fault))
            self._drop(one.ready.job.id)
        self._linked = None

    async def _finish_complete(self) -> None:
        """Make results of jobs that have all of their shots."""
        if not self.store.counts().get(State.FINALIZING.value):
            return
        for job in await asyncio.to_thread(self.store.in_states, [State.FINALIZING]):
            self._drop(job.id)
            try:
                await asyncio.to_thread(self._finish, job)
            except JobError as error:
                log.error("job %s cannot be finished: %s", job.label, error)
                await self._fail(Claim(job.id, job.fence), error.code, str(error))

    def _finish(self, job: Job) -> None:
        data = result_of(job, self.store.segments(job.id, job.round))
        crash_point("store.finalize.after")
        self.store.finish(Claim(job.id, job.fence), self.results.keep(data), len(data))

    async def _rest(self, since: float | None) -> float | None:
        """Make outputs safe when there has been nothing to run for a while; return since when, inf once it is done."""
        if since is None:
            return ticking()
        if ticking() - since > IDLE and self.link.connected:
            with suppress(JobError):
                await self.link.ask({"verb": "rest"}, 60.0)
                return math.inf
        return since

    def _drop(self, number: int) -> None:
        one = self.ready.pop(number, None)
        if one is not None:
            one.compiled.unlink(missing_ok=True)
