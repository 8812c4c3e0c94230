"""Reads out what a window measured, and says which of it may count."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from qctl.core.errors import InstrumentError
from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError

from .agent_link import AgentRefusedError
from .alarms import Alarms
from .compiling import Compiling
from .linking import Linked
from .screening import Screening
from .storing import Heard, Storing
from .trials import Trials
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
    storing : counts shots
    screening : holds jobs whose shots do not count
    trials : tries light before what it made is stored
    benches : read out
    folder : for files that no restart needs
    """

    def __init__(
        self, jobs: Compiling, storing: Storing, screening: Screening, trials: Trials, alarms: Alarms, benches: Workers,
        folder: Path,
    ) -> None:  # fmt: skip
        self._jobs, self._storing, self._screening, self._trials = jobs, storing, screening, trials
        self._alarms, self._benches, self._folder = alarms, benches, folder

    async def keep(self, window: Linked, played: Played) -> None:
        """Read out; what may count is stored, at once or behind a trial of the light that it needed."""
        members, names = window.members, [one.label for one in window.together]
        parts = [
            one.to_read([n for n in names if n != one.label], window.uploads, played.number, self._folder)
            for one in window.together
        ]
        asked = {"parts": parts, "record": str(played.record), "window": played.number, "began": played.began}
        try:
            found = await self._benches.ask("read", {**asked, "linked": str(window.file)})
        except WorkerRefusedError as refused:
            await self._refuse(window, refused)
            return
        except WorkerLostError as lost:
            await self.lose(window, lost)
            return
        finally:
            played.record.unlink(missing_ok=True)
        crash_point("scheduler.read")
        good = await self._screening.counting(members, found[: len(members)])
        heard = Heard(window, {one.ready.job.id: got for one, got in zip(members, found, strict=False) if one in good})
        if self._trials.needs(window):
            self._trials.put(heard)
        else:
            await self._storing.store(heard)
        for filler, got in zip(window.fillers, found[len(members) :], strict=True):
            filler.probe.got(got["out"], got["shots"], played.now)

    async def lose(self, window: Linked, fault: JobError) -> None:
        """A fault of the machine ended a window: its jobs go where their policies say."""
        said = f"a window was lost: {fault}"
        if isinstance(fault, AgentRefusedError):  # an instrument, or what it saw, is not as it should be
            self._alarms.add(said)
        else:
            log.error("%s", said)
        for one in window.members:
            await self._jobs.give_back(one.ready.claim, str(fault))
        for filler in window.fillers:
            filler.probe.lose(filler.shots, str(fault))
        self._storing.land(window, {})

    def skip(self, window: Linked) -> None:
        """Nothing of a window was played: all are as they were before."""
        for filler in window.fillers:
            filler.probe.play(-filler.shots)
        self._storing.land(window, {})

    async def _refuse(self, window: Linked, refused: WorkerRefusedError) -> None:
        """What a window left cannot be read out: its jobs have failed."""
        for one in window.members:
            await self._jobs.fail(one.ready.claim, refused.kind, str(refused))
            if refused.kind == InstrumentError.__name__:  # light is off, say: nobody else's shots count either
                self._alarms.add(f"job {one.label} failed: {refused}")
        for filler in window.fillers:
            filler.probe.fail(str(refused))
        self._storing.land(window, {})
