"""All simulated instruments of one laboratory, in one simulated world, on real links.

The wiring is the laboratory file's. Time is virtual: shots are played when a digitizer that waits for triggers is asked
whether it is done, and all instruments that take part have been started.
"""

from __future__ import annotations

import importlib
import itertools
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from random import Random

from qctl.core.errors import ConfigError, QctlError
from qctl.core.laboratory import Laboratory
from qctl.physics.stage import Carrier

from .branched import Branched, BranchingWorld, perform_branched
from .device import ScpiDevice
from .faults import Faults
from .gating import Gates, gates_of
from .gs200 import Gs200
from .hologram_server import HologramServer
from .infiniium import Infiniium
from .line_device import LineDevice
from .performance import Heard, Store, World, perform
from .sgs100a import Sgs100a
from .signals import Armed, Decides, Gated, GatedListener, Levels, Plays, Tones
from .timeline import Cable, Taker, Timeline, segments, timeline
from .values import ScpiError

log = logging.getLogger(__name__)

_FAREWELL = 2.0  # s that closing waits for shots that are still being played
_GAP = 1000  # shots that may pass unheard before a digitizer that is armed late sees its first trigger


class Rack:
    """The mocks of a laboratory by name, and what happens between them.

    Parameters
    ----------
    laboratory : names, drivers and wiring
    world : what the outputs act upon and the inputs hear
    faults : by instrument name
    latencies : hidden trigger latencies by instrument, s; others are what the laboratory file says
    seed : draws what late starters miss
    """

    def __init__(
        self,
        laboratory: Laboratory,
        world: World,
        *,
        faults: Mapping[str, Faults] | None = None,
        latencies: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        self.laboratory, self.world = laboratory, world
        self.lock = threading.Condition()
        self.notes: list[str] = []  # what a person at the bench would have noticed
        self._clock: Iterator[int] = itertools.count(1)
        self._latencies = {
            name: (latencies or {}).get(name, entry.trigger_latency) for name, entry in laboratory.instruments.items()
        }
        self._cables = {
            name: Cable(end.instrument, end.number, line.delay)
            for line in laboratory.lines.values()
            if (end := line.switch or line.output) is not None and (end.marker or line.switch is not None)
            for name in line.starts
        }
        self._random = Random(seed)
        self._worker: threading.Thread | None = None
        self._idle: list[int] = []  # settings of all instruments with which nothing could be played
        self.hear: Callable[[], None] = lambda: None  # what the rack was told before its shots are played
        self.mocks: dict[str, ScpiDevice | LineDevice] = {}
        for serial, (name, entry) in enumerate(laboratory.instruments.items(), start=1):
            mock = self._make(name, entry.driver, 100_000 + serial, (faults or {}).get(name))
            if isinstance(mock, Infiniium | GatedListener | Decides):
                mock.look = self.look
            if isinstance(mock, HologramServer):
                mock.load_pattern(len(laboratory.qubits))  # somebody computed where traps shall be
            self.mocks[name] = mock

    def _make(self, name: str, driver: str, serial: int, faults: Faults | None) -> ScpiDevice | LineDevice:
        module = driver.partition(":")[0].rpartition(".")[2]
        try:
            found = importlib.import_module(f"{__package__}.{module}")
            kind, identity = found.MOCK, str(found.IDENTITY)
        except (ImportError, AttributeError) as reason:
            raise ConfigError(
                f"driver {driver} has no simulated instrument",
                allowed=f"a driver whose module has a namesake in {__package__}",
                where=name,
            ) from reason
        mock = kind(identity.format(serial=serial), name, faults, self.lock, self._clock)
        assert isinstance(mock, ScpiDevice | LineDevice)
        return mock

    def look(self) -> None:
        """Play what can be played now. Called with the lock held; the playing itself happens without it."""
        state = [mock.changes for mock in self.mocks.values()]
        if self._worker is not None or state == self._idle:
            return
        if (branched := self._branched()) is not None:
            self._begin(self._perform_branched, branched)
            return
        waiting = {
            name: mock.waiting
            for name, mock in self.mocks.items()
            if isinstance(mock, Infiniium) and mock.waiting is not None
        }
        gated = {
            name: mock.gated
            for name, mock in self.mocks.items()
            if isinstance(mock, GatedListener) and mock.gated is not None
        }
        noticed: list[str] = []
        line = self._timeline({*waiting, *gated}, noticed)
        heard = [found for name, armed in waiting.items() if (found := self._heard(name, armed, line, noticed))]
        gates = [opened for name, one in gated.items() if (opened := self._gates(name, one, line))]
        if not heard and not gates:
            self._idle = state
            return
        for note in noticed:
            log.warning("%s", note)
        self.notes += noticed
        self._begin(self._perform, line, heard, gates)

    def _begin(self, perform: Callable[..., None], *arguments: object) -> None:
        self._worker = threading.Thread(target=perform, args=arguments, name="shots", daemon=True)
        self._worker.start()

    # --- who plays ---

    def _branched(self) -> Branched | None:
        """Return the shots of an instrument that decides, when it and all AWGs that start it are ready."""
        for name, mock in self.mocks.items():
            deciding = mock.deciding if isinstance(mock, Decides) else None
            if deciding is None or name not in self._cables or not isinstance(self.world, BranchingWorld):
                continue
            takers = self._takers(self._root(name), [])
            master = next(iter(takers.values())).player if takers else None
            line = self.laboratory.event_line()
            end = None if line is None else line.output
            cables = {}
            if line is not None and end is not None and end.instrument == name:
                cables = {awg: Cable(name, end.number, line.delay) for awg in line.branches}
            if master is not None and deciding.started < master.started:
                found = Branched(name, deciding, takers, self._cables[name], self._latencies[name], cables)
                return found if found.zero is not None and found.period is not None else None
        return None

    def _timeline(self, waiting: Collection[str], noticed: list[str]) -> Timeline | None:
        sources = {self._cables[name].source for name in waiting if name in self._cables}
        roots = {self._root(name) for name in sources}
        if len(roots) != 1:
            return None
        takers = self._takers(roots.pop(), noticed)
        return timeline(takers) if takers else None

    def _root(self, name: str) -> str:
        passed = {name}
        while name in self._cables and self._cables[name].source not in passed:
            name = self._cables[name].source
            passed.add(name)
        return name

    def _takers(self, master: str, noticed: list[str]) -> dict[str, Taker]:
        """Return everything that runs and that the master starts, itself first, each behind what starts it."""
        leader = self.mocks[master]
        player = leader.player() if isinstance(leader, Plays) else None
        if player is None:
            return {}
        takers = {master: Taker(player)}
        for name in self._behind(master):
            mock = self.mocks[name]
            found = mock.player() if isinstance(mock, Plays) else None
            if found is None or self._cables[name].source not in takers:
                continue
            first = found.first
            if found.started > player.started:
                first = self._random.randrange(len(found.steps))
                noticed.append(f"{name} was started after {master}: it missed triggers and stands at step {first + 1}")
            takers[name] = Taker(found, self._cables[name], self._latencies[name], first)
        return takers

    def _behind(self, master: str) -> list[str]:
        order = [master]
        for name in order:
            order += [other for other, cable in self._cables.items() if cable.source == name and other not in order]
        return order[1:]

    def _heard(self, name: str, armed: Armed, line: Timeline | None, noticed: list[str]) -> Heard | None:
        """Return the segments that a digitizer records, None when it goes on waiting."""
        mock, cable = self.mocks[name], self._cables.get(name)
        assert isinstance(mock, Infiniium)
        if line is not None and cable is not None and cable.source in line.takers and armed.threshold is not None:
            master = next(iter(line.takers.values())).player
            first = 0
            if armed.armed > master.started:
                first = self._random.randrange(_GAP)
                noticed.append(f"{name} was armed while the master was running: its first segment is shot {first}")
            busy = max(armed.delay, 0.0) + armed.n_samples / armed.rate + armed.rearm
            missed = mock.faults.drops_trigger if mock.faults.plan.dropped_triggers else None
            found = segments(line, cable, armed.threshold, armed.n_segments, busy, first, missed)
            if found is not None:
                return Heard(name, armed, found, self._latencies[name])
        return Heard(name, armed, None, 0.0) if armed.free_running else None

    def _gates(self, name: str, gated: Gated, line: Timeline | None) -> Gates | None:
        """Return the gates that a counter or camera sees, None when it goes on waiting."""
        cable = self._cables.get(name)
        if line is None or cable is None or cable.source not in line.takers:
            return None
        mock = self.mocks[name]
        if mock.faults.plan.dropped_triggers and mock.faults.drops_trigger():
            return None  # one reading is missing: it waits for ever
        return gates_of(name, gated, line, cable)

    # --- the run itself, in a thread of its own ---

    def _perform(self, line: Timeline | None, heard: list[Heard], gates: list[Gates]) -> None:
        done, why = False, "the simulated world failed, the rack's log says why"
        try:
            self.hear()
            with self.lock:
                mocks = {h.name: mock for h in heard if isinstance(mock := self.mocks[h.name], Infiniium)}
                counting = {g.name: mock for g in gates if isinstance(mock := self.mocks[g.name], GatedListener)}
                stores: dict[str, Store] = {name: mock.prepare() for name, mock in mocks.items()}
                stores |= {name: mock.prepare() for name, mock in counting.items()}
                carriers, biases = self._carriers(), self._biases()
            perform(self.world, line, heard, gates, carriers, biases, stores)
            done = True
        except QctlError as reason:
            # What the instruments' user cannot see from outside goes where instruments say such things.
            why = f"the simulated world: {reason}".translate(str.maketrans('";\n', "', "))[:240]
        finally:
            with self.lock:
                for found in heard:
                    mock = mocks[found.name]
                    if not done and mock.waiting is found.armed:
                        mock.fail(ScpiError(-200, why))
                        mock.abandon()
                    mock.deliver(found.armed)
                for opened in gates:
                    listener = counting[opened.name]
                    if not done and listener.gated is opened.gated:
                        self.mocks[opened.name].fail(ScpiError(-200, why))
                        listener.abandon()
                    listener.deliver(opened.gated)
                self._worker = None
                self.lock.notify_all()

    def _perform_branched(self, plan: Branched) -> None:
        told, why = None, "the simulated world failed, the rack's log says why"
        mock = self.mocks[plan.name]
        assert isinstance(mock, Decides)
        assert isinstance(mock, ScpiDevice)
        assert isinstance(self.world, BranchingWorld)
        try:
            self.hear()
            with self.lock:
                carriers, biases = self._carriers(), self._biases()
            told, well = perform_branched(self.world, plan, carriers, biases)
            why = "" if well else "TRIGGER NETWORK CONFLICT"
        except QctlError as reason:
            why = f"the simulated world: {reason}".translate(str.maketrans('";\n', "', "))[:240]
        finally:
            with self.lock:
                mock.deliver(plan.deciding, told, why)
                self._worker = None
                self.lock.notify_all()

    def _carriers(self) -> dict[str, Carrier]:
        found = {name: mock.carrier() for name, mock in self.mocks.items() if isinstance(mock, Sgs100a)}
        tones = {name: mock.tones() for name, mock in self.mocks.items() if isinstance(mock, Tones)}
        return found | {f"{name}.{channel}": tone for name, some in tones.items() for channel, tone in some.items()}

    def _biases(self) -> dict[str, float]:
        found = {name: mock.output() for name, mock in self.mocks.items() if isinstance(mock, Gs200)}
        held = {name: mock.levels() for name, mock in self.mocks.items() if isinstance(mock, Levels)}
        return found | {f"{name}.{channel}": level for name, some in held.items() for channel, level in some.items()}

    def close(self) -> None:
        """Let go of everybody who waits, and give shots that are being played a moment to end."""
        for mock in self.mocks.values():
            mock.close()
        worker = self._worker
        if worker is not None:
            worker.join(_FAREWELL)
