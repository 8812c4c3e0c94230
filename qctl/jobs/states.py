"""The life of a job as data: every state, every move between two of them, and what a crash makes of each.

The store keeps ``MOVES`` in a table that a trigger consults, so that no program can store another move.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a job stands."""

    QUEUED = "QUEUED"
    HELD = "HELD"  # by an operator, a suspect parameter, a quarantined qubit, a full disk
    PREPARING = "PREPARING"  # claimed: compiled, waiting for its first window; nothing ran
    RUNNING = "RUNNING"  # committed before the first trigger
    FINALIZING = "FINALIZING"  # every shot is stored
    CANCELLING = "CANCELLING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    INTERRUPTED = "INTERRUPTED"  # began, and may not begin again; what was measured is readable

    @property
    def final(self) -> bool:
        """Say whether a job never leaves this state."""
        return self in FINAL


FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED, State.INTERRUPTED})
WAITING = frozenset({State.QUEUED, State.HELD})
CLAIMED = frozenset({State.PREPARING, State.RUNNING, State.FINALIZING, State.CANCELLING})
ACTIVE = frozenset(State) - FINAL

_S = State
MOVES: frozenset[tuple[State, State]] = frozenset(
    {
        (_S.QUEUED, _S.PREPARING),
        (_S.QUEUED, _S.HELD),
        (_S.HELD, _S.QUEUED),
        (_S.PREPARING, _S.RUNNING),
        (_S.PREPARING, _S.QUEUED),
        (_S.PREPARING, _S.HELD),
        (_S.PREPARING, _S.FAILED),
        (_S.RUNNING, _S.FINALIZING),
        (_S.RUNNING, _S.QUEUED),
        (_S.RUNNING, _S.HELD),
        (_S.RUNNING, _S.FAILED),
        (_S.RUNNING, _S.INTERRUPTED),
        (_S.FINALIZING, _S.DONE),
        (_S.FINALIZING, _S.FAILED),
        (_S.CANCELLING, _S.CANCELLED),
        *((state, _S.CANCELLING) for state in (_S.QUEUED, _S.HELD, _S.PREPARING, _S.RUNNING, _S.FINALIZING)),
    }
)


class OnCrash(StrEnum):
    """What becomes of a job that was running when a process died."""

    RESUME = "resume"  # stored shots count; the missing ones run if the parameters are still the same
    RESTART = "restart"  # from the first shot; what was stored is kept apart
    NEVER = "never"  # the sample may have changed: a person decides


MOST_ATTEMPTS = 3
"""How often faults of the machine may begin a job anew; programs that are wrong get one attempt."""


def after_crash(state: State, policy: OnCrash, attempts: int, *, same_parameters: bool) -> tuple[State, bool]:
    """Return where a job goes that a crash found in ``state``, and whether it starts from its first shot.

    Parameters
    ----------
    attempts : begun so far without a shot that counts
    same_parameters : its snapshot is still the newest, and the gap was short enough
    """
    if state is State.CANCELLING:
        return State.CANCELLED, False
    if state is State.PREPARING:
        return (State.FAILED if attempts >= MOST_ATTEMPTS else State.QUEUED), not same_parameters
    if state is State.RUNNING:
        if policy is OnCrash.NEVER or attempts >= MOST_ATTEMPTS:
            return State.INTERRUPTED, False
        return State.QUEUED, policy is OnCrash.RESTART or not same_parameters
    return state, False
