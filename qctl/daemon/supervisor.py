"""The process that starts, watches and ends all others: rack (where it is simulated), guardian, agent, daemon.

It reads nothing that a user wrote. What dies is started again: an agent only after the guardian has said that the
outputs are safe, so that never two write to one instrument. Daemons are split off from a process that has their modules
loaded (`zygote`), so that one serves again at once.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from qctl.config import read_laboratory
from qctl.control.rack import mock_rack
from qctl.jobs.crash_points import VARIABLE

from .exits import DAMAGED
from .lock import owned, refuse_network_disk
from .notify import notify
from .zygote import Adopted, adopt_orphans, bury_orphans

log = logging.getLogger(__name__)

SILENT = 10.0  # s without a beat after which the daemon is killed
STARTING = 60.0  # s that the daemon may take to serve
STOPPING = 20.0  # s that a process may take to end when it is told to
NOTIFYING = 1.0  # s between two signs of life to systemd
QUICK = 5.0  # s; who lives shorter and never served is started again more and more slowly


@dataclass
class Child:
    """One process under watch.

    Parameters
    ----------
    pipe : what it says
    heard : when it said something last; before it has begun to serve, until when that may take
    served : whether it has said that it serves
    """

    name: str
    process: subprocess.Popen[bytes] | Adopted
    since: float
    pipe: int | None = None
    heard: float = 0.0
    watch: int = field(default=-1)
    served: bool = False


class Supervisor:
    """All processes of one laboratory.

    Parameters
    ----------
    lab : laboratory file
    state : state folder
    options : of the daemon, handed on
    announce : is told what children report, as plain data
    """

    def __init__(
        self, lab: Path, state: Path, options: dict[str, Any], announce: Callable[[dict[str, Any]], None]
    ) -> None:
        self.lab, self.state, self.options, self.announce = lab, state, options, announce
        self.children: dict[str, Child] = {}
        self._stopping = False
        self._rack: Any = None
        self._rack_pipe: int | None = None
        self._agent_pipe: int | None = None
        self._control: socket.socket | None = None
        self._zygote: socket.socket | None = None
        self._expected: int | None = None  # pipe of the daemon that is being split off
        self._asked = 0.0
        self._code = 0
        self._crashed = False
        self._delay: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._safe_due = False
        self._notified = 0.0

    def run(self) -> int:
        """Start everything, keep it running, and end it when told to; return the exit code."""
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_network_disk(self.state)
        adopt_orphans()
        with owned(self.state, "serve"), ExitStack() as stack:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, self._stop)
            try:
                self._start("zygote")  # it loads for longest, and touches no instrument
                self._start_rack(stack)
                for name in ("guardian", "agent", "daemon"):
                    self._start(name)
                while not self._stopping:
                    self._look(0.25)
            finally:
                self._end()
        return self._code

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True  # a storm of signals is one orderly stop

    def _start_rack(self, stack: ExitStack) -> None:
        laboratory = read_laboratory(self.lab)
        if any(entry.address == "mock" for entry in laboratory.instruments.values()):
            seed, twin = self.options.get("seed"), self.options.get("twin")
            self._rack = stack.enter_context(mock_rack(str(self.lab), seed=seed, twin=Path(twin) if twin else None))
            self._rack_pipe = self._rack.fileno
            self.announce({"rack": dict(self._rack.addresses)})

    def _start(self, name: str) -> None:
        """Start one of ``guardian``, ``zygote``, ``agent``, ``daemon``."""
        if name == "daemon":
            self._ask_for_daemon()
            return
        child = self.children[name] = self._spawn(name)
        if name == "agent":
            self._watch_agent(child)
        if name == "guardian" and "agent" in self.children:
            self._watch_agent(self.children["agent"])
        if name == "zygote" and self._expected is not None:
            self._ask_for_daemon()  # the one that was asked has died
        self.announce({"started": name, "pid": child.process.pid})

    def _ask_for_daemon(self) -> None:
        if self._expected is not None:
            os.close(self._expected)
        self._expected, write = os.pipe()
        said = {"lab": str(self.lab), "state": str(self.state), "crash_points": not self._crashed, **self.options}
        with suppress(OSError):
            if self._zygote is not None:
                socket.send_fds(self._zygote, [json.dumps(said).encode()], [write])
        os.close(write)
        self._asked = time.monotonic()

    def _hear_zygote(self) -> None:
        """Adopt the daemon that was split off."""
        assert self._zygote is not None
        text = _received(self._zygote)
        if not text:
            self._zygote = self._zygote if text is None else None
            return
        pid, now = json.loads(text)["pid"], time.monotonic()
        pipe, self._expected = self._expected, None
        self.children["daemon"] = Child("daemon", Adopted(pid), now, pipe, now + STARTING, os.pidfd_open(pid))
        self.announce({"started": "daemon", "pid": pid})

    def _spawn(self, name: str) -> Child:
        said: dict[str, Any] = {"lab": str(self.lab), "state": str(self.state), "parent": os.getpid()}
        said |= {"addresses": dict(self._rack.addresses) if self._rack else None, "rack": self._rack_pipe}
        pipe, theirs = None, -1
        if name == "agent":
            pipe, theirs = os.pipe()
            said["alive"] = theirs
        else:
            ours, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            theirs = said["control"] = other.detach()
            self._reach(name, ours)
        environment = {key: value for key, value in os.environ.items() if not (self._crashed and key == VARIABLE)}
        process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-m", "qctl.daemon", "daemon" if name == "zygote" else name, json.dumps(said)],
            pass_fds=[theirs, *([self._rack_pipe] if name == "agent" and self._rack_pipe is not None else [])],
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        os.close(theirs)
        return Child(name, process, time.monotonic(), pipe, watch=os.pidfd_open(process.pid))

    def _reach(self, name: str, ours: socket.socket) -> None:
        """Speak to a new guardian or zygote from now on."""
        old = self._control if name == "guardian" else self._zygote
        if old is not None:
            old.close()
        if name == "guardian":
            self._control = ours
        else:
            self._zygote = ours

    def _watch_agent(self, child: Child) -> None:
        """Hand the guardian the end of the pipe that tells it when the agent is gone."""
        if self._agent_pipe is not None and self._agent_pipe != child.pipe:
            os.close(self._agent_pipe)
        self._agent_pipe = child.pipe
        self._ask_guardian({"verb": "watch", "agent": child.process.pid, "grace": STARTING}, child.pipe)

    def _ask_guardian(self, what: dict[str, Any], handle: int | None = None) -> None:
        if self._control is None:
            return
        with suppress(OSError):
            handles = [] if handle is None else [handle]
            socket.send_fds(self._control, [json.dumps(what).encode()], handles)

    def _look(self, patience: float) -> None:
        """Hear what children say, notice who died, start what is due."""
        daemon = self.children.get("daemon")
        watched: dict[int, Child | None] = {child.watch: child for child in self.children.values()}
        if daemon and daemon.pipe is not None:
            watched[daemon.pipe] = daemon
        control, zygote = self._control, self._zygote
        watched |= {link.fileno(): None for link in (control, zygote) if link is not None}
        with suppress(InterruptedError):
            ready, _, _ = select.select(list(watched), [], [], patience)
            for handle in ready:
                child = watched[handle]
                if child is None:  # a link to one that was buried a moment ago tells nothing any more
                    if control is not None and self._control is control and handle == control.fileno():
                        self._hear_guardian()
                    elif zygote is not None and self._zygote is zygote and handle == zygote.fileno():
                        self._hear_zygote()
                elif self.children.get(child.name) is not child:
                    continue  # buried a moment ago
                elif handle == child.pipe:
                    self._hear(child)
                elif child.process.poll() is not None:
                    self._bury(child)
        self._end_silent()
        if self._expected is None:  # else one of them may be a daemon that has ended already
            bury_orphans({child.process.pid for child in self.children.values()})
        if time.monotonic() - self._notified > NOTIFYING:
            self._notified = time.monotonic()
            notify("WATCHDOG=1")
        for name in [name for name, when in self._due.items() if time.monotonic() >= when]:
            del self._due[name]
            self._start(name)

    def _hear(self, child: Child) -> None:
        assert child.pipe is not None
        text = os.read(child.pipe, 65536)
        child.heard = max(child.heard if child.heard < time.monotonic() else 0.0, time.monotonic())
        for line in text.decode("utf-8", "replace").splitlines():
            if not line.startswith("{"):
                continue
            child.served = True
            self.announce(json.loads(line))
            notify("READY=1")

    def _hear_guardian(self) -> None:
        assert self._control is not None
        text = _received(self._control)
        if not text:
            self._control = self._control if text is None else None
            return
        report = json.loads(text)
        agent = self.children.get("agent")
        if agent is not None and agent.process.poll() is not None:
            self._bury(agent)  # the guardian saw it first
        self.announce({"guardian": report})
        if self._safe_due:
            self._safe_due = False
            self._due["agent"] = time.monotonic() + self._delay.get("agent", 0.0)

    def _bury(self, child: Child) -> None:
        """Note how a process ended, and when it is started again."""
        code = child.process.wait()
        self._crashed = True
        os.close(child.watch)
        if child.pipe is not None and child.name != "agent":
            os.close(child.pipe)
        del self.children[child.name]
        self.announce({"ended": child.name, "code": code})
        log.warning("%s ended with %d", child.name, code)
        lived = time.monotonic() - child.since
        well = child.served or lived > QUICK
        self._delay[child.name] = 0.0 if well else min(5.0, 2 * self._delay.get(child.name, 0.0) + 0.05)
        if child.name == "daemon" and code == DAMAGED:
            self._stopping, self._code = True, code
        elif child.name == "guardian":
            self._start("guardian")  # at once: nothing else protects the outputs
            if "agent" not in self.children:
                self._ask_guardian({"verb": "safe"})
        elif child.name == "agent":
            self._safe_due = True  # the guardian reports when the outputs are safe
        else:
            self._due[child.name] = time.monotonic() + self._delay[child.name]

    def _end_silent(self) -> None:
        daemon = self.children.get("daemon")
        if daemon and time.monotonic() - daemon.heard > SILENT:
            log.error("the daemon has been silent for %g s: killed", SILENT)
            daemon.heard = time.monotonic()
            daemon.process.kill()
        zygote = self.children.get("zygote")
        if zygote and self._expected is not None and time.monotonic() - self._asked > STARTING:
            log.error("no daemon came within %g s: the zygote is killed", STARTING)
            self._asked = time.monotonic()
            zygote.process.kill()

    def _end(self) -> None:
        """End the daemon, then the agent, which leaves the outputs safe, then the guardian."""
        for name in ("zygote", "daemon", "agent"):
            child = self.children.pop(name, None)
            if child is not None:
                self._terminate(child)
        if "guardian" in self.children:
            guardian = self.children.pop("guardian")
            self._ask_guardian({"verb": "end"})
            self._wait(guardian)
        for link in (self._control, self._zygote):
            if link is not None:
                link.close()

    def _terminate(self, child: Child) -> None:
        child.process.terminate()
        if not self._wait(child):
            log.error("%s did not end within %g s: killed", child.name, STOPPING)
            child.process.kill()
            child.process.wait()
            if child.name == "agent":
                time.sleep(1.0)  # the guardian makes safe what it left
        self.announce({"ended": child.name, "code": child.process.returncode})

    def _wait(self, child: Child) -> bool:
        try:
            child.process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            return False
        return True


def _received(link: socket.socket) -> bytes | None:
    """Return what came, None where nothing did; nothing more will after an empty word, and the link is closed."""
    try:
        text = link.recv(65536, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        text = b""
    if not text:
        link.close()
    return text
