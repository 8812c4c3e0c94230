"""Jobs as Qiskit knows them: a backend's, and a primitive's; both wait in the one queue of their machine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any

from qiskit.primitives import BasePrimitiveJob, PrimitiveResult
from qiskit.providers import JobError, JobStatus, JobTimeoutError, JobV1
from qiskit.providers.jobstatus import JOB_FINAL_STATES
from qiskit.result import Result

from qctl.integrations.queue import State, Ticket

if TYPE_CHECKING:
    from .backend import Backend

_STATUS = {
    State.QUEUED: JobStatus.QUEUED,
    State.RUNNING: JobStatus.RUNNING,
    State.DONE: JobStatus.DONE,
    State.FAILED: JobStatus.ERROR,
    State.CANCELLED: JobStatus.CANCELLED,
}


def _answer(ticket: Ticket[Any], timeout: float | None) -> Any:  # noqa: ANN401 (a result of either kind)
    try:
        return ticket.future.result(timeout)
    except CancelledError as reason:
        raise JobError(f"job {ticket.id} was cancelled") from reason
    except FutureTimeout as reason:
        if ticket.future.done():
            raise  # the work itself ran out of time
        raise JobTimeoutError(f"job {ticket.id} is {ticket.state.value} after {timeout} s") from reason


class Job(JobV1):
    """What `Backend.run` returns."""

    def __init__(self, backend: Backend, ticket: Ticket[Any], finish: Callable[[Any, str], Result]) -> None:
        super().__init__(backend, ticket.id)
        self._ticket, self._finish = ticket, finish
        self._result: Result | None = None

    def submit(self) -> None:
        """Refuse: a job is submitted when `Backend.run` makes it."""
        raise JobError(f"job {self.job_id()} has been submitted already")

    def result(self, timeout: float | None = None) -> Result:
        """Return the result, after at most ``timeout`` seconds.

        Raises
        ------
        JobTimeoutError
            When it is not there by then; the job goes on.
        JobError
            When it was cancelled.
        QctlError
            What went wrong, when the job failed.
        """
        if self._result is None:
            self._result = self._finish(_answer(self._ticket, timeout), self.job_id())
        return self._result

    def status(self) -> JobStatus:
        """Return where the job stands."""
        return _STATUS[self._ticket.state]

    def cancel(self) -> bool:
        """Give up a job that waits, or stop one that runs before its next upload; say whether that is possible."""
        return self._ticket.cancel()

    def queue_position(self, refresh: bool = False) -> int | None:
        """Return which of the waiting jobs this is, 1 for the next; None when it waits no longer."""
        return self._ticket.position

    def error_message(self) -> str | None:
        """Return what went wrong, when the job failed; waits for nothing."""
        return str(self._ticket.future.exception()) if self.status() is JobStatus.ERROR else None


class PrimitiveJob(BasePrimitiveJob[PrimitiveResult, JobStatus]):
    """What the primitives return."""

    def __init__(self, ticket: Ticket[PrimitiveResult]) -> None:
        super().__init__(ticket.id)
        self._ticket = ticket

    def result(self, timeout: float | None = None) -> PrimitiveResult:
        """Return the result, after at most ``timeout`` seconds; raises as `Job.result` does."""
        return _answer(self._ticket, timeout)

    def status(self) -> JobStatus:
        """Return where the job stands."""
        return _STATUS[self._ticket.state]

    def cancel(self) -> bool:
        """Give up a job that waits, or stop one that runs before its next upload; say whether that is possible."""
        return self._ticket.cancel()

    def queue_position(self, refresh: bool = False) -> int | None:
        """Return which of the waiting jobs this is, 1 for the next; None when it waits no longer."""
        return self._ticket.position

    def done(self) -> bool:
        """Say whether the job succeeded."""
        return self.status() is JobStatus.DONE

    def running(self) -> bool:
        """Say whether the job is being worked on."""
        return self.status() is JobStatus.RUNNING

    def cancelled(self) -> bool:
        """Say whether the job was cancelled."""
        return self.status() is JobStatus.CANCELLED

    def in_final_state(self) -> bool:
        """Say whether nothing more will happen."""
        return self.status() in JOB_FINAL_STATES
