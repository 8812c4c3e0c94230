"""A simulated instrument on a plain TCP socket: messages end in newline (CRLF is taken too), replies in newline."""

from __future__ import annotations

import logging
import socket

from .device import ScpiDevice
from .message import GarbledMessageError, Scanner
from .outbox import HangUpError, Outbox, Payload

log = logging.getLogger(__name__)

_SMALL = 1 << 14  # bytes that are copied, so that a reply and its newline travel together


def gone(link: socket.socket) -> bool:
    """Say whether the other side has closed the connection, without taking a byte from it."""
    try:
        return link.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def serve_socket(link: socket.socket, device: ScpiDevice) -> None:
    """Answer one client until it hangs up."""

    def send(reply: Payload, whole: bool) -> None:
        if len(reply) < _SMALL:
            link.sendall(bytes(reply) + b"\n" * whole)
        else:
            link.sendall(reply)
            link.sendall(b"\n" * whole)

    scanner, outbox = Scanner(), Outbox(device.faults, send)
    try:
        while n_bytes := link.recv_into(scanner.space()):
            for units in scanner.received(n_bytes):
                reply = device.execute(units, lambda: not gone(link))
                if reply is not None:
                    outbox.post(reply)
    except (OSError, HangUpError, GarbledMessageError) as reason:
        log.info("%s: link closed: %r", device.name, reason)
    finally:
        outbox.forget()
        link.close()
