"""A laboratory drifts while users' jobs keep it busy; calibration runs beside them. Virtual time, every window packed.

    python tests/jobs/beside.py --hours 2 --load 0.8 --seed 1

The chip is that of ``--lab`` with three fake steps for each qubit or coupling: values that walk and now and then leap,
honest measurements and checks (`tests/worlds/fake_world.py`). The planner and its upkeep are those of `qctl calibrate`,
the packer is the scheduler's, the users' programs take two to five neighbours each. Compared are the same arrivals
without calibration, and a laboratory in which everything is measured anew before anybody looks, whatever that costs.

Every program has other places to go, so nobody waits for a doubted value, and no step is urgent. A calibration shot is
free when the packer, asked about the same window without it, grants users as much as with it. Exit code 1 when a goal
is missed.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "worlds"))
from fake_world import World, calibrated, node, world_of

from qctl.calibrate.drift import DAY
from qctl.calibrate.events import Started, silent
from qctl.calibrate.loop import opened
from qctl.calibrate.maintain import Strategy, kept
from qctl.calibrate.planner import LEAST
from qctl.calibrate.targets import chosen
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.names import Target
from qctl.jobs.calibration.service import at_once
from qctl.jobs.claims import neighbours
from qctl.jobs.packer import Packer
from qctl.jobs.request import Candidate, Claims, JobClass, Request, State
from qctl.jobs.simulate import advanced
from qctl.store import ParameterStore

FRAME, WINDOW = 250e-6, 0.25  # s
CURVATURE, FLOOR = 1e-3, 3.6e-4  # gate error per square of a value's error; what decoherence leaves on transmon5
DAILY, LEAP, LEAPS = 1.0, 20.0, 1 / (7 * DAY)  # a day's walk, size and rate of leaps
PLACES = 16
FREE, LOSS, WORSE = 0.9, 0.01, 1.1  # goals
NODES = (
    node("rabi", "amp", curvature=CURVATURE, check=True, best=0.1),
    node("ramsey", "f", needs=("rabi",), curvature=CURVATURE, check=True, best=0.1),
    node(
        "cz", "phase", needs=("ramsey",), kind=Target.COUPLING, curvature=CURVATURE, check=True, best=0.1,
        claims=lambda lab, known, target: frozenset(lab.couplings[target].pair),
    ),
)  # fmt: skip


class Chip:
    """Where programs and calibration steps have their place."""

    def __init__(self, lab: str) -> None:
        self.laboratory = read_laboratory(find_laboratory(lab))
        self.names, self.near = self.laboratory.qubit_names, neighbours(self.laboratory)

    def place(self, qubits: set[int]) -> Candidate:
        """Return a place with the halo that the scheduler keeps around it."""
        halo = {other for q in qubits for other in self.near[q]} - qubits
        claims = Claims(
            exclusive=frozenset(f"qubit {self.names[q]}" for q in qubits),
            quiet=frozenset(f"qubit {self.names[q]}" for q in halo),
        )
        return Candidate(
            placement=tuple(sorted(qubits)), claims=claims, expected_success=0.9 - 0.01 * len(halo), duration_s=FRAME
        )

    def places(self, rng: np.random.Generator, size: int) -> tuple[Candidate, ...]:
        """Return places for a program of so many neighbours, here and there on the chip."""
        found = []
        for start in rng.choice(len(self.names), min(PLACES, len(self.names)), replace=False).tolist():
            qubits = {start}
            while len(qubits) < size:
                edge = sorted({other for q in qubits for other in self.near[q]} - qubits)
                qubits.add(int(rng.choice(edge)))
            found.append(self.place(qubits))
        return tuple(found)

    def of(self, targets: tuple[str, ...]) -> Candidate:
        """Return the place of a calibration step."""
        pairs = {name: one.pair for name, one in self.laboratory.couplings.items()}
        return self.place({self.names.index(q) for target in targets for q in pairs.get(target, (target,))})


def arrivals(chip: Chip, rate: float, seconds: float, seed: int) -> list[Request]:
    """Return users' jobs that come at random, so many a second."""
    rng, now, found = np.random.default_rng(seed), 0.0, []
    while (now := now + float(rng.exponential(1 / rate))) < seconds:
        number, size = len(found), int(rng.integers(2, 6))
        found.append(
            Request(
                job=str(number), user=f"user {number % 6}", job_class=JobClass.BATCH, sequence=number, submitted=now,
                shots_left=int(rng.integers(1000, 4001)), candidates=chip.places(rng, size),
            )
        )  # fmt: skip
    return found


@dataclass
class Station:
    """The packer's machine in virtual time: users' jobs, and one calibration step at a time."""

    coming: list[Request]
    now: float = 0.0
    shots: int = 0
    waited: list[float] = field(default_factory=list)
    here: dict[str, Request] = field(default_factory=dict)
    free: int = 0
    calibrating: int = 0

    def __post_init__(self) -> None:
        self.coming = sorted(self.coming, key=lambda one: -one.submitted)
        self.packer, self.other = Packer(), Packer()

    def until(self, end: float) -> None:
        """Run users' jobs alone until some time."""
        while self.now < end:
            self.window(None, end)

    def step(self, request: Request) -> None:
        """Run a calibration step among users' jobs until it is done."""
        left: Request | None = request
        while left is not None:
            left = self.window(left, math.inf)

    def window(self, step: Request | None, end: float) -> Request | None:
        """Play one window; return what is left of the calibration step."""
        while self.coming and self.coming[-1].submitted <= self.now:
            arrived = self.coming.pop()
            self.here[arrived.job] = arrived
        users = list(self.here.values())
        state = State(now=self.now, window_s=WINDOW, frame_s=FRAME)
        window = self.packer.pack(users if step is None else [*users, step], state)
        if not window.grants:
            self.now = min(self.coming[-1].submitted if self.coming else end, end)
            return step
        granted = sum(grant.shots for grant in window.grants if grant.job in self.here)
        if any(grant.job not in self.here for grant in window.grants):
            alone = sum(grant.shots for grant in self.other.pack(users, state).grants)
            step = self._played(window, step, granted >= alone)
        for grant in window.grants:
            if grant.job in self.here:
                self._advance(grant.job, grant.candidate, grant.shots)
        self.shots += granted
        self.now += window.duration_s
        return step

    def _played(self, window, step: Request, free: bool) -> Request | None:
        (grant,) = [one for one in window.grants if one.job == step.job]
        self.calibrating += grant.shots
        self.free += grant.shots * free
        left = advanced(step, grant.candidate, grant.shots)
        return left if left.shots_left else None

    def _advance(self, job: str, candidate: int, shots: int) -> None:
        left = advanced(self.here[job], candidate, shots)
        if left.shots_left:
            self.here[job] = left
        else:
            del self.here[job]
            self.waited.append(self.now - left.submitted)


class Beside(World):
    """A workbench whose steps wait for windows of a station."""

    def serve(self, chip: Chip, station: Station) -> None:
        """From now on play beside users' jobs."""
        self.chip, self.station, self.began, self.number, self.doing = chip, station, self.time, 0, None

    def heard(self, event: object) -> None:
        """Remember which step asks."""
        if isinstance(event, Started):
            self.doing = event

    def busy(self, seconds: float) -> None:
        """Find windows for a step of so many seconds; the world drifts meanwhile."""
        self.seconds += seconds
        self.number += 1
        self.station.step(
            Request(
                job=f"calibration {self.number}", user="calibration", sequence=2**52, submitted=self.station.now,
                job_class=JobClass.BACKGROUND,
                shots_left=max(1, round(seconds / FRAME)), candidates=(self.chip.of(self.doing.targets),),
            )
        )  # fmt: skip
        self._drift()

    def wait(self, seconds: float) -> None:
        """Let users' jobs play."""
        if not hasattr(self, "station"):
            super().wait(seconds)
            return
        self.station.until(self.station.now + seconds)
        self._drift()

    def _drift(self) -> None:
        seconds = self.began + self.station.now - self.time
        self.time += seconds
        for name, speed in self.speeds.items():
            self.truth[name] += math.sqrt(speed * seconds) * self.rng.normal()
            self.truth[name] += LEAP * (self.rng.random() < LEAPS * seconds) * self.rng.choice((-1, 1))


class Leaping(World):
    """The same weather without users."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        super().wait(seconds)
        for name in self.speeds:
            self.truth[name] += LEAP * (self.rng.random() < LEAPS * seconds) * self.rng.choice((-1, 1))


def capacity(chip: Chip, seed: int) -> float:
    """Return how many jobs a second a full queue gets done."""
    station = Station([replace(one, submitted=0.0) for one in arrivals(chip, 10.0, 60.0, seed)])
    n = len(station.coming)
    station.until(5.0)
    while len(station.here) > n // 4:  # the last ones do not fill the chip any more
        station.window(None, math.inf)
    return len(station.waited) / station.now


def kept_good(chip: Chip, folder: Path, seed: int, seconds: float, station: Station | None) -> tuple[float, World]:
    """Return the mean gate error over some time, beside a station's jobs or (None) always fresh, and the world."""
    world = world_of(NODES, chip.laboratory, seed=seed)
    calibrated(world, folder, NODES)
    world.__class__ = Leaping if station is None else Beside
    world.speeds = dict.fromkeys(world.truth, DAILY**2 / DAY)
    errors: list[float] = []

    def watch(cycle: object) -> None:
        wrong = [CURVATURE * (world.known[name] - true) ** 2 for name, true in world.truth.items()]
        errors.append(FLOOR + float(np.mean(np.minimum(wrong, 0.5))))

    looks = np.arange(600.0, seconds, 600.0).tolist()
    with ParameterStore.open(folder, "fake") as store:
        targets = chosen(chip.laboratory, ())
        if station is None:
            cycle = opened(world, store, NODES, targets, False, LEAST, silent)
            kept(cycle, seconds, strategy=Strategy.FRESH, watch=watch, looks=looks)
        else:
            world.serve(chip, station)
            together = at_once(chip.laboratory)
            cycle = opened(world, store, NODES, targets, False, LEAST, world.heard, together, probed=False)
            kept(cycle, seconds, 1e3, watch=watch, looks=looks, probed_at=world.now())
            station.until(seconds)
    return float(np.mean(errors)), world


@dataclass(frozen=True)
class Found:
    """What calibration beside users' jobs gave and cost."""

    free: float  # share of calibration shots that cost users nothing
    loss: float  # share of users' shots that came less
    slower: float  # mean turnaround, relative to that without calibration
    worse: float  # mean gate error, relative to always fresh
    shots: int
    jobs: int

    @property
    def missed(self) -> bool:
        """Say whether a goal is missed."""
        return self.free < FREE or self.loss > LOSS or self.worse > WORSE


def study(lab: str, hours: float, load: float, seed: int) -> Found:
    """Return what calibration costs and gives at one load."""
    chip, seconds = Chip(lab), hours * 3600.0
    jobs = arrivals(chip, load * capacity(chip, seed), seconds, seed)
    without, beside = Station(list(jobs)), Station(list(jobs))
    without.until(seconds)
    with TemporaryDirectory() as folder, TemporaryDirectory() as other:
        error, _ = kept_good(chip, Path(folder), seed, seconds, beside)
        fresh, _ = kept_good(chip, Path(other), seed, seconds, None)
    return Found(
        free=beside.free / max(beside.calibrating, 1), loss=1 - beside.shots / without.shots,
        slower=float(np.mean(beside.waited) / np.mean(without.waited)), worse=error / fresh,
        shots=beside.calibrating, jobs=len(beside.waited),
    )  # fmt: skip


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--lab", default="wukong72")
    options.add_argument("--hours", type=float, default=2.0)
    options.add_argument("--load", type=float, default=0.8)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    found = study(asked.lab, asked.hours, asked.load, asked.seed)
    print(f"{asked.lab}, load {asked.load:g}, {asked.hours:g} h, seed {asked.seed}:")
    print(f"  {found.shots} calibration shots beside {found.jobs} jobs, free: {found.free:.1%} (at least {FREE:.0%})")
    print(f"  users' shots lost: {found.loss:.2%} (at most {LOSS:.0%}); turnaround {found.slower:.3f} times")
    print(f"  gate error {found.worse:.3f} times always fresh (at most {WORSE:g})")
    return int(found.missed)


if __name__ == "__main__":
    sys.exit(main())
