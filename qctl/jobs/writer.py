"""One thread that writes: transactions of many callers share one commit, and each is answered after it.

An error of the disk ends all writing: a flush that failed once may seem to work the next time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import apsw

from qctl.store import database

from .crash_points import crash_point
from .errors import ReadOnlyError

Answer = TypeVar("Answer")
Change = Callable[[apsw.Connection], Answer]

MOST_AT_ONCE = 256
WINDOW = 0.002  # s to wait for others who want to write


class Writer:
    """The only connection that writes to a job store, and the thread that owns it.

    Parameters
    ----------
    path : of a database that exists
    version : of its schema
    on_fault : is told once when the disk fails; nothing is written any more
    """

    def __init__(self, path: Path, version: int, on_fault: Callable[[str], None] = lambda said: None) -> None:
        self.path, self.fault = path, ""
        self._on_fault = on_fault
        self._todo: SimpleQueue[tuple[Change[Any], Future[Any]] | None] = SimpleQueue()
        self._ended = False
        self._guard = threading.Lock()
        with database.refusals(path):
            self._connection = database.open_writer(path, version)
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
        self._thread.start()

    def submit(self, change: Change[Answer]) -> Future[Answer]:
        """Return the answer of ``change(connection)`` once it is committed; what it raises undoes it alone."""
        future: Future[Answer] = Future()
        with self._guard:
            if self._ended:
                raise ReadOnlyError("the job store is closed", where=str(self.path))
            self._todo.put((change, future))
        return future

    def close(self) -> None:
        """Write what was asked for, move the log into the file, end the thread."""
        with self._guard:
            if self._ended:
                return
            self._ended = True
            self._todo.put(None)
        self._thread.join()

    def _write(self) -> None:
        last = False
        while not last:
            batch, last = self._gather()
            if batch:
                self._commit(batch)
        self._connection.close()

    def _gather(self) -> tuple[list[tuple[Change[Any], Future[Any]]], bool]:
        """Wait for one, then take all who come within the window."""
        batch: list[tuple[Change[Any], Future[Any]]] = []
        item = self._todo.get()
        while item is not None:
            batch.append(item)
            if len(batch) >= MOST_AT_ONCE:
                return batch, False
            try:
                # A lone caller waits for nobody; where several write, a moment's patience saves flushes.
                item = self._todo.get_nowait() if len(batch) == 1 else self._todo.get(timeout=WINDOW)
            except Empty:
                return batch, False
        return batch, True

    def _commit(self, batch: list[tuple[Change[Any], Future[Any]]]) -> None:
        if self.fault:
            return self._refuse([future for _, future in batch])
        answers: list[tuple[Future[Any], Any]] = []
        try:
            with database.transaction(self._connection, "IMMEDIATE"):
                crash_point("writer.begin")
                answers = [(future, self._attempt(change)) for change, future in batch]
                crash_point("writer.commit.before")
            crash_point("writer.commit.after")
            if database.log_is_long(self._connection):
                crash_point("writer.checkpoint.before")
                database.checkpoint(self._connection)
                crash_point("writer.checkpoint.after")
        except Exception as reason:  # noqa: BLE001 (handed to whoever asked; this thread must live on to say so)
            return self._fail(reason, [future for _, future in batch])
        for future, answer in answers:
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        crash_point("writer.ack.after")
        return None

    def _attempt(self, change: Change[Any]) -> object:
        """Return what one change answers, or the error that undid it; errors of the disk end the whole batch."""
        try:
            with self._connection:  # a savepoint of its own
                answer: object = change(self._connection)
        except (apsw.IOError, apsw.FullError, apsw.CorruptError, apsw.NotADBError):
            raise
        except Exception as error:  # noqa: BLE001 (handed to whoever asked)
            return error
        return answer

    def _fail(self, reason: Exception, futures: list[Future[Any]]) -> None:
        """Answer everybody; a full disk may be emptied, any other fault of the disk is the end of writing."""
        if not isinstance(reason, apsw.FullError | apsw.BusyError):
            self.fault = str(reason) or type(reason).__name__
            self._on_fault(self.fault)
        for future in futures:
            try:
                with database.refusals(self.path):
                    raise reason
            except Exception as said:  # noqa: BLE001 (handed to whoever asked)
                future.set_exception(said)

    def _refuse(self, futures: list[Future[Any]]) -> None:
        for future in futures:
            future.set_exception(
                ReadOnlyError(
                    f"no more writing after a fault of the disk ({self.fault})",
                    where=str(self.path),
                    remedy="look at the system's log, then start qctl again",
                )
            )
