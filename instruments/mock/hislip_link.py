"""A simulated instrument behind HiSLIP, the protocol of VISA addresses such as ``TCPIP::host::hislip0,port::INSTR``.

Source: IVI-6.1, High-Speed LAN Instrument Protocol, revision 1.1; synchronized mode, no encryption.
"""

from __future__ import annotations

import itertools
import logging
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from .device import ScpiDevice
from .message import GarbledMessageError, Scanner, Unit
from .outbox import HangUpError, Outbox, Payload
from .socket_link import gone

log = logging.getLogger(__name__)

_HEADER = struct.Struct("!2sBBIQ")
_VERSION = 0x0100  # 1.0: everything that a client without TLS needs
_LARGEST = 1 << 28  # bytes of one message that the server takes
_SHORT = 1 << 10  # payloads of all messages but data are short


class Kind(IntEnum):
    """Message types, IVI-6.1 table 4."""

    INITIALIZE = 0
    INITIALIZE_RESPONSE = 1
    FATAL_ERROR = 2
    ERROR = 3
    ASYNC_LOCK = 4
    ASYNC_LOCK_RESPONSE = 5
    DATA = 6
    DATA_END = 7
    DEVICE_CLEAR_COMPLETE = 8
    DEVICE_CLEAR_ACKNOWLEDGE = 9
    ASYNC_REMOTE_LOCAL_CONTROL = 10
    ASYNC_REMOTE_LOCAL_RESPONSE = 11
    TRIGGER = 12
    ASYNC_MAX_MSG_SIZE = 15
    ASYNC_MAX_MSG_SIZE_RESPONSE = 16
    ASYNC_INITIALIZE = 17
    ASYNC_INITIALIZE_RESPONSE = 18
    ASYNC_DEVICE_CLEAR = 19
    ASYNC_STATUS_QUERY = 21
    ASYNC_STATUS_RESPONSE = 22
    ASYNC_DEVICE_CLEAR_ACKNOWLEDGE = 23
    ASYNC_LOCK_INFO = 24
    ASYNC_LOCK_INFO_RESPONSE = 25


@dataclass(frozen=True, slots=True)
class Message:
    """A header; its payload still waits on the link."""

    kind: int
    control: int
    parameter: int
    length: int


@dataclass
class Session:
    """One client: a synchronous and an asynchronous connection."""

    number: int
    largest: int = 1 << 20  # bytes of one message that the client takes
    clearing: bool = False
    outbox: Outbox | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class HislipServer:
    """Serves one instrument; give it each connection that comes."""

    def __init__(self, device: ScpiDevice) -> None:
        self._device = device
        self._numbers = itertools.count(1)
        self._sessions: dict[int, Session] = {}
        self._locked_by = 0

    def serve(self, link: socket.socket) -> None:
        """Answer one connection of either kind until it closes."""
        try:
            first = _receive(link)
            payload = _payload(link, first)
            if first.kind == Kind.INITIALIZE:
                self._serve_synchronous(link, payload)
            elif first.kind == Kind.ASYNC_INITIALIZE and first.parameter in self._sessions:
                self._serve_asynchronous(link, self._sessions[first.parameter])
            else:
                _send(link, Kind.FATAL_ERROR, 3, 0, b"invalid initialization sequence")
        except (OSError, HangUpError, GarbledMessageError) as reason:
            log.info("%s: HiSLIP link closed: %r", self._device.name, reason)
        finally:
            link.close()

    def _serve_synchronous(self, link: socket.socket, sub_address: bytes) -> None:
        session = Session(next(self._numbers) & 0xFFFF)
        self._sessions[session.number] = session
        log.debug("%s: HiSLIP session %d for %r", self._device.name, session.number, sub_address)
        _send(link, Kind.INITIALIZE_RESPONSE, 0, _VERSION << 16 | session.number)
        scanner = Scanner()
        try:
            while True:
                self._synchronous_message(link, session, scanner)
        finally:
            del self._sessions[session.number]
            if session.outbox is not None:
                session.outbox.forget()

    def _synchronous_message(self, link: socket.socket, session: Session, scanner: Scanner) -> None:
        message = _receive(link)
        if message.kind in (Kind.DATA, Kind.DATA_END):
            self._data(link, session, scanner, message)
        elif message.kind == Kind.DEVICE_CLEAR_COMPLETE:
            _payload(link, message)
            scanner.forget()
            session.clearing = False
            _send(link, Kind.DEVICE_CLEAR_ACKNOWLEDGE, 0, 0)
        elif message.kind == Kind.TRIGGER:
            _payload(link, message)
            self._device.execute((Unit("*TRG", ()),))
        else:
            _payload(link, message)
            _send(link, Kind.ERROR, 1, 0, b"unrecognized message type")

    def _data(self, link: socket.socket, session: Session, scanner: Scanner, message: Message) -> None:
        outbox = self._outbox(link, session, message.parameter)
        left = message.length
        while left:
            n_bytes = link.recv_into(scanner.space(left))
            if n_bytes == 0:
                raise ConnectionResetError("closed inside a message")
            left -= n_bytes
            for units in scanner.received(n_bytes):
                self._execute(link, session, units, outbox)
        if message.kind == Kind.DATA_END:
            for units in scanner.end():
                self._execute(link, session, units, outbox)

    def _execute(self, link: socket.socket, session: Session, units: tuple[Unit, ...], outbox: Outbox) -> None:
        if session.clearing:
            return
        reply = self._device.execute(units, lambda: not gone(link))
        if reply is not None and not session.clearing:
            outbox.post(reply)

    def _outbox(self, link: socket.socket, session: Session, request: int) -> Outbox:
        """Return where replies to message ``request`` go; a reply held back keeps the number it had."""

        def send(reply: Payload, whole: bool) -> None:
            parts = memoryview(bytes(reply) + b"\n" if whole and len(reply) < _SHORT else reply)
            room = max(session.largest - _HEADER.size, 1)
            while len(parts) > room:
                _send(link, Kind.DATA, 0, request, parts[:room])
                parts = parts[room:]
            if whole and len(reply) >= _SHORT:
                _send(link, Kind.DATA, 0, request, parts)
                parts = memoryview(b"\n")
            _send(link, Kind.DATA_END, 0, request, parts)

        if session.outbox is None:
            session.outbox = Outbox(self._device.faults, send)
        session.outbox.redirect(send)
        return session.outbox

    def _serve_asynchronous(self, link: socket.socket, session: Session) -> None:
        _send(link, Kind.ASYNC_INITIALIZE_RESPONSE, 0, int.from_bytes(b"qc", "big"))
        answers: dict[int, Callable[[Message, bytes], tuple[Kind, int, int, bytes]]] = {
            Kind.ASYNC_MAX_MSG_SIZE: lambda _, payload: self._size(session, payload),
            Kind.ASYNC_DEVICE_CLEAR: lambda *_: self._clear(session),
            Kind.ASYNC_STATUS_QUERY: lambda *_: (Kind.ASYNC_STATUS_RESPONSE, self._device.status_byte(), 0, b""),
            Kind.ASYNC_REMOTE_LOCAL_CONTROL: lambda *_: (Kind.ASYNC_REMOTE_LOCAL_RESPONSE, 0, 0, b""),
            Kind.ASYNC_LOCK: lambda message, _: self._lock(session, message),
            Kind.ASYNC_LOCK_INFO: lambda *_: self._lock_info(),
        }
        try:
            while True:
                message = _receive(link)
                payload = _payload(link, message)
                if message.kind == Kind.ASYNC_DEVICE_CLEAR and self._device.faults.plan.deaf_to_clear:
                    continue
                answer = answers.get(message.kind)
                reply = answer(message, payload) if answer else (Kind.ERROR, 1, 0, b"unrecognized message type")
                _send(link, *reply)
        finally:
            self._locked_by = 0 if self._locked_by == session.number else self._locked_by

    def _size(self, session: Session, payload: bytes) -> tuple[Kind, int, int, bytes]:
        session.largest = int.from_bytes(payload, "big")
        return Kind.ASYNC_MAX_MSG_SIZE_RESPONSE, 0, 0, _LARGEST.to_bytes(8, "big")

    def _clear(self, session: Session) -> tuple[Kind, int, int, bytes]:
        session.clearing = True
        self._device.clear()
        if session.outbox is not None:
            session.outbox.forget()
        return Kind.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE, 0, 0, b""

    def _lock(self, session: Session, message: Message) -> tuple[Kind, int, int, bytes]:
        free = self._locked_by in (0, session.number)
        if free:
            self._locked_by = session.number if message.control == 1 else 0
        return Kind.ASYNC_LOCK_RESPONSE, int(free), 0, b""

    def _lock_info(self) -> tuple[Kind, int, int, bytes]:
        held = int(self._locked_by != 0)
        return Kind.ASYNC_LOCK_INFO_RESPONSE, held, held, b""


def _receive(link: socket.socket) -> Message:
    prologue, *rest = _HEADER.unpack(_exactly(link, _HEADER.size))
    if prologue != b"HS":
        _send(link, Kind.FATAL_ERROR, 1, 0, b"poorly formed message header")
        raise ConnectionResetError("no HiSLIP header")
    return Message(*rest)


def _payload(link: socket.socket, message: Message) -> bytes:
    if message.length > _SHORT:
        raise ConnectionResetError(f"{message.length} bytes behind message type {message.kind}")
    return _exactly(link, message.length)


def _exactly(link: socket.socket, n_bytes: int) -> bytes:
    found = bytearray()
    while len(found) < n_bytes:
        piece = link.recv(n_bytes - len(found))
        if not piece:
            raise ConnectionResetError("closed")
        found += piece
    return bytes(found)


def _send(link: socket.socket, kind: Kind, control: int, parameter: int, payload: Payload = b"") -> None:
    head = _HEADER.pack(b"HS", kind, control, parameter, len(payload))
    if len(payload) < _SHORT:
        link.sendall(head + bytes(payload))
    else:
        link.sendall(head)
        link.sendall(payload)
