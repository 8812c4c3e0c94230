"""What runs when: claims and compiles jobs ahead, asks the packer at each border of a window, plays, stores."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError, StaleFenceError
from qctl.jobs.finished import result_of
from qctl.jobs.job import Claim, Job, Segment
from qctl.jobs.moments import ticking
from qctl.jobs.request import Request, Window
from qctl.jobs.request import State as PackState
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State

from .agent_link import AgentLink, AgentLostError, AgentRefusedError
from .ready import Ready
from .workers import WorkerLostError, WorkerRefusedError, Workers

log = logging.getLogger(__name__)

AHEAD = 64  # jobs that are compiled before their turn
LEASE = 60.0
WINDOW = 1.0  # s of machine time
IDLE = 2.0  # s without a job after which outputs are made safe
HALF_LIFE = 3600.0  # s, of the machine time that counts against a user
HOUSEKEEPING = 5.0
PATIENCE = 240.0  # s beyond its shots that a window may take; simulated shots take longer than real ones
Pack = Callable[[Sequence[Request], PackState], Window]


class Scheduler:
    """The only one who claims jobs and sends windows.

    Parameters
    ----------
    compilers : read users' programs
    benches : link and read out; they see no user's text but that of programs which compile
    folder : for files that no restart needs; emptied at the start
    pack : which jobs run together
    """

    def __init__(
        self, store: SqliteJobStore, results: ResultFiles, compilers: Workers, benches: Workers, link: AgentLink,
        folder: Path, pack: Pack, name: str,
    ) -> None:  # fmt: skip
        self.store, self.results, self.link = store, results, link
        self.ready: dict[int, Ready] = {}
        self.waits: dict[str, str] = {}
        self.playing: tuple[int, ...] = ()
        self.usage: dict[str, float] = {}
        self.newest = "0"
        self.windows = 0
        self.seconds: dict[str, list[float]] = {"first_shot": [], "window": []}
        self._compilers, self._benches, self._folder, self._pack = compilers, benches, folder, pack
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
            info = await self._compilers.ask("compile", said)
            crash_point("scheduler.prepared")
            if job.shots_done and not await self._continues(job, info):
                await asyncio.to_thread(self.store.give_back, claim, "its waveforms changed", same_parameters=False)
                return
            self.ready[claim.job] = Ready(job, claim, out, info, job.shots_done)
        except WorkerLostError:
            await self._fail(claim, "compile-crash", "compiling it ended the worker: too large, too slow, or hostile")
        except WorkerRefusedError as refused:
            await self._fail(claim, refused.kind, str(refused))
        finally:
            self._compiling.pop(claim.job, None)
            self._changed.set()

    async def _continues(self, job: Job, info: dict[str, Any]) -> bool:
        """Say whether stored shots and those to come are of the same waveforms."""
        stored = await asyncio.to_thread(self.store.segments, job.id, job.round)
        return {one.circuit for one in stored} <= {info["circuit"]}

    async def _fail(self, claim: Claim, code: str, said: str) -> None:
        log.warning("job j%d failed: %s: %s", claim.job, code, said)
        with suppress(JobError):  # it may have been cancelled meanwhile
            await asyncio.to_thread(self.store.fail, claim, code, said)

    def _decide(self) -> Window | None:
        if not self.ready:
            return None
        now, moment = ticking(), self.store.clock.now()
        requests = [one.request(now - moment.since(one.job.submitted)) for one in self.ready.values()]
        frame = min(one.info["period"] for one in self.ready.values())
        window = self._pack(requests, PackState(now=now, window_s=WINDOW, frame_s=frame, usage=self._usage_now(now)))
        self.waits = dict(window.waits)
        crash_point("scheduler.packed")
        return window

    def _usage_now(self, now: float) -> dict[str, float]:
        """Return the machine time of each user, decayed to now."""
        factor = math.exp2(-(now - self._used_at) / HALF_LIFE)
        self._used_at = now
        self.usage = {user: used * factor for user, used in self.usage.items() if used * factor > 1e-3}
        return self.usage

    async def _play(self, window: Window) -> None:
        """Run one window: RUNNING is stored before the first trigger, its shots before anybody hears of them."""
        chosen = {one.job.label: one for one in self.ready.values()}
        members = [(chosen[grant.job], grant.shots) for grant in window.grants]
        pinned = [(one.claim, one.pinned) for one, _ in members]
        started = {claim.job for claim in await asyncio.to_thread(self.store.start, pinned)}
        members = [(one, shots) for one, shots in members if one.job.id in started]
        if not members:
            return
        crash_point("scheduler.started")
        self.playing = tuple(one.job.id for one, _ in members)
        number = f"{self._name}.{next(self._numbers)}"
        record = self._folder / f"{number}.record"
        begun = ticking()
        try:
            await self._carry_out(members, number, record)
        except WorkerRefusedError as refused:
            for one, _ in members:
                await self._fail(one.claim, refused.kind, str(refused))
        except (AgentLostError, AgentRefusedError, WorkerLostError) as fault:
            await self._give_back(members, fault)
        finally:
            record.unlink(missing_ok=True)
            self.playing = ()
        self.windows += 1
        self.seconds["window"] = [*self.seconds["window"][-999:], ticking() - begun]

    async def _carry_out(self, members: list[tuple[Ready, int]], number: str, record: Path) -> None:
        shots = max(min(shots, one.info["most_shots"]) for one, shots in members)
        window, uploads = await self._link_window(members, shots)
        crash_point("scheduler.linked")
        period = max(one.info["period"] * one.info["n_points"] for one, _ in members)
        question = {"verb": "play", "window": str(window), "record": str(record), "jobs": list(self.playing)}
        crash_point("scheduler.sent")
        await self.link.ask(question, shots * period + PATIENCE)
        crash_point("scheduler.played")
        parts = [self._part(one, members, uploads, number) for one, _ in members]
        found = await self._benches.ask("read", {"parts": parts, "record": str(record), "window": number})
        crash_point("scheduler.read")
        segments = []
        for (one, _), counted in zip(members, found, strict=True):
            data = Path(counted["out"]).read_bytes()
            Path(counted["out"]).unlink()
            segments.append(_segment(one, counted["shots"], data))
        kept = await asyncio.to_thread(self._store, segments)
        crash_point("scheduler.stored")
        for (one, _), segment in zip(members, segments, strict=True):
            one.shots_done += segment.shots if segment in kept else 0
            used = segment.shots * one.info["period"] * one.info["n_points"]
            self.usage[one.job.user] = self.usage.get(one.job.user, 0.0) + used

    def _store(self, segments: list[Segment]) -> list[Segment]:
        """Store what a window measured in one commit; without those jobs that were cancelled or held meanwhile."""
        try:
            self.store.add_segments(segments)
        except StaleFenceError:
            return [one for one in segments if self._store_alone(one)]
        return segments

    def _store_alone(self, segment: Segment) -> bool:
        try:
            self.store.add_segments([segment])
        except StaleFenceError as late:
            log.info("shots that do not count: %s", late)
            return False
        return True

    async def _link_window(self, members: list[tuple[Ready, int]], shots: int) -> tuple[Path, dict[str, str]]:
        """Return what is played, written anew only when it is not what was played last."""
        key = (tuple((one.compiled, one.claim) for one, _ in members), shots)
        if self._linked is not None and self._linked[0] == key:
            return self._linked[1], self._linked[2]
        out = self._folder / "window"
        self._linked = None
        parts = [{"compiled": str(one.compiled), "parameters": one.info["parameters"]} for one, _ in members]
        found = await self._benches.ask("link", {"parts": parts, "shots": shots, "out": str(out)})
        self._linked = (key, out, found["uploads"])
        return out, found["uploads"]

    def _part(
        self, one: Ready, members: list[tuple[Ready, int]], uploads: dict[str, str], number: str
    ) -> dict[str, Any]:
        return {
            "compiled": str(one.compiled),
            "parameters": one.info["parameters"],
            "program": one.job.submission.program,
            "co_runners": [other.job.label for other, _ in members if other is not one],
            "info": one.info,
            "fence": one.claim.fence,
            "uploads": uploads,
            "out": str(self._folder / f"{number}-{one.job.id}.counts"),
        }

    async def _give_back(self, members: list[tuple[Ready, int]], fault: JobError) -> None:
        """A fault of the machine ended a window: its jobs go where their policies say."""
        log.error("a window was lost: %s", fault)
        for one, _ in members:
            with suppress(JobError):
                await asyncio.to_thread(self.store.give_back, one.claim, str(fault))
            self._drop(one.job.id)
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


def _segment(one: Ready, shots: int, data: bytes) -> Segment:
    job, first, fence = one.job, one.shots_done, one.claim.fence
    return Segment(
        job=job.id, round=job.round, first=first, shots=shots, fence=fence, circuit=one.info["circuit"], data=data
    )
