"""Has light tried that no image shows, behind the windows that needed it: before that nothing of them is stored."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

from qctl.jobs import codec
from qctl.jobs.errors import JobError
from qctl.jobs.moments import ticking

from .compiling import Compiling
from .linking import Linked
from .probes import Probe, Probes
from .ready import Member
from .screening import Screening
from .storing import Heard, Storing
from .tasks import Tasks
from .workers import Workers

EVERY = 60.0  # s of machine time behind which light is tried at the latest, as in a run at hand


class Trials:
    """What was read out since light was tried last.

    Parameters
    ----------
    probes : where the shots of a trial wait for their windows
    benches : compile and read out trials
    folder : for files that no restart needs
    changed : is set when there is something new to decide about
    """

    def __init__(
        self, jobs: Compiling, probes: Probes, storing: Storing, screening: Screening, benches: Workers, folder: Path,
        tasks: Tasks, changed: asyncio.Event,
    ) -> None:  # fmt: skip
        self._jobs, self._probes, self._storing, self._screening = jobs, probes, storing, screening
        self._benches, self._folder, self._tasks, self._changed = benches, folder, tasks, changed
        self._untried: list[Heard] = []
        self._covered: list[Heard] = []
        self._under_way = False
        self._numbers = count(1)

    def needs(self, window: Linked) -> bool:
        """Say whether a window needed such light; or one before it did, which is to be stored first."""
        return bool(self._untried) or any(map(_needs, window.members))

    def put(self, heard: Heard) -> None:
        """Keep what was read out of a window until its light was tried."""
        self._untried.append(heard)
        self._changed.set()

    def look(self, *, waiting: bool) -> None:
        """Have light tried when a minute of shots waits for it, or nothing else waits.

        Parameters
        ----------
        waiting : whether jobs want to play
        """
        due = sum(one.seconds for one in self._untried) >= EVERY or not waiting
        if self._untried and due and not self._under_way:
            self._under_way = True
            self._tasks.start("trying light", self._try())

    async def _try(self) -> None:
        """Try, and store what was played before; where light fails, hold the jobs that needed it."""
        said, fault, tried = "", "", self._untried
        try:
            said = await self._failing()
        except JobError as lost:
            fault = str(lost)
        else:
            tried = self._covered
        self._untried = self._untried[len(tried) :]
        needing = {one.ready.job.id: one.ready for heard in tried for one in heard.window.members if _needs(one)}
        if said:
            why = f"shots since light was tried last do not count: {said}"
            await self._screening.hold(needing.values(), why)
        elif fault:
            for one in needing.values():
                await self._jobs.give_back(one.claim, f"light could not be tried: {fault}")
        for heard in tried:
            await self._storing.store(heard.without(needing) if said or fault else heard)
        self._under_way = False
        self._changed.set()

    async def _failing(self) -> str:
        """Return which light fails, in words for a person; nothing when all of it works."""
        members = [one for heard in self._untried for one in heard.window.members if _needs(one)]
        if not members:  # they came behind what was being tried, and needed nothing themselves
            self._covered = list(self._untried)
            return ""
        asked = {
            "lights": sorted({one.info["light"] for one in members}),
            "parameters": max(one.info["parameters"] for one in members),
        }
        found = await self._tried({**asked, "dim": False})
        if found["again"]:  # the same without pumping light tells which light it is
            found = await self._tried({**asked, "dim": True})
        return str(found["said"])

    async def _tried(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Play a trial, and return what comes of it."""
        out = self._folder / f"trial-{next(self._numbers)}.compiled"
        shots = await self._benches.ask("trial", {**asked, "out": str(out)})
        places = out.with_suffix(".places")
        (place,) = codec.decode(places.read_bytes())
        places.unlink()
        probe = Probe(
            out, place, shots, (), True, True, "trial of light", ticking(), asyncio.get_running_loop().create_future()
        )
        self._probes.trial = probe
        self._changed.set()
        try:
            answer = await probe.answer
        finally:
            self._probes.trial = None
            out.unlink(missing_ok=True)
        self._covered = list(self._untried)  # nothing is read out between the answer and this line
        if "error" in answer:
            raise JobError(answer["error"])
        try:
            found: dict[str, Any] = await self._benches.ask("tried", {**asked, "records": answer["records"]})
        finally:
            for record in answer["records"]:
                Path(record).unlink(missing_ok=True)
        return found


def _needs(one: Member) -> bool:
    return bool(one.info.get("light"))
