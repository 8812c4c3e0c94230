"""The daemon: durable jobs, the scheduler and the API, in one process that may die at any moment."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from qctl.config import read_laboratory
from qctl.jobs.crash_points import crash_point
from qctl.jobs.disk import Disk
from qctl.jobs.errors import DamagedError
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import SqliteJobStore
from qctl.store import ParameterStore, StoreError

from .agent_link import AgentLink
from .api import build
from .auth import Peers, Tokens
from .company import Company
from .exits import DAMAGED, DISK_FAULT
from .gate import Gate
from .house import House, spread
from .housekeeping import BACKUP, SCRUB
from .lock import owned
from .places import SOCKET, listen, run_folder
from .scheduler import Scheduler
from .server import door, hosts_of, loopback
from .tasks import Tasks
from .workers import Workers

log = logging.getLogger(__name__)

BEAT = 1.0


def run(said: dict[str, Any]) -> int:
    """Serve until told to end; return the exit code."""
    crash_point("daemon.start")
    state = Path(said["state"])
    with owned(state, "daemon"):
        try:
            return asyncio.run(_serve(state, said))
        except (DamagedError, StoreError) as error:
            log.error("%s; copies are in %s", error, state / "backups")
            return DAMAGED


async def _serve(state: Path, said: dict[str, Any]) -> int:
    loop = asyncio.get_running_loop()
    ending: asyncio.Future[int] = loop.create_future()

    def end(code: int) -> None:
        if not ending.done():
            ending.set_result(code)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, 0)

    def disk_failed(fault: str) -> None:
        loop.call_soon_threadsafe(end, DISK_FAULT)

    store = _opened(state, _newest(state, said), disk_failed)
    async with AsyncExitStack() as stack:
        stack.callback(store.close)
        crash_point("daemon.recovered")
        tasks = Tasks(end)
        house = _house(stack, state, said, store, tasks)
        scheduler = house.scheduler
        port, doors = _doors(stack, house, said)
        stack.push_async_callback(tasks.cancel)
        always = {"beat": _beat(said["alive"]), "news": spread(house), **doors}
        for name, work in (always if store.damage else {**always, **_working(scheduler, state, said)}).items():
            tasks.serve(name, work)
        _tell(said["alive"], {"ready": {"pid": os.getpid(), "socket": str(_socket(said)), "port": port}})
        crash_point("daemon.serving")
        return await ending


def _working(scheduler: Scheduler, state: Path, said: dict[str, Any]) -> dict[str, Coroutine[Any, Any, None]]:
    """Return what runs jobs, and looks after them."""
    found = {
        "scheduler": scheduler.run(),
        "claiming": scheduler.claim(),
        "windows": scheduler.windows.run(),
        "housekeeping": scheduler.house.run(),
        "copies": scheduler.house.keep_copies(said.get("backup_s", BACKUP)),
        "reading of all": scheduler.house.read_all(said.get("scrub_s", SCRUB)),
        "agent link": scheduler.keep_link(),
    }
    if said.get("calibrate"):
        twin = Path(said["twin"]) if said.get("twin") else None
        found["calibration"] = scheduler.calibration.run(Path(said["lab"]), state, twin)
    return found


def _opened(state: Path, newest: str, disk_failed: Callable[[str], None]) -> SqliteJobStore:
    """Return the job store after recovery; where it is damaged, one that is only read: nothing is overwritten."""
    try:
        store = SqliteJobStore(state, on_fault=disk_failed)
        try:
            store.recover(newest)
        except BaseException:
            store.close()
            raise
    except (DamagedError, StoreError) as error:
        log.error("%s; it is read only, copies are in %s", error, state / "backups")
        return SqliteJobStore(state, damage=str(error))
    return store


def _house(stack: AsyncExitStack, state: Path, said: dict[str, Any], store: SqliteJobStore, tasks: Tasks) -> House:
    folder = run_folder(state) / "windows"
    folder.mkdir(exist_ok=True)
    for left in folder.iterdir():
        left.unlink()
    results, disk = ResultFiles(state), Disk(state)
    if not store.damage:
        results.sweep()
        disk.load()
    twin = Path(said["twin"]) if said.get("twin") else None
    compilers = Workers(said.get("compilers", 1), Path(said["lab"]), state, twin)
    benches = Workers(1, Path(said["lab"]), state, twin)
    for workers in (compilers, benches):
        stack.push_async_callback(workers.end)
    fence = 0 if store.damage else store.rack_fence("rack")
    link = AgentLink(state, fence)
    stack.callback(link.close)
    laboratory = read_laboratory(Path(said["lab"]))
    company = Company(laboratory, state)
    scheduler = Scheduler(store, results, compilers, benches, link, company, folder, str(fence), tasks)
    return House(laboratory, state, _name(said), store, results, disk, Tokens(store, time.time), scheduler)


def _doors(stack: AsyncExitStack, house: House, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Open both doors of the API; return the port, and what serves them."""
    local = listen(_socket(said), socket.SOCK_STREAM, mode=0o660)
    remote = loopback(said.get("port") or 0)
    for listener in (local, remote):
        stack.callback(listener.close)
    port = remote.getsockname()[1]
    gate = Gate(build(house), house.tokens, Peers(said.get("peers", "user")), hosts_of(port))
    serving = {"local socket": door(gate).serve([local]), "loopback port": door(gate).serve([remote])}
    return port, serving


def _socket(said: dict[str, Any]) -> Path:
    """Return the path of the local socket."""
    return Path(said["socket"]) if said.get("socket") else run_folder(Path(said["state"])) / SOCKET


def _name(said: dict[str, Any]) -> str:
    """Return under which name the parameters of this laboratory are stored."""
    return Path(said["lab"]).stem + (f"@{Path(said['twin']).stem}" if said.get("twin") else "")


def _newest(state: Path, said: dict[str, Any]) -> str:
    """Return the number of the newest snapshot of this laboratory."""
    with ParameterStore.open(state, _name(said)) as known:
        return str(known.newest)


async def _beat(alive: int) -> None:
    while True:
        os.write(alive, b".\n")
        await asyncio.sleep(BEAT)


def _tell(alive: int, what: dict[str, Any]) -> None:
    os.write(alive, json.dumps(what).encode() + b"\n")
