"""The HTTP API: every endpoint of the table, answered from the store, the scheduler and the parameter store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse

from qctl._version import __version__
from qctl.core.errors import QctlError
from qctl.jobs.admission import admit
from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import BusyError, IllegalMoveError, InvalidJobError, UnknownJobError
from qctl.jobs.job import Actor, Job, label, number
from qctl.jobs.states import State

from . import answers
from .auth import role_of
from .gate import SAFE_HEADERS, refusal
from .house import House
from .models import JobView, NewToken, Plain, Reason, Receipt, Refused, Submit
from .table import ENDPOINTS, Role

Found = TypeVar("Found")
Limit = Annotated[int, Query(ge=1, le=1000)]
After = Annotated[int, Query(ge=0, le=2**53)]
FOLLOWERS = 32  # streams at once
CHUNK = 65536
REFUSALS = (400, 401, 403, 404, 405, 408, 409, 413, 415, 421, 422, 429, 431, 500, 503, 507)
REFUSED: dict[str, Any] = {"application/json": {"schema": {"$ref": "#/components/schemas/Refused"}}}

LINES, CONTAINER = "application/x-ndjson", "application/octet-stream"
STREAMS = {"events": LINES, "segments": LINES, "result_file": CONTAINER}
"""Answers that are no JSON document: a line of JSON for each thing told, and a result as it is kept."""


async def who(request: Request) -> Actor:
    """Return who asks, as the gate found out."""
    actor: Actor = request.scope["actor"]
    return actor


Asker = Annotated[Actor, Depends(who)]


class Api:
    """Functions named as in the table.

    Parameters
    ----------
    house : everything that answers are made of
    """

    def __init__(self, house: House) -> None:
        self.house, self.store = house, house.store
        self._followers = 0

    async def healthz(self) -> Plain:
        """Say whether the daemon accepts jobs; the only thing that strangers are told."""
        return {"ok": not self.store.fault}

    async def document(self, request: Request) -> Plain:
        """Return the OpenAPI document of this API."""
        found: Plain = request.app.openapi()
        return found

    async def status(self) -> Plain:
        """Return what the machine is doing."""
        return await asyncio.to_thread(answers.status, self.house)

    async def health(self) -> Plain:
        """Return what is wrong, by part; empty lists where all is well."""
        return await asyncio.to_thread(answers.health, self.house)

    async def capabilities(self) -> Plain:
        """Return what the machine can run."""
        return answers.capabilities(self.house)

    async def instruments(self) -> Plain:
        """Return the instruments and what they say they are."""
        return answers.instruments(self.house)

    async def calibration(self, target: Annotated[str, Query(max_length=64)] = "") -> Plain:
        """Return the newest parameters: all names that begin with ``target``, with value, error, unit and age."""
        return await asyncio.to_thread(answers.calibration, self.house, target)

    async def jobs(
        self,
        asker: Asker,
        state: Annotated[list[State], Query(max_length=10)] = [],  # noqa: B006 (FastAPI copies it)
        before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
        limit: Limit = 100,
        everybody: bool = False,
    ) -> list[JobView]:
        """Return jobs, newest first: one's own, or everybody's for operators."""
        user = None if everybody and role_of(asker) >= Role.OPERATOR else asker.name
        found = await asyncio.to_thread(self.store.jobs, user=user, states=state, before=before, limit=limit)
        return [JobView.of(job) for job in found]

    async def submit(
        self,
        asker: Asker,
        asked: Submit,
        response: Response,
        idempotency_key: Annotated[str, Header(max_length=255, pattern=r"^[\x21-\x7e]*$")] = "",
    ) -> Receipt:
        """Accept a job: it is durable when the answer is 201. The same key with the same body finds the same job."""
        crash_point("api.submit.received")
        submission = asked.submission()
        quota = admit(submission, asker.role, self.house.laboratory.period)
        self.house.disk.refuse_when_full()
        receipt = await asyncio.wrap_future(self.store.submit_soon(asker, submission, idempotency_key, quota.active))
        crash_point("api.submit.before_answer")
        response.status_code = 201 if receipt.created else 200
        return Receipt(job=label(receipt.job), created=receipt.created)

    async def job(self, asker: Asker, job: str) -> JobView:
        """Return one job."""
        return JobView.of(await self._job(asker, job))

    async def why(self, asker: Asker, job: str) -> Plain:
        """Say in a sentence why a job is where it is."""
        found = await self._job(asker, job)
        eta = await asyncio.to_thread(answers.eta, self.house, found)
        return {"job": found.label, "state": found.state.value, "why": self.house.scheduler.why(found), "eta": eta}

    async def program(self, asker: Asker, job: str) -> Plain:
        """Return what was submitted, word for word."""
        found = await self._job(asker, job)
        return {"job": found.label, "program": found.submission.program, "asked": found.submission.document()}

    async def job_events(self, asker: Asker, job: str, after: After = 0, limit: Limit = 100) -> list[Plain]:
        """Return what happened to a job."""
        found = await self._job(asker, job)
        events = await asyncio.to_thread(self.store.events, after=after, job=found.id, limit=limit)
        return [answers.event(one) for one in events]

    async def result(self, asker: Asker, job: str) -> Plain:
        """Return the counts of a job that is DONE, and everything that says how they came to be."""
        found = await self._job(asker, job)
        return await asyncio.to_thread(answers.result, self.house, _done(found))

    async def result_file(self, asker: Asker, job: str) -> Response:
        """Return the result as it is kept: a container that proves itself."""
        found = _done(await self._job(asker, job))
        data = await asyncio.to_thread(self.house.results.read, found.result)
        headers = {"content-length": str(len(data)), "etag": f'"{found.result}"'}
        return StreamingResponse(_pieces(data), media_type=CONTAINER, headers=headers)

    async def segments(self, asker: Asker, job: str, follow: bool = False) -> Response:
        """Return counts as they are stored, a line of JSON for each segment; with ``follow`` until the job ends."""
        found = await self._job(asker, job)
        return self._stream(self._segments(found, follow))

    async def cancel(self, asker: Asker, job: str, said: Reason) -> Plain:
        """Cancel a job; one that runs ends at the border of its window."""
        found = await self._job(asker, job)
        state = await asyncio.to_thread(self.store.cancel, asker, found.id, said.reason)
        return {"job": found.label, "state": state.value}

    async def hold(self, asker: Asker, job: str, said: Reason) -> Plain:
        """Keep a job from running until it is resumed."""
        found = await self._job(asker, job)
        state = await asyncio.to_thread(
            self.store.hold, asker, found.id, f"{asker.role}: {said.reason or 'no reason given'}"
        )
        return {"job": found.label, "state": state.value}

    async def resume(self, asker: Asker, job: str, said: Reason) -> Plain:
        """Let a held job run again."""
        found = await self._job(asker, job)
        if found.reason.startswith(("operator:", "admin:")) and role_of(asker) < Role.OPERATOR:
            raise IllegalMoveError(f"{found.label} is held by an operator", remedy="ask one")
        state = await asyncio.to_thread(self.store.resume, asker, found.id)
        return {"job": found.label, "state": state.value}

    async def events(self, asker: Asker, after: After = 0, limit: Limit = 100, follow: bool = False) -> Response:
        """Return what happened to one's jobs (for operators: to all), a line of JSON each; with ``follow`` for ever."""
        user = None if role_of(asker) >= Role.OPERATOR else asker.name
        return self._stream(self._events(user, after, limit, follow))

    async def audit(self, after: After = 0, limit: Limit = 100) -> list[Plain]:
        """Return lines of the journal, everything of everybody."""
        return [answers.event(one) for one in await asyncio.to_thread(self.store.events, after=after, limit=limit)]

    async def back_up(self, asker: Asker) -> Plain:
        """Copy the job store now; the copy is verified before this answers."""
        return await asyncio.to_thread(answers.back_up, self.house, asker)

    async def tokens(self) -> list[Plain]:
        """Return all tokens, without their secrets."""
        return await asyncio.to_thread(answers.tokens, self.house)

    async def new_token(self, asker: Asker, asked: NewToken) -> Plain:
        """Make a token; its secret is in this answer and nowhere else."""
        arguments = asker, asked.user, asked.role, asked.label, asked.life_s
        return {"token": await asyncio.to_thread(self.house.tokens.make, *arguments)}

    async def revoke_token(self, asker: Asker, token: Annotated[str, Path(max_length=64)]) -> Plain:
        """End a token at once."""
        await asyncio.to_thread(self.house.tokens.revoke, asker, token)
        return {"revoked": token}

    async def _job(self, asker: Actor, text: str) -> Job:
        """Return a job that the asker may see; another's looks as if it did not exist."""
        which = number(text)
        found = None if which is None else await self._found(which)
        if found is None or (found.user != asker.name and role_of(asker) < Role.OPERATOR):
            raise UnknownJobError("no such job of yours", remedy="qctl jobs lists yours")
        return found

    async def _found(self, which: int) -> Job | None:
        try:
            return await asyncio.to_thread(self.store.job, which)
        except UnknownJobError:
            return None

    def _stream(self, lines: AsyncIterator[Plain]) -> Response:
        if self._followers >= FOLLOWERS:
            raise BusyError(f"{self._followers} streams are open", allowed=f"{FOLLOWERS}", remedy="close one")
        return StreamingResponse(self._encoded(lines), media_type=LINES)

    async def _encoded(self, lines: AsyncIterator[Plain]) -> AsyncIterator[bytes]:
        self._followers += 1
        try:
            async for line in lines:
                yield json.dumps(line).encode() + b"\n"
        finally:
            self._followers -= 1

    async def _segments(self, job: Job, follow: bool) -> AsyncIterator[Plain]:
        sent: tuple[int, int] = (job.round, 0)
        while True:
            seen = self.house.news.number
            job = await asyncio.to_thread(self.store.job, job.id)
            if job.round != sent[0]:
                yield {"round": job.round, "begins": "anew"}
                sent = (job.round, 0)
            stored = await asyncio.to_thread(self.store.segments, job.id, job.round)
            for one in stored:
                if one.first >= sent[1]:
                    yield answers.segment(one)
                    sent = (job.round, one.first + one.shots)
            if not follow or job.state.final:
                yield {"state": job.state.value, "reason": job.reason}
                return
            await self.house.news.wait(seen)

    async def _events(self, user: str | None, after: int, limit: int, follow: bool) -> AsyncIterator[Plain]:
        while True:
            seen = self.house.news.number
            found = await asyncio.to_thread(self.store.events, after=after, user=user, limit=limit)
            for one in found:
                yield answers.event(one)
                after = one.id
            if not follow:
                return
            if not found:
                await self.house.news.wait(seen)


def build(house: House) -> FastAPI:
    """Return the application behind the gate: the endpoints of the table, and nothing else."""
    app = FastAPI(
        title="qctl", version=__version__, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    api = Api(house)
    first: dict[int | str, dict[str, Any]] = {REFUSALS[0]: {"model": Refused}}  # one model for all: each takes its time
    refusals: dict[int | str, dict[str, Any]] = {status: {"content": REFUSED} for status in REFUSALS}
    for one in ENDPOINTS:
        good: dict[int | str, dict[str, Any]] = {201: {"model": Receipt}} if one.name == "submit" else {}
        if one.name in STREAMS:
            good = {200: {"content": {STREAMS[one.name]: {}}}}
        app.add_api_route(
            one.path, getattr(api, one.name), methods=[one.method], responses={**refusals, **first, **good},
            operation_id=one.name, response_class=Response if one.name in STREAMS else JSONResponse,
            response_model_by_alias=True, openapi_extra={"x-role": one.role.name.lower()},
        )  # fmt: skip
    app.add_exception_handler(QctlError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, QctlError)
    status, document = refusal(error)
    headers = {name.decode(): value.decode() for name, value in SAFE_HEADERS}
    return JSONResponse(document, status, {**headers, "retry-after": "1"} if status == 429 else headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return await _refused(request, InvalidJobError(str(first["msg"]), where=where, remedy="see /openapi.json"))


def _done(job: Job) -> Job:
    if job.state is not State.DONE:
        raise IllegalMoveError(
            f"job {job.label} is {job.state.value} and has no result", remedy="its segments tell what was stored"
        )
    return job


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]
