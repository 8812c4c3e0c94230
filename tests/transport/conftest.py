"""A small SCPI instrument on loopback, and a seeded plan of faults for its replies."""

import random
import re
import socket
import threading
import time

import numpy as np
import pytest

from qctl.core.errors import TransportError
from qctl.transport import Session
from qctl.transport.wire import SocketWire

IDN = "MAKER,TOY,123,1.0"


def number_at(k):
    return f"{(k * 2654435761) % 2**32 / 997.0 - 2e6:.9E}"


def block_at(k, n_bytes):
    return np.random.default_rng(k).integers(-32768, 32767, n_bytes // 2, np.int16).tobytes()


class Toy:
    """Answers ``VAL? k`` (number), ``NAME? k`` (string), ``DATA? k,n`` (block), ``*IDN?``, ``SYST:ERR?``, ``*ESE``."""

    def __init__(self):
        self.idn, self.queue, self.settings, self.register = IDN, [], {}, 0
        self.mute, self.said = set(), {}  # queries that are never answered, and those with a fixed answer

    def answer(self, message):
        """Return the reply to one program message, or None."""
        parts = [self.unit(unit.strip()) for unit in message.split(";")]
        if None in parts:
            return None
        parts = [part for part in parts if part]
        return b";".join(parts) + b"\n" if parts else b""

    def unit(self, unit):
        head, _, rest = unit.lstrip(":").partition(" ")
        if head in self.mute:
            return None
        if head in self.said:
            return self.said[head]
        if head == "*ESE":
            self.register = int(rest)
        elif head == "*ESE?":
            return b"%d" % self.register
        elif head == "*IDN?":
            return self.idn.encode()
        elif head == "*CLS":
            self.queue.clear()
        elif head == "SYST:ERR?":
            return self.queue.pop(0) if self.queue else b'0,"No error"'
        elif head == "VAL?":
            return number_at(int(rest)).encode()
        elif head == "NAME?":
            return b'"wave%d"' % int(rest)
        elif head == "DATA?":
            k, n_bytes = map(int, rest.split(","))
            return b"#%d%d" % (len(str(n_bytes)), n_bytes) + block_at(k, n_bytes)
        elif head.endswith("?"):
            self.queue.append(b'-113,"Undefined header"')
        else:
            self.settings[head] = rest
        return b""


class Faults:
    """Says for each reply what goes on the stream now, later, and whether the stream then ends."""

    KINDS = ("late", "lost", "doubled", "doubled later", "swapped", "truncated", "cut", "disconnected")

    def __init__(self, seed, rate):
        self.rng, self.rate = random.Random(seed), rate
        self.before = b""  # of the next reply, on whatever connection comes
        self.old = b"0\n"
        self.counts = dict.fromkeys(self.KINDS, 0)

    def apply(self, reply):
        held, self.before, old, self.old = self.before, b"", self.old, reply
        if not reply or self.rng.random() >= self.rate:
            return held + reply, False
        kind = self.rng.choice(self.KINDS)
        self.counts[kind] += 1
        some = self.rng.randrange(len(reply))
        if kind in ("late", "doubled later"):
            self.before = reply
        now = {
            "doubled": reply + reply,
            "doubled later": reply,
            "swapped": old,
            "truncated": reply[:some],
            "cut": reply[:some] + b"\n",  # the middle is missing, the end is there
            "disconnected": reply[:some],
        }
        return held + now.get(kind, b""), kind == "disconnected"


class Server:
    """Serves a Toy to one client at a time; what one connection left over can reach the next, as on a serial line."""

    def __init__(self, toy, faults):
        self.toy, self.faults = toy, faults
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.n_connections = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            self.n_connections += 1
            with link:
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    self.serve(link)
                except OSError:
                    continue

    def serve(self, link):
        buffer = b""
        while chunk := link.recv(65536):
            buffer += chunk
            *messages, buffer = re.split(rb"\r?\n", buffer)
            for message in messages:
                reply = self.toy.answer(message.decode("ascii"))
                data, end = self.faults.apply(reply or b"")
                link.sendall(data)
                if end:
                    return

    def connect(self, deadline):
        link = socket.create_connection(("127.0.0.1", self.port), timeout=max(1e-3, deadline - time.monotonic()))
        try:
            return SocketWire(link, link)
        except OSError as error:
            link.close()
            raise TransportError("no connection") from error

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(timeout=5)


@pytest.fixture
def serve():
    """Return a function that starts a server and gives it back; all are closed at the end."""
    servers = []

    def start(toy=None, faults=None):
        servers.append(Server(toy or Toy(), faults or Faults(0, 0.0)))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def open_session(serve):
    """Return a function that opens a session with a toy; sessions are closed at the end."""
    sessions = []

    def start(toy=None, faults=None, *, timeout=0.5, **options):
        server = serve(toy, faults)
        sessions.append(Session(server.connect, name="toy", timeout=timeout, pause=lambda seconds: None, **options))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


@pytest.fixture
def toy():
    return Toy()


@pytest.fixture
def make_faults():
    return Faults


@pytest.fixture
def number():
    return number_at


@pytest.fixture
def block():
    return block_at
