"""What every request must pass before anything looks at it: its host, its origin, its size, its sender, its right.

A web page cannot drive qctl: hosts are an exact list (so that a name which someone points at this machine does not
help), origins must be our own, bodies must be JSON, and there are no cookies that a browser would send by itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from qctl.core.errors import QctlError
from qctl.jobs.errors import BusyError, ForbiddenError, JobError, UnauthenticatedError
from qctl.jobs.job import Actor

from . import strict_json
from .auth import Peers, Tokens, role_of
from .table import Endpoint, Role, endpoint_of, methods_of

log = logging.getLogger(__name__)

MOST_BODY = 8 * 2**20
MOST_HEADERS = 16384
BODY_SECONDS = 30.0
FAILURES = 20  # tokens that nobody knows, per second, before strangers must wait
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class GateError(JobError):
    """A request that is refused for its form; ``status`` is its own."""

    def __init__(self, status: int, code: str, said: str, remedy: str = "") -> None:
        super().__init__(said, remedy=remedy)
        self.answer, self.name = status, code


class Gate:
    """An ASGI application in front of another one.

    Parameters
    ----------
    hosts : exact values of the Host header, by port; those of the local socket at 0
    """

    def __init__(self, app: App, tokens: Tokens, peers: Peers, hosts: dict[int, frozenset[str]]) -> None:
        self._app, self._tokens, self._peers, self._hosts = app, tokens, peers, hosts
        self._failed: list[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass; answer everything else here."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        try:
            endpoint = self._let_in(scope)
            body = await self._body(scope, receive)
        except JobError as refused:
            await answer(send, *refusal(refused))
            return
        del endpoint
        given = False

        async def again() -> MutableMapping[str, Any]:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)

    def _let_in(self, scope: Scope) -> Endpoint:
        headers = _headers(scope)
        local = scope.get("qctl_uid")
        port = 0 if local is not None else int((scope.get("server") or ("", -1))[1] or -1)
        if headers.get("host", "") not in self._hosts.get(port, frozenset()):
            raise GateError(
                421, "wrong-host", "this host name is not one of ours", "use the address that qctl serve shows"
            )
        _refuse_other_sites(headers, port)
        _refuse_odd_bodies(scope["method"], headers)
        actor = self._peers.actor(local) if local is not None else self._bearer(headers)
        endpoint = _endpoint(scope, actor)
        scope["actor"], scope["endpoint"] = actor, endpoint
        return endpoint

    def _bearer(self, headers: dict[str, str]) -> Actor | None:
        said = headers.get("authorization", "")
        if not said:
            return None
        kind, _, secret = said.partition(" ")
        now = time.monotonic()
        self._failed = [when for when in self._failed if now - when < 1.0]
        found = self._tokens.bearer(secret.strip()) if kind.lower() == "bearer" else None
        if found is None:
            self._failed.append(now)
            if len(self._failed) > FAILURES:
                raise BusyError("too many unknown tokens", remedy="wait a second")
            raise UnauthenticatedError(
                "this token is not known", remedy="ask an administrator for one: qctl jobs token"
            )
        return found

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """Return the whole body, which must come in time and be no larger than allowed."""
        if scope["method"] not in ("POST", "PUT", "PATCH"):
            return b""
        parts, size = [], 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise GateError(400, "cut-off", "the body was cut off")
                    size += len(message.get("body", b""))
                    if size > MOST_BODY:
                        raise _too_large()
                    parts.append(message.get("body", b""))
                    if not message.get("more_body"):
                        break
        except TimeoutError as reason:
            raise GateError(408, "too-slow", f"no whole body within {BODY_SECONDS:g} s") from reason
        body = b"".join(parts)
        if body:
            await asyncio.to_thread(strict_json.parse, body) if size > 65536 else strict_json.parse(body)
        return body


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        if key in found and key in ("host", "authorization", "content-length", "content-type", "idempotency-key"):
            raise GateError(400, "doubled-header", f"{key} comes twice")
        found[key] = value.decode("latin-1")
    if "transfer-encoding" in found and "content-length" in found:
        raise GateError(400, "two-lengths", "the body has two lengths")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADERS:
        raise GateError(431, "long-headers", f"headers of more than {MOST_HEADERS} bytes")
    return found


def _refuse_other_sites(headers: dict[str, str], port: int) -> None:
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    ours = {f"http://{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
    if (origin is not None and origin not in ours) or site not in (None, "same-origin", "none"):
        raise GateError(403, "other-site", "pages of other sites may not use this")
    if "cookie" in headers and "authorization" not in headers:
        raise UnauthenticatedError("cookies are no credentials here", remedy="send a bearer token")


def _refuse_odd_bodies(method: str, headers: dict[str, str]) -> None:
    if int_of(headers.get("content-length", "0")) > MOST_BODY:
        raise _too_large()
    if headers.get("content-encoding", "identity") != "identity":
        raise GateError(415, "encoded-body", "compressed bodies are not taken")
    if method == "POST" and headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise GateError(415, "no-json", "the content type is not application/json")


def _endpoint(scope: Scope, actor: Actor | None) -> Endpoint:
    endpoint = endpoint_of(scope["method"], scope["path"])
    role = role_of(actor)
    if endpoint is not None and endpoint.role is Role.NOBODY:
        return endpoint
    if actor is None:  # what exists is nobody's business who is not known
        raise UnauthenticatedError("nobody said who asks", remedy="send a bearer token, or use the local socket")
    if endpoint is None and methods_of(scope["path"]):
        raise GateError(405, "no-such-method", f"this path does not know {scope['method']}")
    if endpoint is None:
        raise GateError(404, "no-such-path", "there is nothing here", "/openapi.json lists what there is")
    if role < endpoint.role:
        raise ForbiddenError(
            f"role {actor.role} may not {endpoint.name}", allowed=f"{endpoint.role.name.lower()} and above"
        )
    return endpoint


def _too_large() -> GateError:
    return GateError(413, "too-large", f"a body of more than {MOST_BODY} bytes")


def int_of(text: str) -> int:
    """Return a length; a huge one for what is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 2**63


def refusal(error: QctlError) -> tuple[int, dict[str, Any]]:
    """Return status and document of an error."""
    if isinstance(error, GateError):
        status, code = error.answer, error.name
    elif isinstance(error, JobError):
        status, code = error.status, error.code
    else:
        status, code = 500, "failed"
    return status, {
        "error": {
            "code": code,
            "said": error.asked,
            "allowed": error.allowed,
            "where": error.where,
            "remedy": error.remedy,
        }
    }


async def answer(send: Send, status: int, document: dict[str, Any]) -> None:
    """Send a whole answer as JSON."""
    body = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *SAFE_HEADERS]
    if status == 429:
        headers.append((b"retry-after", b"1"))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status >= 400:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


SAFE_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
