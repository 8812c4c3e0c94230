"""Everything that a job store refuses: each refusal has a code for programs and a sentence with a remedy for people."""

from __future__ import annotations

from typing import ClassVar

from qctl.core.errors import QctlError


class JobError(QctlError):
    """Root of the refusals; ``code`` never changes between releases, ``status`` is its HTTP answer."""

    code: ClassVar[str] = "job-failed"
    status: ClassVar[int] = 500


class UnknownJobError(JobError):
    """No such job, or none that the asker may see: both look the same."""

    code, status = "unknown-job", 404


class KeyReusedError(JobError):
    """An idempotency key that came before with another body."""

    code, status = "key-reused", 422


class IllegalMoveError(JobError):
    """A change of state that the state machine does not have."""

    code, status = "illegal-move", 409


class StaleFenceError(JobError):
    """A message of an attempt that is over; nothing was stored."""

    code, status = "stale-fence", 409


class InvalidJobError(JobError):
    """A submission that says something impossible."""

    code, status = "invalid-job", 422


class TooLargeError(JobError):
    """A submission beyond what its role may ask for; the message names the number."""

    code, status = "too-large", 422


class QuotaError(JobError):
    """Too many jobs at once; later there is room again."""

    code, status = "quota", 429


class DiskFullError(JobError):
    """Too little room on the disk to accept anything new."""

    code, status = "disk-full", 507


class ReadOnlyError(JobError):
    """A store that stopped writing after a fault of its disk, or one that was opened in safe mode."""

    code, status = "read-only", 503


class DamagedError(JobError):
    """Stored data that are not what was written."""

    code, status = "damaged", 500


class UnauthenticatedError(JobError):
    """Nobody knows who is asking."""

    code, status = "unauthenticated", 401


class ForbiddenError(JobError):
    """A role that may not do this."""

    code, status = "forbidden", 403


class BusyError(JobError):
    """More at once than the daemon takes; try again."""

    code, status = "busy", 429


def refusals() -> tuple[type[JobError], ...]:
    """Return every kind of refusal, for documents and tests."""
    return tuple(JobError.__subclasses__())
