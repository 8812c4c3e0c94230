"""The daemon's end of the link to an agent: one question at a time, each with a fence, a number and a deadline."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path
from typing import Any

from qctl.jobs.errors import JobError
from qctl.jobs.moments import ticking

from .frames import MOST_BYTES, Incoming, packed
from .places import AGENT, connect, run_folder

log = logging.getLogger(__name__)

RETRY = 0.05


class AgentLostError(JobError):
    """The agent is gone, or did not answer in time; its outputs are made safe by others."""

    code = "agent-lost"


class AgentRefusedError(JobError):
    """What the agent was asked for failed; ``kind`` names the error that it met."""

    code = "agent-refused"

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind = kind


class AgentLink:
    """A link that is made anew when the agent is.

    Parameters
    ----------
    fence : of this daemon, higher than that of any before
    """

    def __init__(self, state: Path, fence: int) -> None:
        self._path, self._fence = run_folder(state) / AGENT, fence
        self._link: socket.socket | None = None
        self._seq = 0
        self._answers: dict[int, asyncio.Queue[dict[str, Any]]] = {}
        self._hearing: asyncio.Task[None] | None = None
        self.identities: dict[str, str] = {}

    @property
    def connected(self) -> bool:
        """Say whether an agent answered the last question."""
        return self._link is not None

    async def connect(self) -> None:
        """Wait until an agent listens, and greet it."""
        while self._link is None:
            try:
                link = connect(self._path, socket.SOCK_SEQPACKET)
            except OSError:
                await asyncio.sleep(RETRY)
                continue
            link.setblocking(False)
            self._link, self._seq = link, 0
            self._hearing = asyncio.create_task(self._hear(link), name="agent")
            try:
                self.identities = (await self.ask({"verb": "hello"}, 30.0))["identities"]
            except JobError as reason:
                log.warning("no agent yet: %s", reason)
                await asyncio.sleep(RETRY)

    async def ask(self, said: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Return the answer; one that has ``more`` is followed by another one.

        Raises
        ------
        AgentLostError
            When there is none in time; the link is closed.
        AgentRefusedError
            When the agent says that it failed.
        """
        link = self._link
        if link is None:
            raise AgentLostError("there is no agent")
        self._seq += 1
        number = self._seq
        self._answers[number] = asyncio.Queue()
        try:
            async with asyncio.timeout(timeout):
                frame = packed(number, self._fence, ticking() + timeout, said)
                await asyncio.get_running_loop().sock_sendall(link, frame)
        except (TimeoutError, OSError, JobError) as reason:
            self.close()
            raise AgentLostError(f"the agent was lost before it was asked to {said['verb']} ({reason!r})") from reason
        return await self.more(number, timeout)

    async def more(self, number: int, timeout: float) -> dict[str, Any]:
        """Return the next answer to question ``number``; see `ask`."""
        answers = self._answers[number]
        try:
            async with asyncio.timeout(timeout):
                answer = await answers.get()
        except TimeoutError:
            answer = {"lost": f"it did not answer within {timeout:g} s"}
            self.close()
        except asyncio.CancelledError:
            self.close()
            raise
        if not answer.get("more"):
            del self._answers[number]
        if "lost" in answer:
            raise AgentLostError(f"the agent was lost: {answer['lost']}")
        if "error" in answer:
            raise AgentRefusedError(**answer["error"])
        return {**answer, "question": number}

    def close(self) -> None:
        """Let go of the agent, which makes its outputs safe."""
        self._lose("the link was closed")
        if self._hearing is not None:
            self._hearing.cancel()

    async def _hear(self, link: socket.socket) -> None:
        """Hand out answers to whoever asked, until the agent is gone or cannot be trusted."""
        incoming, loop = Incoming(), asyncio.get_running_loop()
        try:
            while True:
                answer = incoming.opened(await loop.sock_recv(link, MOST_BYTES), ticking())
                if (answers := self._answers.get(answer.pop("to"))) is not None:
                    answers.put_nowait(answer)
        except (OSError, JobError, KeyError) as reason:
            if self._link is link:
                self._lose(repr(reason))

    def _lose(self, why: str) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()
        for answers in self._answers.values():
            answers.put_nowait({"lost": why})
