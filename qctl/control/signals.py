"""What is done about Ctrl-C, SIGTERM, a terminal that hangs up, and Ctrl-backslash."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

# Whatever ends a process from outside and can be caught; not every platform has all of them.
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C and all that ends a process until the block is done; then the first of them takes effect.

    For what is bounded in time and must not be cut short: making safe, and waiting for threads that act on outputs.
    """
    if not _in_main():  # signals arrive in the main thread only
        yield
        return
    heard: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    # What is ignored (nohup) stays so; what was not set from Python (None) could not be put back.
    held = [n for n in (signal.SIGINT, *ENDING) if signal.getsignal(n) not in (None, signal.SIG_IGN)]
    try:
        with ExitStack() as stack:  # puts all back, even when a signal comes amid that
            for number in held:
                stack.callback(signal.signal, number, signal.getsignal(number))
                signal.signal(number, remember)
            yield
    finally:
        if heard:
            signal.raise_signal(heard[0])


@contextmanager
def terminate_orderly() -> Iterator[None]:
    """Turn each signal that would end the process into an exit that unwinds, so that everything is made safe.

    Only where nobody else handles the signal: what is ignored (``nohup``) stays ignored.
    """
    if not _in_main():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    ours = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, leave)
    try:
        yield
    finally:
        if _in_main():  # only there may they be put back; closed from another thread, leaving stays orderly
            for number in ours:
                signal.signal(number, signal.SIG_DFL)


def _in_main() -> bool:
    return threading.current_thread() is threading.main_thread()
