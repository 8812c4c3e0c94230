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
        self._seq, self._incoming = 0, Incoming()
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
            self._link, self._seq, self._incoming = link, 0, Incoming()
            try:
                self.identities = (await self.ask({"verb": "hello"}, 30.0))["identities"]
            except JobError as reason:
                log.warning("no agent yet: %s", reason)
                await asyncio.sleep(RETRY)

    async def ask(self, said: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Return the answer.

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
        loop = asyncio.get_running_loop()
        self._seq += 1
        try:
            async with asyncio.timeout(timeout):
                await loop.sock_sendall(link, packed(self._seq, self._fence, ticking() + timeout, said))
                answer = self._incoming.opened(await loop.sock_recv(link, MOST_BYTES), ticking())
        except (TimeoutError, OSError, JobError) as reason:
            self.close()
            raise AgentLostError(f"the agent was lost while it was asked to {said['verb']} ({reason!r})") from reason
        except asyncio.CancelledError:
            self.close()
            raise
        if "error" in answer:
            raise AgentRefusedError(**answer["error"])
        return answer

    def close(self) -> None:
        """Let go of the agent, which makes its outputs safe."""
        link, self._link = self._link, None
        if link is not None:
            link.close()
