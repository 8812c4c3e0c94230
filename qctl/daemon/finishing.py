"""Makes results of jobs that have all of their shots."""

from __future__ import annotations

import asyncio
import logging

from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError
from qctl.jobs.finished import result_of
from qctl.jobs.job import Claim, Job
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State

from .company import Company
from .compiling import Compiling
from .foretelling import Foretelling

log = logging.getLogger(__name__)


class Finishing:
    """FINALIZING to DONE."""

    def __init__(
        self, store: SqliteJobStore, results: ResultFiles, jobs: Compiling, company: Company, foretelling: Foretelling
    ) -> None:
        self._store, self._results, self._jobs = store, results, jobs
        self._company, self._foretelling = company, foretelling

    async def finish(self) -> None:
        """Finish all that are complete."""
        if not self._store.counts().get(State.FINALIZING.value):
            return
        for job in await asyncio.to_thread(self._store.in_states, [State.FINALIZING]):
            self._jobs.drop(job.id)
            self._foretelling.ended(job.label, well=True)
            try:
                await asyncio.to_thread(self._finish, job)
            except JobError as error:
                log.error("job %s cannot be finished: %s", job.label, error)
                await self._jobs.fail(Claim(job.id, job.fence), error.code, str(error))
            self._company.forget(job.label)

    def _finish(self, job: Job) -> None:
        data = result_of(job, self._store.segments(job.id, job.round), self._company.remarks(job.label))
        crash_point("store.finalize.after")
        self._store.finish(Claim(job.id, job.fence), self._results.keep(data), len(data))
