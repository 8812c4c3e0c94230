"""The daemon's end of the calibration service: starts it, finds windows for what it asks, and heeds what it finds."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qctl.jobs import codec
from qctl.jobs.errors import JobError
from qctl.jobs.job import SELF
from qctl.jobs.moments import ticking
from qctl.jobs.sqlite import SqliteJobStore

from .compiling import Compiling
from .probes import Probe, Probes

log = logging.getLogger(__name__)

AGAIN = 5.0  # s before a service that died is started anew
LINE = 2**20  # bytes that it may say at once


@dataclass
class Standing:
    """What is known of the calibration.

    Parameters
    ----------
    doing : what it does now; empty where nothing is calibrated
    suspect, given_up : by qubit, coupling or feedline, why its values cannot be relied on
    """

    doing: str = ""
    suspect: dict[str, str] = field(default_factory=dict)
    given_up: dict[str, str] = field(default_factory=dict)

    def unavailable(self) -> dict[str, str]:
        """Return the resources that nobody may use, and why, as the packer takes them."""
        said = {target: f"calibration gave it up: {reason}" for target, reason in self.given_up.items()}
        return {f"{kind} {target}": reason for target, reason in said.items() for kind in ("qubit", "coupler")}


class Calibration:
    """Runs the service for as long as the daemon runs.

    Parameters
    ----------
    folder : for files that no restart needs
    changed : is set when there is something new to decide about
    """

    def __init__(
        self, store: SqliteJobStore, jobs: Compiling, probes: Probes, folder: Path, changed: asyncio.Event
    ) -> None:
        self.standing = Standing()
        self._store, self._jobs, self._probes, self._folder, self._changed = store, jobs, probes, folder, changed

    async def run(self, lab: Path, state: Path, twin: Path | None) -> None:
        """Keep the laboratory calibrated until cancelled; a service that dies is started anew."""
        arguments = [str(lab), str(state), str(self._folder), str(os.getpid()), *([str(twin)] if twin else [])]
        while True:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "qctl.jobs.calibration.service", *arguments),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE,
            )  # fmt: skip
            try:
                await self._serve(process)
            finally:
                self._probes.asked = None
                with suppress(ProcessLookupError):
                    process.kill()
                code = await process.wait()
            log.error("the calibration service ended with %d: started again in %g s", code, AGAIN)
            self.standing.doing = "it died, and will be started again"
            await asyncio.sleep(AGAIN)

    async def _serve(self, process: asyncio.subprocess.Process) -> None:
        """Answer until it is gone."""
        assert process.stdin is not None
        assert process.stdout is not None
        while line := await process.stdout.readline():
            said = json.loads(line)
            if "standing" in said:
                await self.heard(said["standing"])
                continue
            answer = await self._played(said["play"])
            process.stdin.write(json.dumps(answer).encode() + b"\n")
            with suppress(ConnectionError):
                await process.stdin.drain()

    async def _played(self, said: dict[str, Any]) -> dict[str, Any]:
        """Have a step played in the windows that the packer finds for it."""
        compiled = Path(said["compiled"])
        places = compiled.with_suffix(".places")
        (place,) = codec.decode(places.read_bytes())
        places.unlink()
        why = f"{said['kind']} {said['node']} of {', '.join(said['targets'])}"
        self._probes.asked = Probe(
            compiled, place, said["shots"], tuple(said["targets"]), said["urgent"], said["alone"], why, ticking(),
            asyncio.get_running_loop().create_future(),
        )  # fmt: skip
        self.standing.doing = why
        self._changed.set()
        try:
            return await self._probes.asked.answer
        finally:
            self._probes.asked, self.standing.doing = None, "nothing is worth its time now"

    async def heard(self, said: dict[str, Any]) -> None:
        """Heed what is doubted, given up, or new.

        Parameters
        ----------
        said : ``suspect`` and ``given_up`` (by target, why), ``snapshot`` (the newest), ``changed`` (targets whose
            values are other ones in it)
        """
        before, self.standing.suspect, self.standing.given_up = self.standing.suspect, said["suspect"], said["given_up"]
        for target in before.keys() ^ said["suspect"].keys():
            verb = "suspect" if target in said["suspect"] else "trusted again"
            with suppress(JobError):
                await asyncio.to_thread(self._store.note, SELF, verb, 0, target=target, **_why(said, target))
        self._jobs.heard(said["snapshot"], said["changed"], said["suspect"])
        self._changed.set()


def _why(said: dict[str, Any], target: str) -> dict[str, str]:
    return {"reason": said["suspect"][target]} if target in said["suspect"] else {"snapshot": str(said["snapshot"])}
