"""Byte channels: a TCP socket and a serial port, each taken from the PyVISA session that opened it."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from typing import Protocol

from qctl.core.errors import TransportError

CHUNK = 1 << 16
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
    left = deadline - time.monotonic()
    if left <= 0:
        raise TransportError("no reply in time", allowed="a whole reply before the deadline")
    return left


class SocketWire:
    """A TCP stream. Blocks go from the caller's memory to the kernel and back without a copy."""

    def __init__(self, link: socket.socket, owner: Owner) -> None:
        self._link, self._owner = link, owner
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if failed := link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            owner.close()
            raise TransportError(f"no connection (error {failed})")
        link.setblocking(False)  # waiting is done by poll alone: half the system calls of socket timeouts
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(link, select.POLLIN)
        self._writable.register(link, select.POLLOUT)

    def pending(self) -> bytes:
        """Return what has arrived although nobody asked."""
        return self.receive(time.monotonic() + 1.0) if self._readable.poll(0) else b""

    def send(self, parts: Sequence[bytes | memoryview], deadline: float) -> None:
        """Send all parts as one message."""
        last = len(parts) - 1
        for k, part in enumerate(parts):
            flags, done, n_bytes = _MORE if k < last else 0, 0, len(part)
            while done < n_bytes:
                try:
                    done += self._link.send(memoryview(part)[done:] if done else part, flags)
                except BlockingIOError:
                    self._writable.poll(remaining(deadline) * 1000)
                except OSError as error:
                    raise TransportError(f"sending failed: {error}") from error

    def receive(self, deadline: float) -> bytes:
        """Return what comes next."""
        self._readable.poll(remaining(deadline) * 1000)
        try:
            found = self._link.recv(CHUNK)
        except BlockingIOError as error:
            raise TransportError("no reply in time", allowed="a whole reply before the deadline") from error
        except OSError as error:
            raise TransportError(f"receiving failed: {error}") from error
        if not found:
            raise TransportError("the instrument closed the connection")
        return found

    def receive_into(self, out: memoryview, deadline: float) -> None:
        """Fill ``out`` to the last byte."""
        done, n_bytes = 0, len(out)
        while done < n_bytes:
            try:
                count = self._link.recv_into(out[done:])
            except BlockingIOError:
                self._readable.poll(remaining(deadline) * 1000)
                continue
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
            raise TransportError("no reply in time", allowed="a whole reply before the deadline")
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
