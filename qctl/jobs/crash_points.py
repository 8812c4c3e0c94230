"""Named places at which a process can be told to die, so that tests kill it exactly there.

``QCTL_CRASH_AT=point:n`` kills the process with SIGKILL when it passes ``point`` for the n-th time.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

VARIABLE = "QCTL_CRASH_AT"

STORE = (
    "store.submit.before",
    "store.submit.after",
    "store.claim.after",
    "store.start.after",
    "store.segment.before",
    "store.segment.after",
    "store.finalize.after",
    "store.finish.before",
    "store.finish.after",
    "store.cancel.after",
    "store.recover.before",
    "store.recover.after",
    "writer.begin",
    "writer.commit.before",
    "writer.commit.after",
    "writer.ack.after",
    "writer.checkpoint.before",
    "writer.checkpoint.after",
)
RESULTS = (
    "results.write.before",
    "results.write.half",
    "results.flush.before",
    "results.link.before",
    "results.link.after",
    "results.folder.after",
)
DAEMON = (
    "daemon.start",
    "daemon.recovered",
    "daemon.serving",
    "api.submit.received",
    "api.submit.before_answer",
    "scheduler.prepared",
    "scheduler.packed",
    "scheduler.started",
    "scheduler.linked",
    "scheduler.sent",
    "scheduler.played",
    "scheduler.read",
    "scheduler.stored",
)
AGENT = (
    "agent.greeted",
    "agent.received",
    "agent.operating",
    "agent.before_play",
    "agent.after_play",
    "agent.before_answer",
    "agent.answered",
    "agent.kept",
)
WORKER = ("worker.received", "worker.compiled", "worker.before_answer")
POINTS = (*STORE, *RESULTS, *DAEMON, *AGENT, *WORKER)
"""All of them; the crash harness visits each."""

_passed: Counter[str] = Counter()


def _asked() -> tuple[str, int]:
    point, _, number = os.environ.get(VARIABLE, "").partition(":")
    return point, int(number) if number.isdecimal() else 1


_POINT, _NUMBER = _asked()


def forget() -> None:
    """Pass all of them alive from now on, and so shall children: a test's crash point is passed once."""
    _passed[_POINT] = _NUMBER
    os.environ.pop(VARIABLE, None)


def crash_point(name: str) -> None:
    """Die here when a test asked for it; otherwise nothing."""
    if name != _POINT:
        return
    _passed[name] += 1
    if _passed[name] == _NUMBER:
        os.kill(os.getpid(), signal.SIGKILL)
