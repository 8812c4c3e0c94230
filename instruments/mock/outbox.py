"""Replies on their way out, where the fault script decides what becomes of each."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .faults import Fate, FaultScript

Payload = bytes | memoryview
Send = Callable[[Payload, bool], None]
"""Send a payload; the flag says whether it is whole (its terminator follows)."""


class HangUpError(Exception):
    """The fault script closes the link."""


class Outbox:
    """Sends replies of one link in the order, number and shape that the faults say."""

    def __init__(self, faults: FaultScript, send: Send) -> None:
        self._faults, self._send = faults, send
        self._lock = threading.Lock()
        self._swapped: tuple[Send, Payload] | None = None
        self._late: list[tuple[Send, Payload]] = []
        self._timers: list[threading.Timer] = []

    def post(self, reply: Payload) -> None:
        """Send one reply; raise HangUpError when the link is to be closed after it."""
        with self._lock:
            fate = self._faults.reply_fate()
            if fate is Fate.LOST:
                return
            if fate is Fate.LATE:
                self._delay(reply)
                return
            self._send_late()
            if fate is Fate.SWAPPED and self._swapped is None:
                self._swapped = self._send, reply
                return
            if fate in (Fate.TRUNCATED, Fate.DISCONNECTED):
                self._send(memoryview(reply)[: self._faults.cut(len(reply))], False)
                if fate is Fate.DISCONNECTED:
                    raise HangUpError
                return
            for _ in range(2 if fate is Fate.DUPLICATED else 1):
                self._send(reply, True)
            if self._swapped is not None:
                (send, earlier), self._swapped = self._swapped, None
                send(earlier, True)

    def redirect(self, send: Send) -> None:
        """Send from now on this way; what is held back still goes the way it was meant to."""
        with self._lock:
            self._send = send

    def forget(self) -> None:
        """Drop what has not been sent (device clear, or the link is gone)."""
        with self._lock:
            self._late.clear()
            self._swapped = None
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()

    def _delay(self, reply: Payload) -> None:
        self._late.append((self._send, reply))
        timer = threading.Timer(self._faults.plan.late_seconds, self._overdue)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _overdue(self) -> None:
        with self._lock:
            try:
                self._send_late()
            except OSError:  # the other side has gone meanwhile
                self._late.clear()

    def _send_late(self) -> None:
        while self._late:
            send, reply = self._late.pop(0)
            send(reply, True)
