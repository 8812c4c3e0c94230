"""Whoever started the rack and holds the other end of its standard input: says how time passes, ends it by going."""

from __future__ import annotations

import logging
import math
import os
import select
import stat
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

_LONGEST_LINE = 200


class Parent:
    """Lines that come down a pipe: ``wait SECONDS`` lets virtual time pass; nothing is answered.

    Parameters
    ----------
    stdin : file descriptor; terminals and files are no parents
    wait : lets so many seconds pass
    gone : called when the pipe ends
    """

    def __init__(self, stdin: int, wait: Callable[[float], None], gone: Callable[[], None]) -> None:
        self._stdin, self._wait, self._gone = stdin, wait, gone
        self._guard = threading.Lock()
        self._rest = b""
        self._there = _is_held(stdin)

    def listen(self) -> None:
        """Hear everything from now on, in a thread of its own."""
        if self._there:
            threading.Thread(target=self._listen, name="parent", daemon=True).start()

    def hear(self) -> None:
        """Do what was said so far; what was written before this call is done when it returns."""
        with self._guard:
            while self._there and self._waits(0):
                said = os.read(self._stdin, 4096)
                *lines, self._rest = (self._rest + said).split(b"\n")
                for line in lines:
                    self._do(line.decode("ascii", "replace").split())
                if not said or len(self._rest) > _LONGEST_LINE:
                    self._there = False
                    self._gone()

    def _listen(self) -> None:
        while self._there:
            self._waits(None)
            self.hear()

    def _waits(self, timeout: float | None) -> bool:
        poll = select.poll()
        poll.register(self._stdin, select.POLLIN)
        return bool(poll.poll(timeout))

    def _do(self, words: list[str]) -> None:
        try:
            (seconds,) = (float(word) for word in words[1:])
        except ValueError:
            seconds = math.nan
        if words[:1] == ["wait"] and 0 <= seconds < math.inf:
            self._wait(seconds)
        elif words:
            log.warning("%r at standard input is not understood: wait SECONDS is", " ".join(words)[:_LONGEST_LINE])


def _is_held(stdin: int) -> bool:
    """Say whether somebody holds the other end of a pipe at standard input."""
    try:
        mode = os.fstat(stdin).st_mode
    except OSError:
        return False
    poll = select.poll()
    poll.register(stdin, select.POLLIN)
    ended = any(event & select.POLLHUP for _, event in poll.poll(0))
    return (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)) and not ended
