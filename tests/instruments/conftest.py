"""A driver's conversation, word for word: what is sent, and `` -> `` what comes back."""

import re
from contextlib import contextmanager

import pytest

from qctl.core.errors import TransportError
from qctl.transport import Session

BYTES = re.compile(rb"\{([0-9a-f]*)(?:\*(\d+))?\}")  # {0000803f*2400} stands for 2400 times those four bytes


class ScriptedWire:
    """Answers as the script says, and only to what the script says."""

    def __init__(self, script):
        lines = [line.strip() for line in script.strip().splitlines() if line.strip()]
        self.lines = [tuple(map(self.unpacked, line.partition(" -> ")[::2])) for line in lines]
        self.replies = b""

    @staticmethod
    def unpacked(text):
        return BYTES.sub(lambda found: bytes.fromhex(found[1].decode()) * int(found[2] or 1), text.encode("ascii"))

    def send(self, parts, deadline):
        said = b"".join(parts)
        while said:
            sent, reply = self.lines.pop(0) if self.lines else (b"nothing more", b"")
            assert said.startswith(sent + b"\n"), f"sent {said[:200]!r}, the script says {sent[:200]!r}"
            said = said[len(sent) + 1 :]
            self.replies += reply + b"\n" if reply else b""

    def receive(self, deadline):
        if not self.replies:
            raise TransportError("no reply in time")
        said, self.replies = self.replies, b""
        return said

    def receive_into(self, out, deadline):
        assert len(out) == 0

    def pending(self):
        return self.replies

    def clear(self):
        pass

    def close(self):
        pass


class Clock:
    """Time passes only where somebody pauses."""

    def __init__(self):
        self.now, self.pauses = 1000.0, 0

    def monotonic(self):
        return self.now

    def pause(self, seconds):
        self.now += seconds
        self.pauses += 1


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def scripted():
    """Return a context manager that opens a driver on a script and demands that all of it was said."""

    @contextmanager
    def run(driver, script, **options):
        wire = ScriptedWire(script)
        session = Session(
            lambda deadline: wire,
            name=driver.__name__.lower(),
            tagged=False,
            greeting=driver.greeting,
            error_query=driver.error_query,
            pause=lambda seconds: None,
        )
        with driver(session, **options) as instrument:
            yield instrument
        assert not wire.lines, f"never said: {wire.lines}"

    return run
