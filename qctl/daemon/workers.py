"""Disposable workers as the daemon sees them: ask one, wait for the answer, replace it when it is gone."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from qctl.jobs.crash_points import VARIABLE
from qctl.jobs.errors import JobError

log = logging.getLogger(__name__)

RECYCLED = 100  # questions after which a worker is replaced
STARTING = 60.0
LINE = 4 * 2**20  # bytes of an answer


class WorkerLostError(JobError):
    """A worker died, or did not answer in time, and was replaced."""

    code = "worker-lost"


class WorkerRefusedError(JobError):
    """What a worker was asked for is not possible; ``kind`` names the error that it met."""

    code = "refused"

    def __init__(self, kind: str, said: str, remedy: str = "") -> None:
        super().__init__(said)
        self.kind, self.advice = kind, remedy


class Worker:
    """One process that reads programs; it answers one question at a time."""

    def __init__(self, lab: Path, state: Path, twin: Path | None) -> None:
        self._arguments = [str(lab), str(state), str(os.getpid()), *([str(twin)] if twin else [])]
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._asked = 0
        self._environment = dict(os.environ)

    @property
    def pid(self) -> int:
        """Return the id of its process, 0 before the first question."""
        return self._process.pid if self._process and self._process.returncode is None else 0

    async def ask(self, verb: str, said: dict[str, Any], timeout: float) -> Any:  # noqa: ANN401 (plain data)
        """Return the answer.

        Raises
        ------
        WorkerRefusedError
            When the worker says no.
        WorkerLostError
            When it died or was too slow; the next question finds a new one.
        """
        async with self._lock:
            try:
                async with asyncio.timeout(timeout):
                    process = await self._running()
                    answer = await self._exchange(process, {"verb": verb, "with": said})
            except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError) as reason:
                how = await self.end()
                raise WorkerLostError(f"the worker was lost while it was asked to {verb} ({how})") from reason
            except asyncio.CancelledError:
                await self.end()
                raise
        if "error" in answer:
            raise WorkerRefusedError(**answer["error"])
        return answer["found"]

    async def start(self) -> None:
        """Have it ready before the first question."""
        async with self._lock:
            with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
                async with asyncio.timeout(STARTING):
                    await self._running()

    async def end(self) -> str:
        """Kill it; say how it ended."""
        process, self._process = self._process, None
        if process is None:
            return "it had ended"
        with suppress(ProcessLookupError):
            process.kill()
        code = await process.wait()
        return "killed" if code == -9 else f"exit code {code}"

    async def _running(self) -> asyncio.subprocess.Process:
        process = self._process
        if process is not None and process.returncode is None and self._asked < RECYCLED:
            return process
        if process is not None:
            await self.end()
        self._asked = 0
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "qctl.jobs.worker", *self._arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE,
            env=self._environment,
        )
        self._environment.pop(VARIABLE, None)  # a test's crash point is passed once
        self._process = started
        await self._line(started)
        return started

    async def _exchange(self, process: asyncio.subprocess.Process, said: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None
        self._asked += 1
        process.stdin.write(json.dumps(said).encode() + b"\n")
        await process.stdin.drain()
        return await self._line(process)

    @staticmethod
    async def _line(process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdout is not None
        found: dict[str, Any] = json.loads(await process.stdout.readuntil(b"\n"))
        return found


class Workers:
    """Several workers; whoever is free takes the next question."""

    def __init__(self, number: int, lab: Path, state: Path, twin: Path | None) -> None:
        self.all = [Worker(lab, state, twin) for _ in range(number)]
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        for worker in self.all:
            self._free.put_nowait(worker)

    async def ask(self, verb: str, said: dict[str, Any], timeout: float = 120.0) -> Any:  # noqa: ANN401
        """Return the answer of the next worker that is free; see `Worker.ask`."""
        worker = await self._free.get()
        try:
            return await worker.ask(verb, said, timeout)
        finally:
            self._free.put_nowait(worker)

    async def start(self) -> None:
        """Have all of them ready."""
        await asyncio.gather(*(worker.start() for worker in self.all))

    async def end(self) -> None:
        """Kill all of them."""
        await asyncio.gather(*(worker.end() for worker in self.all))
