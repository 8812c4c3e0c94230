"""The real-time cores of a simulated readout module in one shot, together: acquisitions, triggers, conditions, markers.

Source: docs.qblox.com, "Feedback trigger handling" and "Feedback": an answer 1 is a trigger; all sequencers have it 212
ns later, and the network takes one in 252 ns. From the last sample at an input to a marker it is 364 ns; the time of
the program stands between the ways in (112 ns) and out (36 ns).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .q1asm import RealTime

WAY_IN, WAY_OUT, NETWORK, DECIDING = 112, 36, 212, 4  # ns
SPACING = 252  # ns between two triggers on the network

OPERATORS: Mapping[int, Callable[[Sequence[bool]], bool]] = {
    0: any,
    1: lambda found: not any(found),
    2: all,
    3: lambda found: not all(found),
    4: lambda found: sum(found) % 2 == 1,
    5: lambda found: sum(found) % 2 == 0,
}


@dataclass(frozen=True, slots=True)
class Question:
    """An acquisition whose answer is not known yet: which sequencer, which of its acquisitions, and when, ns."""

    sequencer: int
    ordinal: int
    start: int
    length: int
    weights: tuple[int, int]


@dataclass(frozen=True)
class Outcome:
    """How far a shot goes by what was answered so far.

    Parameters
    ----------
    question : what must be answered to go on; None when the shot is over
    markers : (time of the program in ns, levels of the markers) of each change
    end : ns, when the last sequencer waits for the next trigger
    conflict : two triggers came too close to each other for the network; the later one is lost
    """

    question: Question | None
    markers: tuple[tuple[int, int], ...]
    end: int
    conflict: bool


@dataclass(eq=False)
class Core:
    """One real-time core.

    Parameters
    ----------
    before, queue : instructions in front of the first shot, and of a shot
    lengths : samples of each of its weights
    plain : samples of an acquisition without weights
    address : of the trigger that its answers give; 0 for none
    inverted : its answers 0 give the trigger
    """

    before: Sequence[RealTime]
    queue: Sequence[RealTime]
    lengths: Sequence[int]
    plain: int = 0
    address: int = 0
    inverted: bool = False
    now: int = 0
    at: int = 0
    n_acquired: int = 0
    latching: bool = False
    forgotten: int = 0
    condition: tuple[int, int, int, int] = (0, 0, 0, 4)
    asked_marker: int = 0
    marker: int = 0
    sent: list[int] = field(default_factory=list)

    def begin(self) -> None:
        """Stand at the beginning of a shot."""
        self.now = self.at = self.n_acquired = self.forgotten = self.marker = self.asked_marker = 0
        self.condition, self.latching = (0, 0, 0, 4), False
        for name, values in self.before:
            if name == "set_latch_en":
                self.latching = bool(values[0])

    @property
    def over(self) -> bool:
        """Say whether the shot is over for it."""
        return self.at >= len(self.queue)


def shot(cores: Sequence[Core], trigger_wait: int, answers: Sequence[int]) -> Outcome:
    """Play one shot as far as the answers lead: the core that is behind goes on first.

    Parameters
    ----------
    trigger_wait : ns that pass behind the trigger itself
    answers : in the order in which acquisitions end
    """
    run = _Shot(cores, answers)
    for core in cores:
        core.begin()
        core.now = trigger_wait
    while (waiting := [core for core in cores if not core.over]) and not run.stuck:
        core = min(waiting, key=lambda one: one.now)
        run.answer_until(core.now)
        if not run.stuck:
            run.step(core)
    if not run.stuck:
        run.answer_until(None)
    end = max((core.now for core in cores), default=0)
    return Outcome(run.pending[0][1] if run.stuck else None, tuple(run.markers), end, run.conflict)


class _Shot:
    def __init__(self, cores: Sequence[Core], answers: Sequence[int]) -> None:
        self.cores, self._answers, self._used = cores, answers, 0
        self.pending: list[tuple[int, Question]] = []  # end of the acquisition, in time of the program
        self._triggers: list[tuple[int, int]] = []  # when all have it, and its address
        self.markers: list[tuple[int, int]] = []
        self.conflict = self.stuck = False

    def answer_until(self, now: int | None) -> None:
        """Answer all acquisitions that have ended by now, or note that the answer is missing."""
        self.pending.sort(key=lambda one: (one[0], one[1].sequencer))
        while self.pending and (now is None or self.pending[0][0] <= now):
            if self._used >= len(self._answers):
                self.stuck = True
                return
            end, question = self.pending.pop(0)
            core, answer = self.cores[question.sequencer], self._answers[self._used]
            self._used += 1
            if core.address and bool(answer) != core.inverted:
                self._send(end + DECIDING, core.address)

    def _send(self, time: int, address: int) -> None:
        if self._triggers and time + NETWORK - self._triggers[-1][0] < SPACING:
            self.conflict = True
            return
        self._triggers.append((time + NETWORK, address))

    def step(self, core: Core) -> None:
        """Let one core do one instruction."""
        name, values = core.queue[core.at]
        core.at += 1
        if name == "set_cond":
            core.condition = values[0], values[1], values[2], values[3]
            return
        if core.condition[0] and not self._holds(core):
            core.n_acquired += name.startswith("acquire")
            core.now += core.condition[3]
            return
        if name == "set_mrk":
            core.asked_marker = values[0]
        elif name == "set_latch_en":
            core.latching = bool(values[0])
            core.now += values[1]
        elif name == "latch_rst":
            core.forgotten = core.now
            core.now += values[0]
        elif name in ("wait", "wait_sync"):
            core.now += values[0]
        elif name != "reset_ph":
            self._update(core)
            if name.startswith("acquire"):
                self._acquire(core, name, values)
            core.now += values[-1]

    def _holds(self, core: Core) -> bool:
        _, mask, operator, _ = core.condition
        there = [a for t, a in self._triggers if core.latching and core.forgotten <= t <= core.now]
        return OPERATORS[operator]([a in there for a in range(1, 16) if mask >> (a - 1) & 1])

    def _acquire(self, core: Core, name: str, values: tuple[int, ...]) -> None:
        weights = (values[2], values[3]) if name == "acquire_weighed" else (-1, -1)
        length = core.lengths[weights[0]] if weights[0] >= 0 else core.plain
        question = Question(self.cores.index(core), core.n_acquired, core.now, length, weights)
        core.n_acquired += 1
        self.pending.append((core.now + length, question))

    def _update(self, core: Core) -> None:
        """Let what was set act: the levels of the markers, those of all cores together."""
        before = self._level()
        core.marker = core.asked_marker
        if self._level() != before:
            self.markers.append((core.now, self._level()))

    def _level(self) -> int:
        level = 0
        for core in self.cores:
            level |= core.marker
        return level
