"""An event loop whose clock moves by the CPU time that this process takes, and leaps when everything waits.

What other processes or threads would do is computed here and now, but takes no time of the loop's own: its answer comes
after as long as computing it took. So other programs of this machine do not disturb.
"""

import asyncio
import selectors
import time
from contextlib import contextmanager
from types import SimpleNamespace


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs what it is given on its own clock, from 0 s on."""

    def __init__(self):
        self._offset = -time.process_time()
        super().__init__(_Leaping(self))

    def time(self):
        return self._offset + time.process_time()

    def leap(self, seconds):
        self._offset += seconds

    @contextmanager
    def elsewhere(self):
        """Compute what another process would; yield a list that holds how long it took afterwards, s."""
        begun, taken = time.process_time(), []
        try:
            yield taken
        finally:
            taken.append(time.process_time() - begun)
            self._offset -= taken[0]

    def run_in_executor(self, executor, func, *args):
        with self.elsewhere() as taken:
            answer = _attempt(func, args)
        future = self.create_future()
        self.call_later(taken[0], _deliver, future, answer)
        return future

    def clocks(self):
        """Return what may stand for the module ``time`` where only clocks of it are used."""
        return SimpleNamespace(
            CLOCK_BOOTTIME=0, clock_gettime=lambda _: self.time(), monotonic=self.time,
            time=lambda: 1.8e9 + self.time(),
        )  # fmt: skip


class _Leaping(selectors.DefaultSelector):
    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("everything waits, and nothing will ever come")
        if not found and timeout > 0:
            self._loop.leap(timeout)
        return found


def _attempt(func, args):
    try:
        return func(*args), None
    except Exception as error:  # noqa: BLE001 (handed to whoever asked)
        return None, error


def _deliver(future, answer):
    found, error = answer
    if future.done():
        return
    if error is None:
        future.set_result(found)
    else:
        future.set_exception(error)
