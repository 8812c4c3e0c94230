"""The daemon's scheduler on a virtual clock: windows last as they say, everything else as long as it computes.

Accepting, claiming, compiling, deciding, linking, reading out and storing are the daemon's own code, and so is what
happens beside what; only processes are missing: workers and the agent compute here, each beside all others. Nothing is
uploaded: a window is its shots. Records hold no signal.
"""

import asyncio
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import numpy as np
from virtual_loop import VirtualLoop

from qctl.control.firewall import refuse_beyond_limits
from qctl.control.stopwatch import Stopwatch
from qctl.core.record import Record, Trace
from qctl.daemon.agent_link import AgentLostError
from qctl.daemon.company import Company
from qctl.daemon.models import Submit
from qctl.daemon.scheduler import Scheduler
from qctl.daemon.tasks import Tasks
from qctl.jobs import codec
from qctl.jobs.admission import admit
from qctl.jobs.bench import Bench
from qctl.jobs.job import Actor
from qctl.jobs.request import JobClass
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State
from qctl.jobs.worker import answered

ANN, OLGA = Actor("ann", "user"), Actor("olga", "operator")


class PromptStore(SqliteJobStore):
    """Whoever listens hears of a change before it is answered, in the same thread."""

    def _write(self, change):
        future = self._writer.submit(change)
        wait([future])
        self._tell(future)
        return future


@dataclass
class Life:
    """One job on the virtual clock; times in s."""

    number: int
    submitted: float
    urgent: bool
    windows: list = field(default_factory=list)

    @property
    def first_shot(self):
        return self.windows[0] if self.windows else np.nan


class VirtualHost:
    """A machine that runs what is submitted, window after window."""

    def __init__(self, folder, lab, twin=None):
        self.loop = VirtualLoop()
        self._clocks = mock.patch("qctl.jobs.moments.time", self.loop.clocks())
        self._clocks.start()
        (folder / "windows").mkdir()
        self.store, self.lives, self.spent, self.window_s = PromptStore(folder), {}, {}, 0.0
        self._compiler, self._bench = (_InProcess(self, Bench(lab, folder, twin)) for _ in range(2))
        self.laboratory, self._ended = self._bench.bench.laboratory, []
        tasks = Tasks(self._ended.append)
        company = Company(self.laboratory, folder)
        self.results = ResultFiles(folder)
        self.scheduler = Scheduler(
            self.store, self.results, self._compiler, self._bench, self, company, folder / "windows", "1", tasks
        )
        self._tasks = tasks

    connected = True
    lost_in = 0  # windows from now on in which the agent dies, with the record of the one before

    @contextmanager
    def noted(self, step):
        """Note how long another process takes for a step; yield a list that holds it afterwards, s."""
        with self.loop.elsewhere() as taken:
            yield taken
        self.spent.setdefault(step, []).append(taken[0])

    async def ask(self, said, timeout):
        """Play a window, as the agent does."""
        if said["verb"] == "rest":
            return {"failures": []}
        self.lost_in -= 1
        if self.lost_in == 0:
            await asyncio.sleep(0.5)  # the window before is known to be lost, and its jobs are ready again
            raise AgentLostError("it was killed")
        with self.noted("agent") as arming:
            window = codec.read(Path(said["window"]))
            for _, playlists in window["takes"]:
                refuse_beyond_limits(playlists, self.laboratory)
        began, played = self.loop.time() + arming[0], window["takes"][0][0]  # it waits for nobody: it is a process
        for job in said["jobs"]:
            self.lives[job].windows.append(began)
        length = played.shots * played.n_points * played.period
        self.window_s = max(self.window_s, length)
        with self.noted("record") as keeping:
            codec.write(Path(said["record"]), (silence(played),))
        self._kept = began + length + keeping[0]
        await asyncio.sleep(began + length - self.loop.time())
        return {"seconds": {}, "began": began, "now": began + length, "question": 0}

    async def more(self, question, timeout):
        """Say that a record is written, while the next window plays."""
        if self.lost_in in (0, 1):
            await asyncio.sleep(0.1)
            raise AgentLostError("it was killed")
        await asyncio.sleep(max(self._kept - self.loop.time(), 0.0))

    def submit(self, body, actor):
        """Accept a job now."""
        at = self.loop.time()
        asked = Submit.model_validate_json(body).submission()
        quota = admit(asked, actor.role, self.laboratory.period)
        number = self.store.submit(actor, asked, "", quota.active).job
        self.lives[number] = Life(number, at, asked.job_class is JobClass.URGENT_CALIBRATION)
        self.spent.setdefault("accept", []).append(self.loop.time() - at)

    def run(self, arrivals):
        """Run (time from now, body, actor) in order of time until all is done."""
        self.loop.run_until_complete(self._live(arrivals))
        assert not self._ended

    async def _live(self, arrivals):
        begun = self.loop.time()
        scheduler = self.scheduler
        for name, work in {
            "scheduler": scheduler.run(), "claiming": scheduler.claim(), "windows": scheduler.windows.run(),
            "housekeeping": scheduler.house.run(),
        }.items():  # fmt: skip
            self._tasks.serve(name, work)
        for at, body, actor in arrivals:
            await asyncio.sleep(begun + at - self.loop.time())
            self.submit(body, actor)
        while self.store.counts().keys() - {State.HELD} and not self._ended:
            await asyncio.sleep(0.1)
        await self._tasks.cancel()
        self._tasks._cancelling = False

    def lost(self):
        """Return the jobs that are not DONE with exactly their shots."""
        missing = []
        for life in self.lives.values():
            job, stored = self.store.job(life.number), self.store.segments(life.number, 0)
            ends = [one.first + one.shots for one in stored]
            whole = [one.first for one in stored] == [0, *ends[:-1]] and ends[-1] == job.submission.shots
            if job.state is not State.DONE or not whole:
                missing.append(job.label)
        return missing

    def close(self):
        self._clocks.stop()
        for one in (self._compiler.bench, self._bench.bench, self.store, self.loop):
            one.close()


class _InProcess:
    """A worker that is no process: it computes beside everything else, one question at a time."""

    def __init__(self, host, bench):
        self.bench, self._host, self._lock = bench, host, asyncio.Lock()

    async def ask(self, verb, said, timeout=120.0):
        async with self._lock:
            with self._host.noted(verb) as taken:
                answer = answered(self.bench, {"verb": verb, "with": dict(said)})
            await asyncio.sleep(taken[0])
        return answer["found"]


def silence(sequence):
    """Return the record of a window without any signal."""
    traces = {
        name: Trace(
            np.zeros((sequence.shots, sequence.n_points, len(heard.inputs), heard.n_samples), np.int16),
            1e-3, 0.0, heard,
        )
        for name, heard in sequence.listening.items()
    }  # fmt: skip
    bare = replace(sequence, tracks={})
    return Record(
        traces=traces, shots=bare.shots, n_points=bare.n_points, n_bits=bare.n_bits, qubits=bare.qubits,
        placement=bare.placement, sequence_digest=bare.digest, parameters_id="none", timing=Stopwatch().timing,
        instruments={}, counts={}, images={},
    )  # fmt: skip
