"""The process that owns the instruments of one rack: it plays what it is sent, and leaves everything safe.

It obeys the daemon with the highest fence, one at a time. When that one is gone, outputs are made safe; when this
process is gone, the guardian does it.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from qctl.config import read_laboratory
from qctl.control import Station, make_safe, open_station
from qctl.control.firewall import refuse_beyond_limits
from qctl.control.rack import MockRack
from qctl.core.errors import QctlError
from qctl.core.played import Played
from qctl.core.record import Record, Timing
from qctl.core.sequence import Playlist, Sequence
from qctl.jobs import codec
from qctl.jobs.crash_points import crash_point
from qctl.jobs.errors import JobError
from qctl.jobs.moments import ticking
from qctl.run.playing import play_as_asked

from .frames import MOST_BYTES, Incoming, Outgoing
from .places import AGENT, listen, run_folder

log = logging.getLogger(__name__)

INTERRUPTION = 0.4  # s that a play has to end before the guardian is left to make safe
SAFE_BYTE = b"S"
BEAT_BYTE = b"."
BEAT = 0.5
Records = tuple[Record | Played, ...]


class Interrupted(BaseException):
    """The daemon is gone while something plays."""


class Agent:
    """One rack.

    Parameters
    ----------
    station : open
    state : state folder
    """

    def __init__(self, station: Station, state: Path) -> None:
        self.station, self.state = station, state
        self.fence = 0
        self._operating: object = None
        self._link: socket.socket | None = None
        self._records: tuple[Path, Records] | None = None  # of the last window, to be written
        self._writing: threading.Thread | None = None

    def serve(self, listener: socket.socket, ended: Callable[[], bool]) -> None:
        """Obey one daemon after the other until told to end."""
        while not ended():
            ready, _, _ = select.select([listener], [], [], BEAT)
            if ready:
                link, _ = listener.accept()
                with link:
                    self._obey(link, listener, ended)

    def rest(self) -> list[str]:
        """Make every output safe; return what could not be."""
        self._operating = None
        return [str(failure) for failure in make_safe(self.station.instruments, self.station.laboratory.safe)]

    def _obey(self, link: socket.socket, listener: socket.socket, ended: Callable[[], bool]) -> None:
        """Answer one daemon until it goes, or another one comes."""
        incoming, out = Incoming(self.fence + 1), Outgoing(link)  # each daemon brings a higher fence
        while not ended():
            ready, _, _ = select.select([link, listener], [], [], BEAT)
            if listener in ready and link not in ready:
                break  # a new daemon; it must bring a higher fence
            if not ready:
                continue
            frame = _heard(link)
            if not frame:
                break
            try:
                said = incoming.opened(frame, ticking())
            except JobError as refused:
                log.warning("refused: %s", refused)
                self._say(out, incoming.seq + 1, _error(refused))
                break
            self.fence = incoming.fence
            crash_point("agent.received")
            answer = self._answer(said, link)
            crash_point("agent.before_answer")
            if not self._say(out, incoming.seq, answer):
                break
            crash_point("agent.answered")
            self._keep_record(out, incoming.seq)
        failures = self.rest()
        for failure in failures:
            log.error("%s", failure)

    def _say(self, out: Outgoing, question: int, answer: dict[str, Any]) -> bool:
        """Answer a question; return whether anybody is there to hear it."""
        try:
            out.send({"to": question, **answer}, self.fence, ticking() + 60.0)
        except OSError:
            return False
        return True

    def _keep_record(self, out: Outgoing, question: int) -> None:
        """Have the record of the last window written while the next one plays; a second answer says that it is."""
        records, self._records = self._records, None
        if records is not None:
            if self._writing is not None:
                self._writing.join()
            self._writing = threading.Thread(target=self._write, args=(*records, out, question), name="record")
            self._writing.start()

    def _write(self, path: Path, records: Records, out: Outgoing, question: int) -> None:
        try:
            codec.write(path, records)
            crash_point("agent.kept")
        except (OSError, ValueError, TypeError) as error:
            log.error("the record of a window cannot be written: %s", error)
            self._say(out, question, _error(error))
        else:
            self._say(out, question, {"kept": str(path)})

    def _answer(self, said: dict[str, Any], link: socket.socket) -> dict[str, Any]:
        verb = said.get("verb")
        try:
            if verb == "hello":
                crash_point("agent.greeted")
                return {"identities": dict(self.station.identities), "laboratory": self.station.laboratory.digest}
            if verb == "play":
                return self._play(Path(said["window"]), Path(said["record"]), link)
            if verb == "rest":
                return {"failures": self.rest()}
        except Interrupted:
            return {"error": {"kind": "Interrupted", "said": "the daemon left while its window played"}}
        except (QctlError, OSError) as error:
            log.error("%s failed: %s", verb, error)
            self._operating = None
            return _error(error)
        return {"error": {"kind": "ValueError", "said": f"no verb {verb!r}"}}

    def _play(self, window: Path, record: Path, link: socket.socket) -> dict[str, Any]:
        said = codec.read(window)
        known, records = said["operate"], []
        for _, playlists in said["takes"]:
            refuse_beyond_limits(playlists, self.station.laboratory)
        with Watched(link):
            if self._operating != dict(known):
                self._operating = None
                self.station.operate(known)
                self._operating = dict(known)
            crash_point("agent.operating")
            crash_point("agent.before_play")
            before = time.time()
            for sequence, playlists in said["takes"]:
                records.append(play_take(self.station, sequence, playlists, said))
        crash_point("agent.after_play")
        self._records = record, tuple(records)
        seconds = dict(sum((one.timing for one in records), Timing()).seconds)
        began = before + seconds.get("upload", 0.0) + seconds.get("arm", 0.0)
        return {"seconds": seconds, "began": began, "now": self.station.clock.now(), "more": True}


def _heard(link: socket.socket) -> bytes:
    """Return the next frame; nothing when the daemon is gone, whether or not it had read what it was told."""
    try:
        return link.recv(MOST_BYTES)
    except ConnectionError:
        return b""


def play_take(
    station: Station, sequence: Sequence, playlists: Mapping[str, Playlist], said: Mapping[str, Any]
) -> Record | Played:
    """Play one upload of a window; ``said`` is what else the window says."""
    if sequence.tree is not None:
        from qctl.run.steering import play_in_parts  # only who has such jobs needs it

        return play_in_parts(station, sequence, playlists, said["known"])
    return play_as_asked(station, sequence, playlists, said["parameters_id"], said.get("known"))


class Watched:
    """Interrupt the main thread when the daemon goes away meanwhile; give up this process when it does not help."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._over, self._gone = threading.Event(), False
        self._before: Any = None

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGHUP, self._interrupt)
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        signal.signal(signal.SIGHUP, self._before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if not self._over.is_set():
            raise Interrupted

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._link, select.POLLHUP | select.POLLRDHUP)
        while not self._over.is_set():
            if poll.poll(100):
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP)
                if not self._over.wait(INTERRUPTION):
                    os._exit(70)  # the guardian makes safe what this process still waits for
                return


def run(lab: str, state: Path, alive: int, addresses: dict[str, str] | None, rack: int | None) -> int:
    """Open the rack, serve, and leave it safe.

    Parameters
    ----------
    alive : pipe to whoever watches this process; its end says that nobody made anything safe
    addresses : of instruments that a simulated rack serves
    rack : pipe to that rack
    """
    laboratory = read_laboratory(Path(lab))
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    running = None if addresses is None else MockRack(addresses, _say_to(rack))
    with open_station(laboratory, rack=running) as station:
        agent = Agent(station, state)
        threading.Thread(target=_beat, args=(alive, stopping), name="beat", daemon=True).start()
        with listen(run_folder(state) / AGENT, socket.SOCK_SEQPACKET) as listener:
            agent.serve(listener, stopping.is_set)
    os.write(alive, SAFE_BYTE)
    return 0


def _beat(alive: int, stopping: threading.Event) -> None:
    while not stopping.wait(BEAT):
        os.write(alive, BEAT_BYTE)


def _say_to(rack: int | None) -> Callable[[str], None]:
    def say(line: str) -> None:
        if rack is not None:
            os.write(rack, f"{line}\n".encode())

    return say


def _error(error: Exception) -> dict[str, Any]:
    return {"error": {"kind": type(error).__name__, "said": str(error) or type(error).__name__}}
