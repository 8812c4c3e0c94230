"""Jobs in the background: one thread for each machine, in the order in which they came."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from enum import Enum
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from .machine import Machine

Answer = TypeVar("Answer")


class State(Enum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Ticket(Generic[Answer]):
    """One job: what it is doing, and its answer in the end."""

    def __init__(self, queue: Queue, work: Callable[[Callable[[], None]], Answer]) -> None:
        self.id = str(uuid.uuid4())
        self._queue, self._work = queue, work
        self._stop = threading.Event()
        self.future: Future[Answer] = Future()

    def __call__(self) -> None:
        """Do the work, unless it was cancelled."""
        self._queue.leave(self)
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            answer = self._work(self._go_on)
        except BaseException as error:  # noqa: BLE001 (whoever asks for the answer gets it)
            self.future.set_exception(error)
        else:
            self.future.set_result(answer)

    def _go_on(self) -> None:
        """Raise when the job is to stop; the work calls it between uploads."""
        if self._stop.is_set():
            raise CancelledError

    def cancel(self) -> bool:
        """Give up a job that waits, or stop one that runs before its next upload; say whether that can be."""
        if self.future.cancel():
            self._queue.leave(self)
            return True
        self._stop.set()
        return not self.future.done()

    @property
    def state(self) -> State:
        """Return where the job stands now."""
        if not self.future.done():
            return State.RUNNING if self.future.running() else State.QUEUED
        if self.future.cancelled() or isinstance(self.future.exception(), CancelledError):
            return State.CANCELLED
        return State.DONE if self.future.exception() is None else State.FAILED

    @property
    def position(self) -> int | None:
        """Return which of the waiting jobs this is, 1 for the next; None when it waits no longer."""
        return self._queue.position(self)


class Queue:
    """The jobs of one machine."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="qctl-jobs")
        self._waiting: list[Ticket[object]] = []
        self._lock = threading.Lock()

    def submit(self, work: Callable[[Callable[[], None]], Answer]) -> Ticket[Answer]:
        """Have work done when its turn comes; it gets a function to call between uploads, which raises to stop it."""
        ticket = Ticket(self, work)
        with self._lock:
            self._waiting.append(ticket)  # type: ignore[arg-type]
        self._pool.submit(ticket)
        return ticket

    def run(self, work: Callable[[Callable[[], None]], Answer]) -> Answer:
        """Have work done when its turn comes, and wait for it; who gives up waiting gives up the work."""
        ticket = self.submit(work)
        try:
            return ticket.future.result()
        except BaseException:
            ticket.cancel()
            raise

    def leave(self, ticket: Ticket[Answer]) -> None:
        """Take a job out of those that wait."""
        with self._lock:
            self._waiting = [one for one in self._waiting if one is not ticket]

    def position(self, ticket: Ticket[Answer]) -> int | None:
        """Return which of the waiting jobs this is, from 1."""
        with self._lock:
            return next((k for k, one in enumerate(self._waiting, 1) if one is ticket), None)


_QUEUES: WeakKeyDictionary[Machine, Queue] = WeakKeyDictionary()
_LOCK = threading.Lock()


def queue_of(machine: Machine) -> Queue:
    """Return the one queue of a machine, so that plugins never use it at the same time."""
    with _LOCK:
        return _QUEUES.setdefault(machine, Queue())
