"""A rack on real links: a TCP socket and a HiSLIP port for each instrument, a serial port for those that have one."""

from __future__ import annotations

import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self

from qctl.core.laboratory import Laboratory

from .bench import Rack
from .faults import Faults
from .hislip_link import HislipServer
from .line_device import LineDevice
from .parent import Parent
from .performance import World
from .serial_link import SerialPort
from .socket_link import serve_socket

Serve = Callable[[socket.socket], None]
_BUFFER = 1 << 22  # bytes that the kernel may hold for a link


@dataclass(frozen=True, slots=True)
class Served:
    """Where one instrument answers: VISA resource names; ``hislip`` is empty for one on a serial port."""

    driver: str
    model: str
    address: str
    hislip: str


class RunningRack:
    """A rack that serves until it is closed."""

    def __init__(self, rack: Rack, host: str) -> None:
        self.rack = rack
        self.instruments: dict[str, Served] = {}
        self._selector = selectors.DefaultSelector()
        self._links: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._serial: list[SerialPort] = []
        for name, mock in rack.mocks.items():
            driver, model = rack.laboratory.instruments[name].driver, mock.identity.split(",")[1].strip()
            if isinstance(mock, LineDevice):
                self._serial.append(SerialPort(mock))
                self.instruments[name] = Served(driver, model, self._serial[-1].address, "")
                continue
            plain = self._listen(host, partial(serve_socket, device=mock))
            hislip = self._listen(host, HislipServer(mock).serve)
            self.instruments[name] = Served(
                driver,
                model,
                f"TCPIP::{host}::{plain}::SOCKET",
                f"TCPIP::{host}::hislip0,{hislip}::INSTR",
            )
        self._stop_reading, self._stop_writing = socket.socketpair()
        self._selector.register(self._stop_reading, selectors.EVENT_READ, None)
        self._acceptor = threading.Thread(target=self._accept, name="rack", daemon=True)
        self._acceptor.start()

    def _listen(self, host: str, serve: Serve) -> int:
        listener = socket.create_server((host, 0))
        self._selector.register(listener, selectors.EVENT_READ, serve)
        port: int = listener.getsockname()[1]
        return port

    def _accept(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                assert isinstance(key.fileobj, socket.socket)
                link, _ = key.fileobj.accept()
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
                with self._guard:
                    self._links = {known for known in self._links if known.fileno() >= 0} | {link}
                threading.Thread(target=key.data, args=(link,), name="link", daemon=True).start()

    def announcement(self) -> dict[str, Any]:
        """Return what ``qctl rack --json`` says."""
        fields = ("driver", "model", "address", "hislip")
        return {"instruments": {n: {f: getattr(s, f) for f in fields} for n, s in self.instruments.items()}}

    def close(self) -> None:
        """Stop serving; every link closes."""
        self._stop_writing.close()
        self._acceptor.join()
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()
        for port in self._serial:
            port.close()
        self.rack.close()
        with self._guard:
            for link in self._links:
                try:
                    link.shutdown(socket.SHUT_RDWR)
                except OSError:  # closed already
                    continue

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(
    laboratory: Laboratory,
    world: World,
    *,
    host: str = "127.0.0.1",
    faults: Mapping[str, Faults] | None = None,
    latencies: Mapping[str, float] | None = None,
    seed: int = 0,
) -> RunningRack:
    """Serve every instrument of a laboratory in threads of this process; close it, or use it in a ``with``."""
    return RunningRack(Rack(laboratory, world, faults=faults, latencies=latencies, seed=seed), host)


def run_rack(
    laboratory: Laboratory,
    world: World,
    announce: Callable[[dict[str, Any]], None],
    *,
    seed: int = 0,
    faults: Mapping[str, Faults] | None = None,
    latencies: Mapping[str, float] | None = None,
) -> None:
    """Serve in the foreground until SIGINT, SIGTERM, or the end of a pipe at standard input; see :class:`.Parent`.

    Parameters
    ----------
    world, faults, latencies : see :func:`serve`
    announce : called once, when everything answers, with what ``qctl rack --json`` prints
    """
    ended = threading.Event()
    before = {kind: signal.signal(kind, lambda *_: ended.set()) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        with serve(laboratory, world, seed=seed, faults=faults, latencies=latencies) as running:
            parent = Parent(sys.stdin.fileno(), world.wait, ended.set)
            running.rack.hear = parent.hear
            parent.listen()
            announce(running.announcement())
            ended.wait()
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
