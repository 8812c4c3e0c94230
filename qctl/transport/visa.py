"""Open links through PyVISA: raw sockets, HiSLIP, serial ports, and whatever else another VISA library offers."""

from __future__ import annotations

import math
import select
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from threading import Lock
from types import TracebackType
from typing import Any, Protocol, cast

from qctl.core.errors import TransportError

from .command import Command
from .session import Session
from .wire import CHUNK, SerialWire, SocketWire, Wire, remaining

_FIRST = Lock()  # PyVISA hands out its manager before it is complete: threads that open links at once would meet it so


def open_link(
    address: str,
    *,
    name: str = "",
    library: str = "@py",
    timeout: float = 5.0,
    tagged: bool = True,
    greeting: Sequence[Command] = (),
    error_query: Command = Command("SYST:ERR?"),  # noqa: B008  a NewType call is the identity
    settings: Mapping[str, object] | None = None,
) -> Session:
    """Open a strict session with an instrument and ask who it is.

    Parameters
    ----------
    address : VISA resource name: ``TCPIP::host::5025::SOCKET``, ``TCPIP::host::hislip0::INSTR``,
        ``TCPIP::host::hislip0,4880::INSTR``, ``ASRL/dev/ttyUSB0::INSTR``
    name : what errors call the instrument; the address where empty
    library : ``@py`` (pyvisa-py) or the path of another VISA library
    timeout : s, for one exchange unless said otherwise
    tagged, greeting, error_query : see :class:`Session`
    settings : attributes of the PyVISA resource, such as ``baud_rate``

    Raises
    ------
    TransportError
        When nobody answers at ``address``, or not to ``*IDN?``.
    """

    def connect(deadline: float) -> Wire:
        return open_wire(address, library, deadline, settings or {})

    return Session(
        connect,
        name=name or address,
        timeout=timeout,
        tagged=tagged,
        greeting=greeting,
        error_query=error_query,
    )


def open_wire(address: str, library: str, deadline: float, settings: Mapping[str, object]) -> Wire:
    """Open the channel at a VISA address, before a monotonic deadline; raise TransportError when that fails."""
    import pyvisa  # heavy: only where instruments are

    left = max(1, math.ceil(remaining(deadline) * 1000))
    with _Opening(address):
        with _FIRST:
            manager = pyvisa.ResourceManager(library)
        opened = manager.open_resource(address, open_timeout=left, timeout=left)
    resource = cast("Resource", opened)
    for attribute, value in settings.items():
        setattr(resource, attribute, value)
    channel = _channel_of(resource)
    if address.upper().endswith("::SOCKET") and channel is not None:
        return SocketWire(channel, resource)
    if address.upper().startswith("ASRL") and channel is not None:
        return SerialWire(channel, resource)
    return VisaWire(resource, channel)


class _Opening:
    """Tells what keeps a link from being opened as a TransportError, and lets mistakes of the program pass.

    pyvisa-py raises the bare class ``Exception`` where a socket cannot connect. An ``except`` clause would catch all of
    its subclasses with it; the exit of a context can ask for the very class.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from pyvisa.errors import Error

        if kind is Exception or isinstance(error, Error | OSError | ValueError | RuntimeError):
            raise TransportError(f"cannot open {self._address}: {error}") from error


class Resource(Protocol):
    """What is used of a PyVISA resource."""

    visalib: Any
    session: int
    timeout: float

    def ignore_warning(self, *codes: int) -> AbstractContextManager[object]:
        """Let these status codes pass in silence."""

    def clear(self) -> None:
        """Send a device clear."""

    def close(self) -> None:
        """Close it."""


def _channel_of(resource: Resource) -> Any:  # noqa: ANN401  whatever pyvisa-py keeps there
    """Return pyvisa-py's own socket, serial port or HiSLIP client; None with any other VISA library."""
    sessions = getattr(resource.visalib, "sessions", None)
    return getattr(sessions[resource.session], "interface", None) if sessions is not None else None


class VisaWire:
    """Any message-based VISA resource."""

    def __init__(self, resource: Resource, channel: object) -> None:
        self._resource = resource
        self._stream = getattr(channel, "_sync", None)  # pyvisa-py's HiSLIP client: its synchronous socket

    def pending(self) -> bytes:
        """Return what has arrived although nobody asked."""
        if self._stream is not None:
            return b"HiSLIP message" if select.select([self._stream], [], [], 0)[0] else b""
        return self._read(CHUNK, 0, patient=False)

    def send(self, parts: Sequence[bytes | memoryview], deadline: float) -> None:
        """Send all parts as one message (VISA wants it in one piece: the parts are copied once)."""
        from pyvisa.errors import VisaIOError

        message = b"".join(parts)
        self._resource.timeout = _milliseconds(deadline)
        try:
            self._resource.visalib.write(self._resource.session, message)
        except (VisaIOError, OSError, RuntimeError) as error:
            raise TransportError(f"sending failed: {error}") from error

    def receive(self, deadline: float) -> bytes:
        """Return what comes next."""
        return self._read(CHUNK, _milliseconds(deadline), patient=True)

    def receive_into(self, out: memoryview, deadline: float) -> None:
        """Fill ``out`` to the last byte."""
        done = 0
        while done < len(out):
            found = self._read(min(len(out) - done, 1 << 22), _milliseconds(deadline), patient=True)
            out[done : done + len(found)] = found
            done += len(found)

    def clear(self) -> None:
        """Send a device clear."""
        from pyvisa.errors import VisaIOError

        try:
            self._resource.timeout = 200
            self._resource.clear()
        except (VisaIOError, OSError, RuntimeError, AttributeError) as error:
            raise TransportError(f"device clear failed: {error}") from error

    def close(self) -> None:
        """Close the resource, whatever state it is in."""
        from pyvisa.errors import VisaIOError

        try:
            self._resource.close()
        except (VisaIOError, OSError, RuntimeError):
            self._stream = None  # a link that is already gone needs no closing

    def _read(self, limit: int, milliseconds: int, *, patient: bool) -> bytes:
        from pyvisa.constants import StatusCode
        from pyvisa.errors import VisaIOError

        self._resource.timeout = milliseconds
        try:
            with self._resource.ignore_warning(StatusCode.success_max_count_read):  # more to come: no news to us
                found = bytes(self._resource.visalib.read(self._resource.session, limit)[0])
        except (VisaIOError, OSError, RuntimeError) as error:
            if not patient and isinstance(error, VisaIOError):
                return b""  # nothing there within no time: as it should be
            raise TransportError(f"no reply in time, or the link is gone: {error}") from error
        if not found and patient:
            raise TransportError("no reply in time", allowed="a whole reply before the deadline")
        return found


def _milliseconds(deadline: float) -> int:
    return max(1, math.ceil(remaining(deadline) * 1000))
