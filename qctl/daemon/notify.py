"""Tells systemd how a service fares: the protocol of ``sd_notify(3)``, one datagram for each line."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(line: str) -> None:
    """Send ``READY=1``, ``WATCHDOG=1`` or ``STOPPING=1`` to whoever started this process, if it wants to know."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    path = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
        link.sendto(line.encode(), path)
