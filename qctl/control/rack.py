"""Start the simulated instruments of a laboratory in a process of their own, and end it with us."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from qctl.core.errors import InstrumentError

START_TIMEOUT = 60.0
STOP_TIMEOUT = 5.0


@dataclass(frozen=True)
class MockRack:
    """A simulated rack that serves.

    Parameters
    ----------
    addresses : VISA resource names by instrument
    say : sends it a line; see ``qctl rack``
    fileno : of the pipe behind ``say``, for whoever hands it to another process; None where there is none
    """

    addresses: Mapping[str, str]
    say: Callable[[str], None]
    fileno: int | None = None


@contextmanager
def mock_rack(laboratory: str, *, seed: int | None = None, twin: Path | None = None) -> Iterator[MockRack]:
    """Serve the mocks of a laboratory file on free loopback ports.

    The child leaves when its standard input ends: on the way out of this context, and when this process dies in any
    way. It runs in a session of its own, so that Ctrl-C ends us first and we can still make its outputs safe.

    Raises
    ------
    InstrumentError
        When the rack does not say within a minute where it serves.
    """
    options = [*(["--seed", str(seed)] if seed is not None else []), *(["--twin", str(twin)] if twin else [])]
    command = [sys.executable, "-m", "qctl.cli", "rack", laboratory, "--json", *options]
    # Complaints go to a file: a pipe that nobody reads would stop the child once it is full.
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as complaints,
        subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            start_new_session=True,
        ) as child,
    ):
        try:
            pipe = None if child.stdin is None else child.stdin.fileno()
            yield MockRack(_addresses(child, complaints), partial(_say, child), pipe)
        finally:
            _end(child)


def _addresses(child: subprocess.Popen[str], complaints: IO[str]) -> Mapping[str, str]:
    line = _read_line(child)
    try:
        found = json.loads(line)["instruments"]
        return {name: str(entry["address"]) for name, entry in found.items()}
    except (ValueError, KeyError, TypeError) as reason:
        _end(child)
        complaints.seek(0)
        said = (line + complaints.read()).strip()
        raise InstrumentError(
            f"the simulated rack did not start: {said[-2000:] or 'it said nothing'}", where="mock rack"
        ) from reason


def _say(child: subprocess.Popen[str], line: str) -> None:
    try:
        if child.stdin is not None:
            child.stdin.write(f"{line}\n")
            child.stdin.flush()
    except (OSError, ValueError) as reason:
        raise InstrumentError(f"the simulated rack does not listen ({reason})", where="mock rack") from reason


def _read_line(child: subprocess.Popen[str]) -> str:
    if child.stdout is None:
        raise InstrumentError("the simulated rack has no output", where="mock rack")
    with ThreadPoolExecutor(1) as pool:
        line = pool.submit(child.stdout.readline)
        try:
            return line.result(START_TIMEOUT)
        except BaseException as reason:
            child.kill()  # ends the read as well
            if isinstance(reason, TooLate):
                raise InstrumentError(
                    f"the simulated rack was silent for {START_TIMEOUT:g} s", where="mock rack"
                ) from reason
            raise


def _end(child: subprocess.Popen[str]) -> None:
    if child.stdin is not None and not child.stdin.closed:
        child.stdin.close()
    try:
        child.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
