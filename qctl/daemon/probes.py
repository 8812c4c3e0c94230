"""What the calibration service, and trials of light, want to have played, as the scheduler keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from qctl.jobs.request import Candidate, Isolation, JobClass, Request

USER = "calibration"
TRIES = 3  # windows that may be lost before a step is
LAST = 2**52  # sequence number: of two that are alike the user's job goes first

_numbers = count(1)


@dataclass(eq=False)
class Probe:
    """Shots of one calibration step.

    Parameters
    ----------
    compiled : file with its waveforms
    place : where it plays
    shots : of each sweep point
    targets : qubits, couplings or feedlines that it is about
    urgent : it measures what is doubted: it goes before everybody, if a job waits for that
    alone : nobody may play beside it
    why : what it is, for people
    answer : what the service waits for
    """

    compiled: Path
    place: Candidate
    shots: int
    targets: tuple[str, ...]
    urgent: bool
    alone: bool
    why: str
    submitted: float
    answer: asyncio.Future[dict[str, Any]]
    label: str = field(default_factory=lambda: f"calibration {next(_numbers)}")
    records: list[str] = field(default_factory=list)
    done: int = 0
    in_flight: int = 0
    lost: int = 0
    _request: Request | None = None

    @property
    def left(self) -> int:
        """Return the shots that no window has been granted."""
        return self.shots - self.done - self.in_flight

    def request(self, waited_for: bool) -> Request:
        """Return what the packer is asked; the same object while nothing changes."""
        job_class = JobClass.URGENT_CALIBRATION if self.urgent and waited_for else JobClass.BACKGROUND
        if self._request is None or self._request.job_class is not job_class:
            self._request = Request(
                job=self.label,
                user=USER,
                job_class=job_class,
                sequence=LAST,
                submitted=self.submitted,
                shots_left=self.left,
                candidates=(self.place,),
                shots_done=self.done + self.in_flight,
                isolation=Isolation.SOLO if self.alone else Isolation.SHARED,
            )
        return self._request

    def withdraw(self) -> None:
        """From now on play alone: together with others it was too much."""
        self.alone, self._request = True, None

    def play(self, shots: int) -> None:
        """Take note of a window that plays so many of its shots."""
        self.in_flight, self._request = self.in_flight + shots, None

    def got(self, record: str, shots: int, now: float) -> None:
        """Take the record of a window; the last one is the answer.

        Parameters
        ----------
        now : time of the station behind it, s since 1970
        """
        self.records.append(record)
        self.in_flight -= shots
        self.done, self.lost, self._request = self.done + shots, 0, None
        if self.done >= self.shots and not self.answer.done():
            self.answer.set_result({"records": self.records, "now": now})

    def lose(self, shots: int, said: str) -> None:
        """Take note that a window was lost which was to play so many of its shots; 0 when it had not begun."""
        self.in_flight, self._request = self.in_flight - shots, None
        self.lost += 1
        if self.lost >= TRIES:
            self.fail(said)

    def fail(self, said: str) -> None:
        """Give up."""
        for record in self.records:
            Path(record).unlink(missing_ok=True)
        if not self.answer.done():
            self.answer.set_result({"error": said})


@dataclass
class Probes:
    """What is asked for now.

    Attributes
    ----------
    asked : one step of calibration at a time
    trial : shots that try light
    """

    asked: Probe | None = None
    trial: Probe | None = None

    def named(self, label: str) -> Probe | None:
        """Return what is called so, while somebody waits for it."""
        return next((one for one in self._open() if one.label == label), None)

    def requests(self, waited_for: Callable[[Iterable[str]], bool]) -> list[Request]:
        """Return what the packer is asked.

        Parameters
        ----------
        waited_for : says whether jobs wait for some targets
        """
        waiting = [one for one in self._open() if one.left > 0]
        return [one.request(one is self.trial or waited_for(one.targets)) for one in waiting]

    def _open(self) -> list[Probe]:
        return [one for one in (self.asked, self.trial) if one is not None and not one.answer.done()]


@dataclass(frozen=True)
class Filler:
    """A probe in a window."""

    probe: Probe
    shots: int

    @property
    def label(self) -> str:
        """Return what others call it."""
        return self.probe.label

    @property
    def key(self) -> object:
        """Return what tells its part of an upload from others."""
        return self.probe.label, self.shots

    @property
    def seconds(self) -> float:
        """Return the machine time of all its shots."""
        return self.shots * self.probe.place.duration_s

    def to_link(self) -> dict[str, Any]:
        """Return what a bench must know to link it."""
        return {"compiled": str(self.probe.compiled), "parameters": None, "shots": self.shots}

    def to_read(self, beside: list[str], uploads: dict[str, str], number: str, folder: Path) -> dict[str, Any]:
        """Return where its record of window ``number`` goes."""
        return {"out": str(folder / f"{number}-calibration.record")}
