"""Messages between daemon and agent: one datagram each, with all that tells a lost, doubled, old or garbled one apart.

A frame is the CRC-32 of the rest, 4 bytes big-endian, and JSON with ``seq`` (rises by one), ``fence`` (of the daemon
that owns the rack), ``deadline`` (boot clock, s) and what is said. The faults are those of IEC 61784-3.
"""

from __future__ import annotations

import json
import socket
import threading
import zlib
from typing import Any

from qctl.jobs.errors import JobError, StaleFenceError

MOST_BYTES = 65536


class FrameError(JobError):
    """A frame that cannot be trusted: the link is closed."""

    code = "bad-frame"


def packed(seq: int, fence: int, deadline: float, said: dict[str, Any]) -> bytes:
    """Return a frame."""
    body = json.dumps({"seq": seq, "fence": fence, "deadline": deadline, "said": said}, separators=(",", ":")).encode()
    if len(body) + 4 > MOST_BYTES:
        raise FrameError(f"{len(body)} bytes", allowed=f"{MOST_BYTES - 4}")
    return zlib.crc32(body).to_bytes(4, "big") + body


class Outgoing:
    """Numbers the frames that go out over one link, whichever thread sends them."""

    def __init__(self, link: socket.socket) -> None:
        self._link, self._seq, self._lock = link, 0, threading.Lock()

    def send(self, said: dict[str, Any], fence: int, deadline: float) -> None:
        """Send a frame; raise OSError when nobody is there any more."""
        with self._lock:
            self._seq += 1
            self._link.send(packed(self._seq, fence, deadline, said))


class Incoming:
    """Checks the frames that come in over one link.

    Attributes
    ----------
    fence : the highest that was seen; frames with lower ones are refused
    seq : number of the last frame
    """

    def __init__(self, fence: int = 0) -> None:
        self.fence, self.seq = fence, 0

    def opened(self, frame: bytes, now: float) -> dict[str, Any]:
        """Return what a frame says.

        Raises
        ------
        FrameError
            When it is garbled, not the next one, or too late.
        StaleFenceError
            When its sender does not own the rack any more.
        """
        crc, body = frame[:4], frame[4:]
        if len(crc) < 4 or zlib.crc32(body).to_bytes(4, "big") != crc:
            raise FrameError("a garbled frame")
        try:
            found = json.loads(body)
            seq, fence, deadline, said = (found[name] for name in ("seq", "fence", "deadline", "said"))
        except (ValueError, KeyError, TypeError) as reason:
            raise FrameError(f"a frame that says nothing ({reason})") from reason
        if fence < self.fence:
            raise StaleFenceError(f"fence {fence}", allowed=f"{self.fence} or higher")
        if seq != self.seq + 1:
            raise FrameError(f"frame {seq}", allowed=f"frame {self.seq + 1}")
        if now > deadline:
            raise FrameError(f"a frame {now - deadline:.3g} s after its deadline")
        self.seq, self.fence = seq, fence
        return dict(said)
