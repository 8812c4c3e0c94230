"""One run in which an instrument tells states within the shot: what it answers decides what the AWGs play on.

Nothing here knows what anybody means by it: markers rise, steps of sequences end with or without an event, and whatever
comes out of the AWGs is what the chip feels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qctl.core.sequence import Port
from qctl.physics.branches import Branches, Thread
from qctl.physics.stage import Acquisition, Carrier, Playing

from .performance import played_in
from .q1_realtime import WAY_IN, WAY_OUT, Outcome, Question
from .signals import Deciding, Player
from .timeline import Cable, Taker, edges, period_of

RATE = 1e9  # samples per second of the instrument that decides
AT_ONCE = 4000  # shots that are kept in memory together
PILOT = 400  # shots that say how the shots before the first one leave the chip
_MOST_STEPS = 64


@runtime_checkable
class BranchingWorld(Protocol):
    """A simulated world whose shots can be steered while they last."""

    def branch(
        self, carriers: Mapping[str, Carrier], biases: Mapping[str, float], period: float, n_shots: int
    ) -> Branches:
        """Begin shots."""

    def carry(self, branches: Branches | None) -> None:
        """Say how they left the chip."""

    def wait(self, seconds: float) -> None:
        """Let virtual time pass."""


@dataclass(frozen=True)
class Branched:
    """Who takes part.

    Parameters
    ----------
    name : of the instrument that decides
    takers : AWGs that play, the master first
    trigger, latency : from the master's marker to the first sample that can be heard, s
    events : from its marker to the event input of each AWG that has one connected
    """

    name: str
    deciding: Deciding
    takers: Mapping[str, Taker]
    trigger: Cable
    latency: float
    events: Mapping[str, Cable]

    @property
    def zero(self) -> float | None:
        """Return when its first sample is heard, s after the start of the shot; None where no trigger comes."""
        master = next(iter(self.takers.values())).player
        found = edges(master, [(0, 0.0)], self.trigger, self.deciding.threshold)
        return found[0] + self.latency if found else None

    @property
    def period(self) -> float | None:
        """Return the time between two shots; None when nothing starts the master."""
        return period_of(next(iter(self.takers.values())).player)


def perform_branched(
    world: BranchingWorld, plan: Branched, carriers: Mapping[str, Carrier], biases: Mapping[str, float]
) -> tuple[list[NDArray[np.int64]], bool]:
    """Play all shots; return what was told, by sequencer, shape (n_acquisitions, 3, n_shots), and whether all is well.

    All is not well when triggers collided on the network of the instrument that decides.
    """
    run = _Run(plan, carriers, biases)
    world.carry(None)
    pilot = run.shots(world, min(PILOT, plan.deciding.n_shots))
    world.carry(pilot[0])
    parts = []
    for first in range(0, plan.deciding.n_shots, AT_ONCE):
        branches, told = run.shots(world, min(AT_ONCE, plan.deciding.n_shots - first))
        parts.append(told)
        world.carry(branches)
    world.wait(plan.deciding.n_shots * run.period)
    return [np.concatenate(each, axis=2) for each in zip(*parts, strict=True)], not run.conflict


class _Run:
    def __init__(self, plan: Branched, carriers: Mapping[str, Carrier], biases: Mapping[str, float]) -> None:
        self.plan, self._carriers, self._biases = plan, carriers, biases
        self.conflict = False
        zero, period = plan.zero, plan.period
        assert zero is not None
        assert period is not None
        self.zero, self.period = zero, period
        self._played: dict[tuple[tuple[str, int, float], ...], Mapping[Port, Playing]] = {}

    def shots(self, world: BranchingWorld, n_shots: int) -> tuple[Branches, list[NDArray[np.int64]]]:
        """Play so many shots, group by group: those that were answered alike so far."""
        branches = world.branch(self._carriers, self._biases, self.period, n_shots)
        told: dict[tuple[int, int], NDArray[np.int64]] = {}
        todo: list[tuple[Thread, tuple[int, ...]]] = [(branches.begin(), ())]
        while todo:
            thread, answers = todo.pop()
            outcome = self.plan.deciding.shot(answers)
            self.conflict |= outcome.conflict
            playing = self.playing(outcome)
            if outcome.question is None:
                branches.end(thread, playing)
                continue
            found = self._asked(branches, thread, playing, outcome.question)
            key = outcome.question.sequencer, outcome.question.ordinal
            told.setdefault(key, np.zeros((3, n_shots), np.int64))[:, thread.shots] = found
            groups = [(value, found[2] == value) for value in (1, 0)]
            todo += [(branches.part(thread, mask), (*answers, value)) for value, mask in groups if mask.any()]
        return branches, _by_sequencer(told, n_shots)

    def _asked(
        self, branches: Branches, thread: Thread, playing: Mapping[Port, Playing], question: Question
    ) -> NDArray[np.int64]:
        ports = tuple(Port(self.plan.name, number) for number in (1, 2))
        window = Acquisition(ports, RATE, self.zero + question.start / RATE, question.length)
        heard = branches.hear(thread, playing, window)
        return self.plan.deciding.tell(question, {port.number: volts for port, volts in heard.items()})

    def playing(self, outcome: Outcome) -> Mapping[Port, Playing]:
        """Return what all AWGs play in a shot with these markers so far; what comes later is taken to be no event."""
        plays = {name: self._path(name, taker, outcome.markers) for name, taker in self.plan.takers.items()}
        key = tuple((name, step, start) for name, steps in plays.items() for step, start in steps)
        if key not in self._played:
            found = played_in(plays, self.plan.takers)
            self._played[key] = {port: one for port, one in found.items() if isinstance(one, Playing)}
        return self._played[key]

    def _path(self, name: str, taker: Taker, markers: Sequence[tuple[int, int]]) -> list[tuple[int, float]]:
        """Return the steps that one AWG plays, and when each starts."""
        player, start = taker.player, taker.latency
        if taker.cable is not None:
            source = self.plan.takers[taker.cable.source].player
            triggers = edges(source, [(0, 0.0)], taker.cable, player.threshold)
            if not triggers:
                return []
            start += triggers[0]
        events, found, step = self._events(name, player, markers), list[tuple[int, float]](), taker.first_step
        while len(found) < _MOST_STEPS:
            found.append((step, start))
            end = start + player.steps[step].n_samples / player.rate
            seen = player.steps[step].event == "BTR" and any(
                start <= t <= end - player.event_setup + 1e-12 for t in events
            )
            step = player.steps[step].jump if seen else player.steps[step].following
            start = end
            if not 0 <= step < len(player.steps) or player.steps[step].wait != "OFF":
                break
        return found

    def _events(self, name: str, player: Player, markers: Sequence[tuple[int, int]]) -> list[float]:
        """Return when the event input of an AWG sees a marker rise, s after the start of the shot."""
        cable = self.plan.events.get(name)
        low, high = self.plan.deciding.marker_volts
        if cable is None or not low < player.event_threshold <= high:
            return []
        bit, before, found = 1 << (cable.marker - 1), 0, list[float]()
        for time, level in markers:
            if level & bit and not before & bit:
                found.append(self.zero + (time + WAY_IN + WAY_OUT) / RATE + cable.delay)
            before = level
        return found


def _by_sequencer(told: Mapping[tuple[int, int], NDArray[np.int64]], n_shots: int) -> list[NDArray[np.int64]]:
    n_sequencers = max((sequencer for sequencer, _ in told), default=-1) + 1
    counts = [max((k for s, k in told if s == number), default=-1) + 1 for number in range(n_sequencers)]
    return [
        np.array([told[number, k] for k in range(count)], np.int64).reshape(count, 3, n_shots)
        for number, count in enumerate(counts)
    ]
