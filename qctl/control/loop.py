"""The host decides within a shot: trigger, fetch, decide, act (load or jump, trigger), each by its deadline.

Nothing in here knows what is measured or decided: a sum of pixels that says where atoms are, or a bit that says which
branch of a program comes next.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic_ns
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import UsageError
from qctl.core.record import Timing

Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class Turn(Generic[Choice]):
    """What is done in every shot, in this order; each takes the number of the shot.

    Parameters
    ----------
    trigger : start the part of the shot that is looked at
    fetch : wait for its answer and fill a buffer that the caller owns
    decide : return what to do next, from that buffer; no waiting here
    act : load or jump, and trigger the rest of the shot
    finish : wait for the rest and fill buffers with what it says; not under the deadline
    """

    trigger: Callable[[int], None]
    fetch: Callable[[int], None]
    decide: Callable[[int], Choice]
    act: Callable[[int, Choice], None]
    finish: Callable[[int], None]


@dataclass(frozen=True)
class Loop:
    """How a loop went.

    Parameters
    ----------
    reactions : int64, shape (n_shots,), ns from the answer of ``fetch`` to the end of ``act``
    decisions : int64, shape (n_shots,), ns of it that ``decide`` took
    deadline : ns, for the reaction
    """

    reactions: NDArray[np.int64]
    decisions: NDArray[np.int64]
    deadline: int

    @property
    def late(self) -> NDArray[np.bool_]:
        """Return the shots that missed their deadline: they do not count."""
        return np.asarray(self.reactions > self.deadline)

    @property
    def timing(self) -> Timing:
        """Return the report: one deadline for each shot, misses, and the reaction's median, tail and worst, s."""
        missed = int(self.late.sum())
        seconds = {
            f"reaction {name}": float(np.quantile(self.reactions, q)) * 1e-9 if len(self.reactions) else 0.0
            for name, q in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))
        }
        return Timing(len(self.reactions), missed, missed, {}, seconds)


@dataclass(frozen=True, slots=True)
class Parts:
    """What is done in every shot that has several decisions, each with the number of the shot.

    Parameters
    ----------
    begin : start the first part
    fetch : wait for the answer of part number ``depth`` of this shot and fill a buffer that the caller owns
    decide : return the part that comes next, negative at the end of the shot; no waiting here
    act : jump to that part, and start it
    """

    begin: Callable[[int], None]
    fetch: Callable[[int, int], None]
    decide: Callable[[int, int], int]
    act: Callable[[int, int, int], None]


def run_parts(
    parts: Parts, n_shots: int, most_deep: int, deadline: float, *, waits: bool = False
) -> tuple[Loop, NDArray[np.bool_]]:
    """Play shots part after part with the garbage collector off; a shot whose decision comes late is given up.

    Parameters
    ----------
    most_deep : parts of one shot
    deadline : s, from the moment that ``fetch`` returned to the moment that ``act`` has
    waits : time stands still meanwhile (a simulated laboratory): no shot is given up

    Returns
    -------
    one reaction for each decision after which something was played, and which shots were late, shape (n_shots,)
    """
    if not deadline > 0:
        raise UsageError(f"a deadline of {deadline:g} s", allowed="above 0 s")
    reactions, decisions = np.zeros(n_shots * most_deep, np.int64), np.zeros(n_shots * most_deep, np.int64)
    late, limit, n = np.zeros(n_shots, bool), round(deadline * 1e9), 0
    begin, fetch, decide, act, now = parts.begin, parts.fetch, parts.decide, parts.act, monotonic_ns
    with collector_off():
        for shot in range(n_shots):
            begin(shot)
            for depth in range(most_deep):
                fetch(shot, depth)
                seen = now()
                if late[shot]:
                    break  # what was started too late is over now
                part = decide(shot, depth)
                decided = now()
                if part < 0:
                    break
                act(shot, depth, part)
                reactions[n], decisions[n] = now() - seen, decided - seen
                late[shot] = reactions[n] > limit and not waits
                n += 1
    return Loop(reactions[:n], decisions[:n], limit), late


def run_loop(turn: Turn[Choice], n_shots: int, deadline: float) -> Loop:
    """Go round ``n_shots`` times with the garbage collector off.

    Parameters
    ----------
    deadline : s, from the moment that ``fetch`` returned to the moment that ``act`` has; later shots are counted as
        missed, and played to their end

    Raises
    ------
    UsageError
        When the deadline is not above zero.
    """
    if not deadline > 0:
        raise UsageError(f"a deadline of {deadline:g} s", allowed="above 0 s")
    reactions, decisions = np.zeros(n_shots, np.int64), np.zeros(n_shots, np.int64)
    trigger, fetch, decide, act, finish = turn.trigger, turn.fetch, turn.decide, turn.act, turn.finish
    now = monotonic_ns
    with collector_off():
        for shot in range(n_shots):
            trigger(shot)
            fetch(shot)
            seen = now()
            choice = decide(shot)
            decided = now()
            act(shot, choice)
            reactions[shot] = now() - seen
            decisions[shot] = decided - seen
            finish(shot)
    return Loop(reactions, decisions, round(deadline * 1e9))


@contextmanager
def collector_off() -> Iterator[None]:
    """Keep the garbage collector from running meanwhile, and leave it as it was."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
