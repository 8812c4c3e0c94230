"""Plays one window after the other: what is linked plays at the border, while it is read out what played before."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from contextlib import suppress
from itertools import count
from pathlib import Path
from statistics import median

from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError
from qctl.jobs.moments import ticking
from qctl.jobs.request import JobClass, Window
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.window import Cycle

from .agent_link import AgentLink, AgentLostError, AgentRefusedError
from .compiling import Compiling
from .keeping import Keeping, Played
from .linking import Linked, Linking, key_of
from .slack import Slack
from .tasks import Tasks
from .workers import WorkerLostError, WorkerRefusedError

CYCLE = ("upload", "arm", "run", "fetch")
PATIENCE = 240.0  # s beyond its shots that a window may take; simulated shots take longer than real ones
PAUSES = 15  # windows after which a pause is forgotten
KEPT = 1000  # windows whose length is remembered
HOLD = 0.05  # s that a border waits for an urgent job which is being compiled

log = logging.getLogger(__name__)


class Windows:
    """One window plays, the next one is linked, the last one is read out.

    Parameters
    ----------
    folder : for files that no restart needs
    name : of this daemon's windows
    changed : is set when there is something new to decide about

    Attributes
    ----------
    playing : jobs of the window that plays now
    played : those of the last one
    cycle : what the station reported of the last one
    taken : how many have begun
    number : how many have ended
    lasted : of the last windows, s
    slack : how long before their borders windows were linked
    """

    def __init__(
        self, store: SqliteJobStore, jobs: Compiling, linking: Linking, keeping: Keeping, link: AgentLink, folder: Path,
        name: str, tasks: Tasks, changed: asyncio.Event,
    ) -> None:  # fmt: skip
        self.playing: tuple[int, ...] = ()
        self.played: tuple[int, ...] = ()
        self.cycle = Cycle(upload=0.0, arm=0.0, run=0.0, fetch=0.0)
        self.taken = self.number = 0
        self.lasted: list[float] = []
        self._store, self._jobs, self._link, self._folder = store, jobs, link, folder
        self._linking, self._keeping, self._tasks, self._changed = linking, keeping, tasks, changed
        self._numbers, self._name = count(1), name
        self.slack = Slack()
        self._next: Linked | None = None
        self._linked_at, self._being_linked = 0.0, False
        self._taken_at, self._pauses = (0.0, 0.0), deque[float](maxlen=PAUSES)
        self._linked = asyncio.Event()
        self._busy = False

    @property
    def pause(self) -> float:
        """Return what lies between two windows that follow one another, s: the median of the last ones.

        In whole milliseconds, so that windows stay equally long.
        """
        return math.ceil(1e3 * median(self._pauses)) / 1e3 if self._pauses else 0.0

    @property
    def idle(self) -> bool:
        """Say whether nothing plays, and nothing is about to."""
        return not self._busy and self._next is None

    async def prepare(self, window: Window, taken: int) -> bool:
        """Have what was decided play at the next border; return whether that border is still to come.

        Parameters
        ----------
        taken : how many windows had begun when it was decided
        """
        now = self._next
        if now is not None and now.key == key_of(window) and self._linking.stands(now):
            return True
        if now is not None and self._gives_way(now, window):
            self.withdraw()
        self._being_linked = True
        try:
            linked = await self._linking.link(window)
        except (WorkerRefusedError, WorkerLostError) as reason:
            log.error("a window was not linked: %s", reason)
            self.withdraw()
            return True
        finally:
            self._being_linked = False
        if linked is not None and taken != self.taken:
            self._linking.release(linked)  # decided before anybody knew what plays now
            return False
        self.withdraw()
        if linked is not None:
            self._next, self._linked_at = linked, ticking()
            self._linked.set()
        return True

    def withdraw(self) -> None:
        """Let nothing play at the next border until there is something else."""
        self._linked.clear()
        now, self._next = self._next, None
        if now is not None:
            self._linking.release(now)

    async def run(self) -> None:
        """Play what is linked until cancelled."""
        reading: asyncio.Task[None] | None = None
        while True:
            border = ticking() if reading and (self._being_linked or self._next) else None
            await self._linked.wait()
            if border is not None:
                self.slack.note(border - self._linked_at)
            held = ticking()
            with suppress(TimeoutError):
                async with asyncio.timeout(HOLD):
                    await self._jobs.none_expected.wait()
            self._note_pause(border is not None and self._linked_at <= border, ticking() - held)
            window = self._take()
            if window is None:
                continue
            self._taken_at = ticking(), max(one.seconds for one in window.together)
            played = await self._play(window)
            if reading is not None:
                await asyncio.wait([reading])  # one behind, and no more
            self._busy = False
            reading = self._tasks.start("reading a window out", self._read(window, played))

    def _note_pause(self, prompt: bool, held: float) -> None:
        """Note how much longer than its shots the last window took, if the next one was linked before its border.

        Parameters
        ----------
        held : how long the border waited for an urgent job, s, which is no pause of the agent's
        """
        begun, shots = self._taken_at
        if prompt:
            self._pauses.append(max(0.0, ticking() - begun - shots - held))

    def _take(self) -> Linked | None:
        """Return what is to play now; from here on its shots are in flight."""
        window = self._next
        if window is not None and not self._linking.stands(window):
            self.withdraw()
            self._changed.set()
            return None
        self._next = None
        self._linked.clear()
        if window is None:
            return None
        self.taken, self._busy = self.taken + 1, True
        for one in window.members:
            one.ready.settle(one.candidate, one.shots)
        for filler in window.fillers:
            filler.probe.play(filler.shots)
        self.playing = tuple(one.ready.job.id for one in window.members)
        self._changed.set()  # the next one may be linked
        return window

    def _gives_way(self, now: Linked, window: Window) -> bool:
        """Say whether an urgent job takes the border that others wait for."""
        there = {one.label for one in now.members}
        urgent = {one.job.label for one in self._jobs.ready.values() if _is_urgent(one.job.submission.job_class)}
        return any(grant.job in urgent - there for grant in window.grants)

    async def _play(self, window: Linked) -> Played | JobError | None:
        """Run a window: RUNNING is stored before the first trigger.

        Return what it left, or why it was lost; None when it was not played, since somebody left it at its border.
        """
        begun = ticking()
        number = f"{self._name}.{next(self._numbers)}"
        record = self._folder / f"{number}.record"
        try:
            fresh = [(one.ready.claim, one.ready.pinned) for one in window.members]
            running = set(await asyncio.to_thread(self._store.start, fresh)) if fresh else set()
            crash_point("scheduler.started")
            if len(running) < len(fresh):
                return None
            question = {"verb": "play", "window": str(window.file), "record": str(record), "jobs": list(self.playing)}
            crash_point("scheduler.sent")
            longest = max(one.seconds for one in window.together)
            answer = await self._link.ask(question, len(window.together) * longest + PATIENCE)
            crash_point("scheduler.played")
        except (AgentLostError, AgentRefusedError) as fault:
            record.unlink(missing_ok=True)
            return fault
        finally:
            self.played, self.playing = self.playing, ()
        self.cycle = Cycle(**{name: float(answer["seconds"].get(name, 0.0)) for name in CYCLE})
        self.number += 1
        self.lasted = [*self.lasted[1 - KEPT :], ticking() - begun]
        return Played(number, record, float(answer["began"]), float(answer["now"]), answer["question"])

    async def _read(self, window: Linked, played: Played | JobError | None) -> None:
        if isinstance(played, Played):
            played = await self._recorded(played)
        if played is None:
            self._keeping.skip(window)
        elif isinstance(played, JobError):
            self._linking.forget()
            await self._keeping.lose(window, played)
        else:
            await self._keeping.keep(window, played)
        self._linking.release(window)
        self._changed.set()

    async def _recorded(self, played: Played) -> Played | JobError:
        """Wait until the record is written, which the agent does while the next window plays."""
        try:
            await self._link.more(played.question, PATIENCE)
        except (AgentLostError, AgentRefusedError) as fault:
            played.record.unlink(missing_ok=True)
            return fault
        return played


def _is_urgent(one: int) -> bool:
    return one == JobClass.URGENT_CALIBRATION
