"""Byte channels: a TCP socket and a serial port, each taken from the PyVISA session that opened it."""

from __future__ import annotations

import os
import select
import socket
import struct
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil
from time import monotonic
from typing import Protocol

from qctl.core.errors import TransportError

CHUNK = 1 << 16
_ALL = getattr(socket, "MSG_WAITALL", 0)
_MORE = getattr(socket, "MSG_MORE", 0)  # Linux: keep header, block and newline in full packets


class Wire(Protocol):
    """What the strict session needs of a link; every failure is a TransportError. Deadlines are monotonic, in s."""

    def pending(self) -> bytes:
        """Return what has arrived although nobody asked, without waiting."""

    def send(self, parts: Sequence[bytes | memoryview], deadline: float) -> None:
        """Send all parts as one message, without copying them."""

    def receive(self, deadline: float) -> bytes:
        """Return what comes next: at least one byte, at most ``CHUNK``."""

    def receive_into(self, out: memoryview, deadline: float) -> None:
        """Fill ``out`` to the last byte."""

    def clear(self) -> None:
        """Ask the instrument to drop what it is doing, where the link can say so."""

    def close(self) -> None:
        """Give the link back; never raises."""


class Owner(Protocol):
    """Whatever opened the channel and closes it: a PyVISA resource."""

    def close(self) -> None:
        """Close the channel."""


def remaining(deadline: float) -> float:
    """Return the seconds left; raise TransportError when there are none."""
    left = deadline - monotonic()
    if left <= 0:
        raise _too_late()
    return left


def _too_late() -> TransportError:
    return TransportError("no reply in time", allowed="a whole reply before the deadline")


class SocketWire:
    """A TCP stream. Blocks go from the caller's memory to the kernel and back without a copy.

    The kernel does the waiting (``SO_RCVTIMEO``, ``SO_SNDTIMEO``, in whole milliseconds): Python's own socket timeouts
    need two more system calls for each transfer.
    """

    def __init__(self, link: socket.socket, owner: Owner) -> None:
        self._link, self._owner = link, owner
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if failed := link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            owner.close()
            raise TransportError(f"no connection (error {failed})")
        link.setblocking(True)
        self._receive_limit = self._send_limit = 0  # ms, as the kernel knows them
        self._anything, self._sendall, self._recv = _looker(link), link.sendall, link.recv

    def pending(self) -> bytes:
        """Return what has arrived although nobody asked."""
        return self.receive(monotonic() + 1.0) if self._anything() else b""

    def send(self, parts: Sequence[bytes | memoryview], deadline: float) -> None:
        """Send all parts as one message."""
        limit = ceil((deadline - monotonic()) * 1000)
        if limit != self._send_limit:
            self._send_limit = self._limited(socket.SO_SNDTIMEO, limit)
        try:
            for part in parts[:-1]:
                self._link.sendall(part, _MORE)
            self._sendall(parts[-1])
        except BlockingIOError as error:  # how the kernel reports its timeout
            raise TransportError("sending took too long", allowed="all of it before the deadline") from error
        except OSError as error:
            raise TransportError(f"sending failed: {error}") from error

    def receive(self, deadline: float) -> bytes:
        """Return what comes next."""
        limit = ceil((deadline - monotonic()) * 1000)
        if limit != self._receive_limit:
            self._receive_limit = self._limited(socket.SO_RCVTIMEO, limit)
        try:
            found = self._recv(CHUNK)
        except BlockingIOError as error:
            raise _too_late() from error
        except OSError as error:
            raise TransportError(f"receiving failed: {error}") from error
        if not found:
            raise TransportError("the instrument closed the connection")
        return found

    def receive_into(self, out: memoryview, deadline: float) -> None:
        """Fill ``out`` to the last byte."""
        done, n_bytes = 0, len(out)
        while done < n_bytes:
            limit = ceil((deadline - monotonic()) * 1000)
            if limit != self._receive_limit:
                self._receive_limit = self._limited(socket.SO_RCVTIMEO, limit)
            try:
                count = self._link.recv_into(out[done:], 0, _ALL)
            except OSError as error:
                raise TransportError(f"block cut off after {done} of {n_bytes} bytes: {error}") from error
            if not count:
                raise TransportError(f"the connection ended after {done} of {n_bytes} bytes")
            done += count

    def clear(self) -> None:
        """Do nothing: a raw socket has no device clear, reconnecting is the remedy."""

    def close(self) -> None:
        """Close the connection."""
        self._owner.close()

    def _limited(self, option: int, milliseconds: int) -> int:
        """Tell the kernel how long a transfer may take; return it."""
        if milliseconds <= 0:
            raise _too_late()
        self._link.setsockopt(socket.SOL_SOCKET, option, _kernel_time(milliseconds))
        return milliseconds


def _looker(link: socket.socket) -> Callable[[], object]:
    """Return a function that says at once whether anything has arrived."""
    if not hasattr(select, "poll"):  # Windows
        return lambda: select.select([link], [], [], 0)[0]
    poll = select.poll()
    poll.register(link, select.POLLIN)
    return partial(poll.poll, 0)


def _kernel_time(milliseconds: int) -> bytes:
    """Return a socket timeout as the kernel takes it: milliseconds on Windows, ``struct timeval`` elsewhere."""
    if os.name == "nt":
        return struct.pack("@L", milliseconds)
    return struct.pack("@ll", milliseconds // 1000, milliseconds % 1000 * 1000)


class Port(Protocol):
    """What is used of pySerial's ``Serial``."""

    in_waiting: int
    timeout: float | None
    write_timeout: float | None

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, fewer after the timeout."""

    def write(self, data: bytes | memoryview) -> int | None:
        """Send all bytes."""

    def reset_input_buffer(self) -> None:
        """Drop what was received."""

    def reset_output_buffer(self) -> None:
        """Drop what was not sent yet."""


class SerialWire:
    """A serial port (pySerial)."""

    def __init__(self, port: Port, owner: Owner) -> None:
        self._port, self._owner = port, owner

    def pending(self) -> bytes:
        """Return what has arrived although nobody asked."""
        return bytes(self._port.read(self._port.in_waiting)) if self._waiting() else b""

    def send(self, parts: Sequence[bytes | memoryview], deadline: float) -> None:
        """Send all parts as one message."""
        try:
            for part in parts:
                self._port.write_timeout = remaining(deadline)
                self._port.write(part)
        except OSError as error:
            raise TransportError(f"sending failed: {error}") from error

    def receive(self, deadline: float) -> bytes:
        """Return what comes next."""
        try:
            self._port.timeout = remaining(deadline)
            found = bytes(self._port.read(max(1, min(self._waiting(), CHUNK))))
        except OSError as error:
            raise TransportError(f"receiving failed: {error}") from error
        if not found:
            raise _too_late()
        return found

    def receive_into(self, out: memoryview, deadline: float) -> None:
        """Fill ``out`` to the last byte."""
        done = 0
        try:
            while done < len(out):
                self._port.timeout = remaining(deadline)
                found = self._port.read(len(out) - done)
                out[done : done + len(found)] = found
                done += len(found)
        except OSError as error:
            raise TransportError(f"block cut off after {done} of {len(out)} bytes") from error

    def clear(self) -> None:
        """Drop what lies in the port's buffers."""
        try:
            self._port.reset_input_buffer()
            self._port.reset_output_buffer()
        except OSError as error:
            raise TransportError(f"the port cannot be flushed: {error}") from error

    def close(self) -> None:
        """Close the port."""
        self._owner.close()

    def _waiting(self) -> int:
        try:
            return int(self._port.in_waiting)
        except OSError as error:
            raise TransportError(f"the port is gone: {error}") from error
