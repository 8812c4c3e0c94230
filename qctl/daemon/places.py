"""Where the processes of one state folder find each other, however long its name is."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 100  # bytes of a socket's name that every kernel takes
SOCKET = "qctl.sock"
AGENT = "agent.sock"


def run_folder(state: Path) -> Path:
    """Return the folder for sockets and files that no restart needs; made when it is missing."""
    folder = state / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def short(path: Path) -> Iterator[str]:
    """Give a name for a socket's path that is short enough to bind or connect to."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(path: Path, kind: int, backlog: int = 128, mode: int = 0o600) -> socket.socket:
    """Listen at a path in place of whoever listened there before."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, kind)
    before = os.umask(0o777 & ~mode)
    try:
        with short(path) as name:
            listener.bind(name)
        listener.listen(backlog)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def connect(path: Path, kind: int) -> socket.socket:
    """Connect to whoever listens at a path; raise OSError when nobody does."""
    link = socket.socket(socket.AF_UNIX, kind)
    try:
        with short(path) as name:
            link.connect(name)
    except BaseException:
        link.close()
        raise
    return link
