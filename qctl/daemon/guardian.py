"""The process that makes a rack safe when the agent, which owns it, can no longer do so.

It holds a pipe whose other end only the agent has. When the pipe ends without the agent's word that all is safe, it
opens links of its own and applies the ``safe:`` entries of the laboratory file. It reads nothing that a user wrote,
starts first and stops last. How an instrument is made safe stands in its driver, once; drivers are loaded before they
are needed.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from qctl.config import read_laboratory
from qctl.control import drivers_of, make_safe
from qctl.control.together import attempt_each, said
from qctl.core.laboratory import Laboratory
from qctl.core.protocols import Instrument

from .agent import SAFE_BYTE

log = logging.getLogger(__name__)

SILENCE = 2.0  # s without a beat after which an agent is wedged
PATIENCE = 30.0  # s during which instruments that do not answer are tried again


def make_rack_safe(laboratory: Laboratory, addresses: Mapping[str, str], patience: float = PATIENCE) -> list[str]:
    """Open links to all instruments with outputs, make them safe, close the links; return what could not be done."""
    drivers, end = drivers_of(laboratory), time.monotonic() + patience
    left = {name: drivers[name] for name in laboratory.safe}
    while True:
        failures = _try_each(laboratory, addresses, left)
        left = {name: left[name] for name in failures}
        if not left or time.monotonic() > end:
            return [f"{name}: {text}" for name, text in failures.items()]
        time.sleep(0.05)


def _try_each(
    laboratory: Laboratory, addresses: Mapping[str, str], drivers: Mapping[str, type[Instrument]]
) -> dict[str, str]:
    """Try each instrument once; return by name what went wrong."""
    opened = attempt_each(lambda name, driver: driver.open(addresses[name], name=name).__enter__(), drivers)
    failures = {name: said(answer) for name, answer in opened.items() if isinstance(answer, Exception)}
    links = {name: answer for name, answer in opened.items() if not isinstance(answer, Exception)}
    for failure in make_safe(links, laboratory.safe):
        failures[failure.where] = str(failure)
    attempt_each(lambda name, link: link.__exit__(None, None, None), links)
    return failures


class Guardian:
    """Watches one agent after the other.

    Parameters
    ----------
    control : to the supervisor, which sends the pipe of each agent and hears what was done
    """

    def __init__(self, laboratory: Laboratory, addresses: Mapping[str, str], control: socket.socket) -> None:
        self.laboratory, self.addresses, self.control = laboratory, addresses, control
        self._pipe: int | None = None
        self._agent, self._is_safe, self._heard = 0, False, 0.0

    def watch(self) -> None:
        """Watch until the supervisor says so, or is gone and the agent as well."""
        while True:
            watched: list[Any] = [self.control, *([self._pipe] if self._pipe is not None else [])]
            ready, _, _ = select.select(watched, [], [], 0.5)
            if self._pipe is not None and self._pipe in ready:
                self._hear()
            elif self._pipe is not None and self._agent and time.monotonic() - self._heard > SILENCE:
                self._end_wedged()
            if self.control in ready and not self._obey():
                return

    def _obey(self) -> bool:
        """Do what the supervisor says; return False when this is the end."""
        text, handles, _, _ = socket.recv_fds(self.control, 4096, 4)
        if not text:  # it is gone without a word: the agent will be, too
            if self._pipe is not None:
                select.select([self._pipe], [], [], 10.0)
            self._apply("the supervisor is gone")
            return False
        asked = json.loads(text)
        if asked["verb"] == "watch":
            self._forget()
            self._pipe, self._agent = handles[0], asked["agent"]
            self._is_safe, self._heard = False, time.monotonic() + asked["grace"]
        elif asked["verb"] == "safe":
            self._apply("asked for")
        return bool(asked["verb"] != "end")

    def _hear(self) -> None:
        assert self._pipe is not None
        said_ = os.read(self._pipe, 4096)
        self._heard = time.monotonic()
        self._is_safe = self._is_safe or SAFE_BYTE in said_
        if not said_:
            self._forget()
            if not self._is_safe:
                self._apply("the agent is gone")
            else:
                self._tell({"safe": 0.0, "why": "the agent left it safe", "failures": []})

    def _apply(self, why: str) -> None:
        begun = time.monotonic()
        failures = make_rack_safe(self.laboratory, self.addresses)
        seconds = time.monotonic() - begun
        for failure in failures:
            log.error("OUTPUT_UNKNOWN %s", failure)
        log.warning("%s: outputs made safe in %.3f s", why, seconds)
        self._tell({"safe": seconds, "why": why, "failures": failures})

    def _end_wedged(self) -> None:
        log.error("the agent has been silent for %g s: killed", SILENCE)
        with suppress(ProcessLookupError):
            os.kill(self._agent, signal.SIGKILL)
        self._heard = time.monotonic()

    def _forget(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
        self._pipe = None

    def _tell(self, what: dict[str, Any]) -> None:
        with suppress(OSError):
            self.control.send(json.dumps(what).encode())


def run(lab: str, control: int, addresses: dict[str, str] | None) -> int:
    """Watch; signals that end processes are left to the supervisor."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    laboratory = read_laboratory(Path(lab))
    drivers_of(laboratory)  # loaded now, so that nothing has to be when it matters
    at = {name: entry.address for name, entry in laboratory.instruments.items()}
    with socket.socket(fileno=control) as link:
        Guardian(laboratory, {**at, **(addresses or {})}, link).watch()
    return 0
