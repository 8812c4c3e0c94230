"""Links a window before its border, while another one plays."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from qctl.jobs.bench import linked_beside
from qctl.jobs.crash_points import crash_point
from qctl.jobs.request import Window

from .compiling import Compiling
from .probes import Filler, Probes
from .ready import Member
from .workers import WorkerLostError, WorkerRefusedError, Workers

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Linked:
    """A window that waits for its border, plays, or is read out.

    Parameters
    ----------
    members, fillers : jobs and steps of calibration in it
    file : what instruments play; beside it lies how its record is taken apart
    uploads : digest of what each AWG is sent
    key : tells it from windows of other jobs, places or numbers of shots
    """

    members: list[Member]
    fillers: list[Filler]
    file: Path
    uploads: dict[str, str]
    key: object

    @property
    def together(self) -> list[Member | Filler]:
        """Return all that play."""
        return [*self.members, *self.fillers]


class Linking:
    """Makes of a decision what instruments play.

    Parameters
    ----------
    probes : of the calibration service, which fill what jobs leave
    benches : link; they see no user's text but that of programs which compile
    folder : for files that no restart needs
    """

    def __init__(self, jobs: Compiling, probes: Probes, benches: Workers, folder: Path) -> None:
        self._jobs, self._probes, self._benches, self._folder = jobs, probes, benches, folder
        self._numbers = count(1)
        self._last: tuple[object, Path, dict[str, str]] | None = None
        self._used: Counter[Path] = Counter()

    async def link(self, window: Window) -> Linked | None:
        """Return what was decided, linked; None when nobody is left of it. It is to be let go of by `release`.

        Raises
        ------
        WorkerRefusedError, WorkerLostError
            When it cannot be linked: its jobs have gone where their policies say.
        """
        members, fillers = await self._members(window), self._fillers(window)
        if not (members or fillers):
            return None
        file, uploads, members, fillers = await self._side_by_side(members, fillers)
        self._used[file] += 1
        crash_point("scheduler.linked")
        return Linked(members, fillers, file, uploads, key_of(window))

    def stands(self, one: Linked) -> bool:
        """Say whether everybody in a window still waits for it."""
        return all(self._jobs.ready.get(m.ready.job.id) is m.ready for m in one.members) and all(
            filler.probe is self._probes.named(filler.label) for filler in one.fillers
        )

    def release(self, one: Linked) -> None:
        """Let go of the files of a window that was read out, or never played."""
        self._used[one.file] -= 1
        self._sweep(one.file)

    def forget(self) -> None:
        """Link anew next time, even what was linked last: nobody knows what the instruments hold."""
        last, self._last = self._last, None
        if last is not None:
            self._sweep(last[1])

    async def _side_by_side(
        self, members: list[Member], fillers: list[Filler]
    ) -> tuple[Path, dict[str, str], list[Member], list[Filler]]:
        """Return the files of all of them; of fewer where their sum is beyond a limit."""
        together: list[Member | Filler] = [*members, *fillers]
        try:
            return (*await self._files(together), members, fillers)
        except WorkerRefusedError as refused:
            if len(together) == 1:
                await self._refuse(members, fillers, refused)
                raise
            log.info("not side by side: %s", refused)  # the sum is beyond a limit: one after the other
            for one in fillers:
                one.probe.withdraw()
            return await self._side_by_side(members if fillers else members[:1], [])
        except WorkerLostError as lost:
            for member in members:
                await self._jobs.give_back(member.ready.claim, str(lost))
            for filler in fillers:
                filler.probe.lose(0, str(lost))
            raise

    async def _files(self, together: list[Member | Filler]) -> tuple[Path, dict[str, str]]:
        """Return what is played, written anew only when it is not what was linked last."""
        key = tuple(one.key for one in together)
        if self._last is None or self._last[0] != key:
            self.forget()
            out = self._folder / f"window-{next(self._numbers)}"
            found = await self._benches.ask("link", {"parts": [one.to_link() for one in together], "out": str(out)})
            self._last = key, out, found["uploads"]
        return self._last[1], self._last[2]

    def _sweep(self, file: Path) -> None:
        if self._used[file] <= 0 and (self._last is None or self._last[1] != file):
            del self._used[file]
            for one in (file, linked_beside(file)):
                one.unlink(missing_ok=True)

    async def _members(self, window: Window) -> list[Member]:
        """Return which jobs were granted a place, compiled for it."""
        chosen, members = {one.job.label: one for one in self._jobs.ready.values()}, []
        for grant in window.grants:
            one = chosen.get(grant.job)
            if one is None:
                continue
            candidate = next((place for place in one.places if place.placement == grant.placement), None)
            if candidate is None:
                continue  # a border came meanwhile, and it plays elsewhere: this decision is too old to be played
            try:
                await self._jobs.place(one, list(candidate.placement))
            except (WorkerRefusedError, WorkerLostError) as failed:
                await self._jobs.fail(one.claim, getattr(failed, "kind", "compile-crash"), str(failed))
                self._jobs.drop(one.job.id)
            else:
                shots = min(grant.shots, one.info["most_shots"])
                members.append(Member(one, candidate, shots, one.info, self._jobs.remarks(candidate)))
        return members

    def _fillers(self, window: Window) -> list[Filler]:
        """Return what of the calibration service, or of a trial, was granted its place."""
        found = [(self._probes.named(grant.job), grant.shots) for grant in window.grants]
        return [Filler(probe, shots) for probe, shots in found if probe is not None]

    async def _refuse(self, members: list[Member], fillers: list[Filler], refused: WorkerRefusedError) -> None:
        """What cannot be played even alone has failed."""
        for one in members:
            await self._jobs.fail(one.ready.claim, refused.kind, str(refused))
        for filler in fillers:
            filler.probe.fail(str(refused))


def key_of(window: Window) -> object:
    """Return what tells a decision from others."""
    return tuple((grant.job, grant.placement, grant.shots) for grant in window.grants)
