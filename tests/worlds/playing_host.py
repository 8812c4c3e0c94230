"""The daemon's scheduler on a virtual clock with instruments of a simulated laboratory: what is played is measured."""

import asyncio
from contextlib import contextmanager
from pathlib import Path

from virtual_host import VirtualHost

from qctl.control import open_station
from qctl.core.errors import QctlError
from qctl.daemon.agent import play_take
from qctl.daemon.agent_link import AgentRefusedError
from qctl.jobs import codec


class PlayingHost(VirtualHost):
    """A machine whose windows are played by a station, in no time of the clock's own."""

    station = None

    async def ask(self, said, timeout):
        if said["verb"] == "rest":
            return {"failures": []}
        with self.loop.elsewhere():
            window = codec.read(Path(said["window"]))
            try:
                records = self.records(window)
            except QctlError as error:
                raise AgentRefusedError(type(error).__name__, str(error)) from error
            codec.write(Path(said["record"]), tuple(records))
        await asyncio.sleep(0.01)
        return {"seconds": {}, "began": 0.0, "now": self.loop.time(), "question": 0}

    def records(self, window):
        self.station.operate(window["operate"])
        return [play_take(self.station, one, playlists, window) for one, playlists in window["takes"]]

    async def more(self, question, timeout):
        """Say that a record is written: it was before the window ended."""

    def job(self, number):
        return self.store.job(number)

    def shots(self, number):
        """Return how many shots of each segment count."""
        job = self.job(number)
        return [one.shots for one in self.store.segments(number, job.round)]


@contextmanager
def playing(folder, lab, twin, seed=3):
    """Give a host whose station is open."""
    host = PlayingHost(folder, str(lab), twin)
    with open_station(host.laboratory, seed=seed, twin=twin) as host.station:
        yield host
    host.close()
