"""The API in a thread of the test's own process: both doors, a store, tokens of every role, and no instruments."""

import asyncio
import http.client
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.daemon.alarms import Alarms
from qctl.daemon.api import build
from qctl.daemon.auth import Peers, Tokens
from qctl.daemon.calibration import Standing
from qctl.daemon.gate import Gate
from qctl.daemon.house import House, spread
from qctl.daemon.places import listen
from qctl.daemon.server import door, hosts_of, loopback
from qctl.daemon.slack import Slack
from qctl.jobs.disk import Disk
from qctl.jobs.job import Actor
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import SqliteJobStore

ROLES = ("viewer", "user", "operator", "admin")
ROOT = Actor("root", "admin")


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Served:
    house: House
    port: int
    path: Path
    tokens: dict = field(default_factory=dict)

    @property
    def store(self):
        return self.house.store

    def ask(self, method, path, body=None, *, token=None, headers=(), host=None, local=False):
        """One request over a connection of its own; every header is said."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        if local:
            link.sock = socket.socket(socket.AF_UNIX)
            link.sock.settimeout(20)
            link.sock.connect(str(self.path))
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        known = [("Host", host if host is not None else "localhost" if local else f"127.0.0.1:{self.port}")]
        if token:
            known.append(("Authorization", f"Bearer {self.tokens.get(token, token)}"))
        if data is not None:
            known.append(("Content-Length", str(len(data))))
        if data is not None and not any(name.lower() == "content-type" for name, _ in headers):
            known.append(("Content-Type", "application/json"))
        try:
            link.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in [pair for pair in [*known, *headers] if pair[1]]:
                link.putheader(name, value)
            link.endheaders(data)
            answer = link.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            link.close()

    def raw(self, data):
        """Send bytes; return what comes back until the other side closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as link:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            parts = []
            while part := link.recv(65536):
                parts.append(part)
            return b"".join(parts)


def idle_scheduler():
    """What answers need of a scheduler that schedules nothing."""
    return SimpleNamespace(
        link=SimpleNamespace(connected=True, identities={}),
        windows=SimpleNamespace(playing=(), number=0, lasted=[], slack=Slack()),
        calibration=SimpleNamespace(standing=Standing()),
        alarms=Alarms(),
        house=SimpleNamespace(newest="0/none"),
        why=lambda job: f"it is {job.state.value}",
        eta=lambda job: None,
    )


@contextmanager
def serving(folder):
    store = SqliteJobStore(folder)
    tokens = Tokens(store, time.time)
    laboratory = read_laboratory(find_laboratory("transmon5"))
    ready, told = threading.Event(), {}

    async def run():
        house = House(
            laboratory, folder, "transmon5", store, ResultFiles(folder), Disk(folder), tokens, idle_scheduler()
        )
        local, remote = listen(folder / "s", socket.SOCK_STREAM), loopback(0)
        port = remote.getsockname()[1]
        gate = Gate(build(house), tokens, Peers(), hosts_of(port))
        doors = [door(gate), door(gate)]
        stop = asyncio.Event()
        told.update(house=house, port=port, doors=doors, stop=stop, loop=asyncio.get_running_loop())
        tasks = [asyncio.create_task(one.serve([at])) for one, at in zip(doors, (local, remote), strict=True)]
        tasks.append(asyncio.create_task(spread(house)))
        while not all(one.started for one in doors):
            await asyncio.sleep(0.005)
        ready.set()
        await stop.wait()
        for one in doors:
            one.should_exit = True
        tasks.pop().cancel()
        await asyncio.gather(*tasks)
        local.close()
        remote.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert ready.wait(20)
    served = Served(told["house"], told["port"], folder / "s")
    served.tokens = {role: tokens.make(ROOT, f"the_{role}", role, "", 3600.0) for role in ROLES}
    try:
        yield served
    finally:
        told["loop"].call_soon_threadsafe(told["stop"].set)
        thread.join(20)
        store.close()
