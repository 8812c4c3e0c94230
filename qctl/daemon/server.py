"""The two doors of the API: a local socket that knows its peers, and a loopback port for bearers of tokens."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 256  # of each door: strangers at one cannot shut the other
HEADER_SECONDS = 10.0
MOST_HEADER = 16384
_FULL = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n"


class Protocol(H11Protocol):
    """HTTP/1.1 that knows who is at the other end of a local socket, and does not wait for slow headers."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 (of asyncio)
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        self._late: asyncio.TimerHandle | None = None
        self.app = _knowing(self.app, _peer(transport))
        if len(self.connections) > MOST_CONNECTIONS:
            transport.write(_FULL)
            transport.close()
            return
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Read; the headers of each request must come in time."""
        if self._late is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_headers()
        super().data_received(data)

    def handle_events(self) -> None:
        """Let a request in with the user id of its sender."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and self._late is not None:
            self._late.cancel()
            self._late = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        if self._late is not None:
            self._late.cancel()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        self._late = self.loop.call_later(HEADER_SECONDS, self._too_slow)

    def _too_slow(self) -> None:
        self._late = None
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()


class Door(uvicorn.Server):
    """One server; signals are the daemon's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def door(app: Any) -> Door:  # noqa: ANN401 (an ASGI application)
    """Return a server for one listening socket."""
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",  # there are two doors; that they are open is said by the daemon
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=MOST_HEADER,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=2,
    )
    return Door(config)


def _knowing(app: Any, uid: int | None) -> Any:  # noqa: ANN401 (of ASGI)
    """Return an application that is told the user id at the other end; None at the loopback port."""

    async def told(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 (of ASGI)
        scope["qctl_uid"] = uid
        await app(scope, receive, send)

    return told


def loopback(port: int) -> socket.socket:
    """Listen on a port of this machine only; 0 takes a free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


def hosts_of(port: int) -> dict[int, frozenset[str]]:
    """Return the exact Host headers that each door takes; the local socket is 0."""
    names = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
    return {0: frozenset({"localhost"}), port: names}


def _peer(transport: Any) -> int | None:  # noqa: ANN401 (of asyncio)
    """Return the user id at the other end of a local socket; None for any other."""
    link = transport.get_extra_info("socket")
    if link is None or link.family != socket.AF_UNIX:
        return None
    _, uid, _ = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(uid)
