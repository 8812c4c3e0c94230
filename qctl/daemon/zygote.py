"""Daemons that start at once: split off from a process, the zygote, that has loaded everything and never serves.

What it splits off becomes a child of the supervisor, which is given orphans (prctl(2), PR_SET_CHILD_SUBREAPER), as if
the supervisor had started it. A fork keeps nothing half done: the zygote has one thread, no event loop, no lock, and
no file but the socket on which it is asked.
"""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Collection
from typing import Any

from qctl.jobs import crash_points
from qctl.jobs.process import die_with_parent

log = logging.getLogger(__name__)

_PR_SET_CHILD_SUBREAPER = 36
ADOPTION = 5.0  # s that it may take until the kernel has given an orphan to the supervisor


class Adopted:
    """A child that another process started and left to us; it answers as `subprocess.Popen` does."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, None while it lives."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended, once it has.

        Raises
        ------
        subprocess.TimeoutExpired
            When it lives longer.
        """
        if self.poll() is None:
            handle = os.pidfd_open(self.pid)
            try:
                select.select([handle], [], [], timeout)
            finally:
                os.close(handle)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("daemon", timeout or 0.0)
        return code

    def terminate(self) -> None:
        """Tell it to end."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of what children of this process leave behind."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def bury_orphans(ours: Collection[int]) -> None:
    """Let the kernel forget children that have ended, except those that somebody here still asks about."""
    while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)) and found.si_pid not in ours:
        os.waitpid(found.si_pid, 0)


def run(control: int, parent: int) -> int:
    """Load what a daemon needs, and split one off each time that the supervisor asks; end when it is gone.

    Parameters
    ----------
    control : socket on which the supervisor sends a daemon's settings and the pipe of its signs of life
    parent : process id of the supervisor
    """
    from . import daemon

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches everybody; the supervisor decides
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=control) as link:
        while True:
            text, handles, _, _ = socket.recv_fds(link, 65536, 1)
            if not text:
                return 0
            said: dict[str, Any] = json.loads(text)
            pid = _split_off()
            if pid == 0:
                link.close()
                _settle(parent, said.pop("crash_points"))
                return daemon.run({**said, "alive": handles[0]})
            os.close(handles[0])
            link.send(json.dumps({"pid": pid}).encode())


def _split_off() -> int:
    """Fork an orphan; return 0 in it, and its process id here, once it is one."""
    receive, send = os.pipe()
    between = os.fork()
    if between == 0:
        pid = os.fork()
        if pid:
            os.write(send, str(pid).encode())
            os._exit(0)
        os.close(receive)
        os.close(send)
        return 0
    os.close(send)
    os.waitpid(between, 0)
    pid = int(os.read(receive, 32))
    os.close(receive)
    return pid


def _settle(parent: int, crashing: bool) -> None:
    """Be the supervisor's child from now on."""
    end = time.monotonic() + ADOPTION
    while os.getppid() != parent and time.monotonic() < end:
        time.sleep(1e-4)
    die_with_parent(parent, signal.SIGTERM)
    if not crashing:
        crash_points.forget()
