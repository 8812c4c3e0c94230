"""Bring every output into its safe state, whatever happened."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from qctl.core.errors import InstrumentError, QctlError
from qctl.core.laboratory import SafeEntry
from qctl.core.protocols import Instrument

from .together import attempt_each


def make_safe(instruments: Mapping[str, Instrument], entries: Mapping[str, SafeEntry]) -> list[InstrumentError]:
    """Make all instruments safe, lowest ``order`` first, those of one order at once; return what failed.

    A failure stops nothing: every instrument is attempted. Instruments without an entry have no output.
    """
    failures = []
    for order in sorted({entry.order for entry in entries.values()}):
        now = {name: item for name, item in instruments.items() if name in entries and entries[name].order == order}
        answers = attempt_each(lambda name, instrument: instrument.make_safe(entries[name]), now)
        for name, answer in answers.items():
            if isinstance(answer, QctlError | OSError):
                failed = InstrumentError(
                    f"could not be made safe ({answer})", where=name, remedy="check its outputs by hand before going on"
                )
                failed.__cause__ = answer
                failures.append(failed)
    return failures


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM until the block is done: making safe is bounded, and must not be cut short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if heard:
        signal.raise_signal(heard[0])


@contextmanager
def terminate_orderly() -> Iterator[None]:
    """Turn SIGTERM into an exit that unwinds, so that everything is made safe; only where nobody else handles it."""
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
