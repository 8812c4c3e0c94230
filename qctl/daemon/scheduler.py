"""What runs when: asks the packer at each border of a window, and has done what it answers."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError
from qctl.jobs.eta import Eta
from qctl.jobs.job import Job
from qctl.jobs.moments import ticking
from qctl.jobs.packer import Packer
from qctl.jobs.request import Request, Window
from qctl.jobs.request import State as PackState
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State
from qctl.jobs.window import lateness, length

from .agent_link import AgentLink
from .alarms import Alarms
from .calibration import Calibration
from .company import Company
from .compiling import Compiling
from .finishing import Finishing
from .foretelling import Foretelling
from .housekeeping import Housekeeping
from .keeping import Keeping
from .linking import Linking
from .probes import Probes
from .screening import Screening
from .storing import Storing
from .tasks import Tasks
from .trials import Trials
from .windows import Windows
from .workers import Workers

log = logging.getLogger(__name__)

WINDOW = 1.0  # s of machine time
JUDGED = 100  # shots of a window, as far as a second has them: whether ions are lit is told from so many
IDLE = 2.0  # s without a job after which outputs are made safe
PAUSE = 0.5  # s after which the queue is looked at even without news
SPARED = 0.04  # of a window: shots leave at most so much of it to what the agent does between two
HALF_LIFE = 3600.0  # s, of the machine time that counts against a user


class Scheduler:
    """The only one who claims jobs and sends windows.

    Parameters
    ----------
    compilers : read users' programs
    benches : link and read out; they see no user's text but that of programs which compile
    company : who disturbs whom
    folder : for files that no restart needs; emptied at the start
    name : of this daemon's windows
    """

    def __init__(
        self, store: SqliteJobStore, results: ResultFiles, compilers: Workers, benches: Workers, link: AgentLink,
        company: Company, folder: Path, name: str, tasks: Tasks,
    ) -> None:  # fmt: skip
        self.store, self.link = store, link
        self.waits: Mapping[str, str] = {}
        self.usage: dict[str, float] = {}
        self.packer, self.company = Packer(), company
        self._changed, self._submitted = asyncio.Event(), asyncio.Event()
        self.jobs = Compiling(store, compilers, self.packer, folder, tasks, self._changed)
        self.probes = Probes()
        self.calibration = Calibration(store, self.jobs, self.probes, folder, self._changed)
        self.alarms = Alarms()
        self._storing = Storing(store, self.jobs, company)
        screening = Screening(store, self.alarms)
        self._trials = Trials(
            self.jobs, self.probes, self._storing, screening, benches, folder, tasks, self._changed
        )  # fmt: skip
        keeping = Keeping(self.jobs, self._storing, screening, self._trials, self.alarms, benches, folder)
        linking = Linking(self.jobs, self.probes, benches, folder)
        self.windows = Windows(
            store, self.jobs, linking, keeping, link, folder, name, tasks, self._changed
        )  # fmt: skip
        self.house = Housekeeping(store, self.jobs, benches, self.alarms, self._changed)
        self.foretelling = Foretelling(self._view, tasks)
        self._finishing = Finishing(store, results, self.jobs, company, self.foretelling)
        self._used_at = ticking()
        self._told = False

    async def run(self) -> None:
        """Schedule until cancelled."""
        loop = asyncio.get_running_loop()

        def heard() -> None:
            if not self._told:  # many changes at once are one piece of news
                self._told = True
                loop.call_soon_threadsafe(self._note)

        stop = self.store.listen(heard)
        idle_since: float | None = None
        try:
            while True:
                self._changed.clear()
                await self.jobs.tidy()
                await self.jobs.renew()
                await self._look_ahead()
                self.foretelling.started((*self.windows.playing, *self.windows.played))
                await self._finishing.finish()
                self._submitted.set()  # there may be room for more
                idle_since = await self._rest(idle_since) if self.windows.idle else None
                with suppress(TimeoutError):
                    async with asyncio.timeout(PAUSE):
                        await self._changed.wait()
        finally:
            stop()

    async def claim(self) -> None:
        """Have jobs compiled as they come, whatever plays meanwhile, so that they are ready at the next border."""
        while True:
            await self._submitted.wait()
            self._submitted.clear()
            await self.jobs.claim()

    async def keep_link(self) -> None:
        """Connect to the agent again whenever it is gone."""
        while True:
            await self.link.connect()
            self._changed.set()
            await asyncio.sleep(0.05)

    def why(self, job: Job) -> str:
        """Return in a sentence why a job does not run right now."""
        if job.id in self.windows.playing:
            return "it is running"
        if job.state is State.QUEUED:
            after = ", ".join(f"j{other}" for other in job.submission.after)
            return "others are ahead of it" + (f", or it waits for {after}" if after else "")
        if job.state is State.PREPARING and self.jobs.is_compiling(job.id):
            return "it is being compiled"
        if job.state in (State.PREPARING, State.RUNNING):
            if not self.link.connected:
                return "the instruments are not connected"
            return self.waits.get(job.label, "it takes part in the next decision")
        return job.reason or f"it is {job.state.value}"

    def eta(self, job: Job) -> Eta | None:
        """Return when a job that is compiled starts and finishes, by the clock of `ticking`; else None."""
        return self.foretelling.eta(job.label) if job.id in self.jobs.ready else None

    def _note(self) -> None:
        self._told = False
        self._changed.set()
        self._submitted.set()

    async def _look_ahead(self) -> None:
        """Have linked what plays at the next border, as things are now."""
        decided = False
        while not decided:
            taken = self.windows.taken
            window = self._decide(taken) if self.link.connected and self.house.bounds else None
            self.jobs.seen()
            if window is None or not window.grants:
                self.windows.withdraw()
                return
            decided = await self.windows.prepare(window, taken)

    def _decide(self, taken: int) -> Window | None:
        jobs, state = self.jobs.requests(), self._state()
        self._trials.look(waiting=any(not one.blocked for one in jobs))
        requests = [*jobs, *self.probes.requests(self.jobs.wait_for)]
        if not requests:
            return None
        self.foretelling.came(jobs)
        window = self.packer.pack(requests, state)
        self.waits = window.waits
        if few := self.company.few(jobs, state.window_s, taken + 1):
            window = self.packer.pack(few, state)
        crash_point("scheduler.packed")
        return window

    def _view(self) -> tuple[list[Request], PackState] | None:
        return (self.jobs.requests(), self._state()) if self.house.bounds else None

    def _state(self) -> PackState:
        """Return what a decision depends on besides the jobs."""
        bounds, now = self.house.bounds, ticking()
        assert bounds is not None
        frame = bounds["period"]
        planned = max(length(self.windows.cycle, lateness([]), frame), JUDGED * frame)
        window = min(WINDOW, planned)  # from border to border
        return PackState(
            now=now,
            window_s=max(frame, window - min(self.windows.pause, SPARED * window)),
            frame_s=frame,
            capacities=bounds["capacities"],
            longest_spans=bounds["longest_spans"],
            spacings=bounds["spacings"],
            unavailable=self.calibration.standing.unavailable(),
            harmful=self.company.harmful,
            usage=self._usage_now(now),
        )

    def _usage_now(self, now: float) -> dict[str, float]:
        """Return the machine time of each user, decayed to now."""
        factor = math.exp2(-(now - self._used_at) / HALF_LIFE)
        self._used_at, spent = now, self._storing.take_spent()
        used = {user: self.usage.get(user, 0.0) * factor + spent.get(user, 0.0) for user in {**self.usage, **spent}}
        self.usage = {user: seconds for user, seconds in used.items() if seconds > 1e-3}
        return self.usage

    async def _rest(self, since: float | None) -> float | None:
        """Make outputs safe when there has been nothing to run for a while; return since when, inf once it is done."""
        if since is None:
            return ticking()
        if ticking() - since > IDLE and self.link.connected:
            with suppress(JobError):
                await self.link.ask({"verb": "rest"}, 60.0)
                return math.inf
        return since
