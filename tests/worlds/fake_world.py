"""A laboratory without instruments: true values that drift, honest experiments, and faults."""

import math
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from qctl.calibrate.cycle import Cycle
from qctl.calibrate.events import silent
from qctl.calibrate.loop import brought_up, opened
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.planner import LEAST
from qctl.calibrate.targets import chosen
from qctl.calibrate.workbench import Carried
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.store import ParameterStore

START = 1.8e9
TRANSMON5 = read_laboratory(find_laboratory("transmon5"))


@dataclass(frozen=True)
class Asked:
    """A fake experiment: measures ``quantities`` with an error that depends on what was known before."""

    name: str
    laboratory: object
    targets: tuple[str, ...]
    quantities: tuple[str, ...]
    best: float = 1.0  # error that it reaches in the end
    ratio: float = 0.02  # how much smaller than the error before it a pass makes it
    seconds: float = 1.0


@dataclass(frozen=True)
class Probed:
    """A fake check: its score rises with the square of what is wrong."""

    name: str
    laboratory: object
    targets: tuple[str, ...]
    quantities: tuple[str, ...]
    curvature: float = 1e-4
    seconds: float = 0.2
    gates: ClassVar[int] = 10


@dataclass
class World:
    """Stands in for a workbench.

    Attributes
    ----------
    truth : by full name
    speeds : of the random walk of each truth, SI^2 / s
    broken : (node, target) -> what its experiment says instead, a function of the honest outcome
    log : what was asked, in order: (node, targets)
    """

    known: Parameters
    truth: dict[str, float]
    speeds: dict[str, float] = field(default_factory=dict)
    broken: dict = field(default_factory=dict)
    laboratory: object = TRANSMON5
    seconds: float = 0.0
    time: float = START
    seed: int = 1
    log: list = field(default_factory=list)
    before_answer: object = None

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)

    def now(self):
        return self.time

    def wait(self, seconds):
        self.time += seconds
        for name, speed in self.speeds.items():
            self.truth[name] += math.sqrt(speed * seconds) * self.rng.normal()

    def busy(self, seconds):
        self.seconds += seconds
        self.wait(seconds)

    def carry_out(self, experiment):
        self.busy(experiment.seconds)
        self.log.append((experiment.name, experiment.targets))
        if self.before_answer:
            self.before_answer(self)
        outcomes = [self.outcome(experiment, target) for target in experiment.targets]
        return Carried(tuple(outcomes))

    def outcome(self, experiment, target):
        found = {}
        for quantity in experiment.quantities:
            name = f"{target}.{quantity}"
            before = self.known.estimates[name].error if name in self.known else math.inf
            error = max(experiment.best, experiment.ratio * min(before, 400 * experiment.best))
            found[name] = Estimate(self.truth[name] + error * self.rng.normal(), error, "")
        honest = Outcome(target, found)
        fault = self.broken.get((experiment.name, target))
        return honest if fault is None else fault(honest)

    def compare(self, check, settings):
        self.busy(check.seconds * len(settings))
        self.log.append((check.name, check.targets))
        return tuple(self.scores(check, self.known.replaced(setting)) for setting in settings)

    def scores(self, check, known):
        found = {}
        for target in check.targets:
            names = [f"{target}.{quantity}" for quantity in check.quantities]
            wrong = sum((known[name] - self.truth[name]) ** 2 for name in names)
            share = min(0.01 + check.curvature * wrong, 0.5)
            error = math.sqrt(share * (1 - share) / 1000)
            found[target] = (share + error * self.rng.normal(), error)
        return found


def node(name, *quantities, needs=(), kind=Target.QUBIT, curvature=0.0, claims=None, check=False, **settings):
    """Return a node of a fake experiment: its quantities are plain numbers between -1e6 and 1e6."""
    finds = tuple(
        Quantity(name=q, low=-1e6, high=1e6, floor=5.0, curvature=lambda known, target: curvature) for q in quantities
    )
    return Node(
        name=name,
        kind=kind,
        finds=finds,
        needs=tuple(needs),
        make=lambda lab, targets, known: Asked(name, lab, targets, quantities, **settings),
        claims=claims or (lambda lab, known, target: frozenset({target})),
        check=(lambda lab, targets, known: Probed(f"check_{name}", lab, targets, quantities)) if check else None,
        largest_error=1e9,
    )


CHAIN = (
    node("resonators", "a"),
    node("spectroscopy", "f", needs=("resonators",), curvature=1e-6, best=20.0),
    node("rabi", "amp", needs=("spectroscopy",), curvature=1e-5, check=True),
    node("ramsey", "f", needs=("rabi",), curvature=1e-6, check=True),
    node("t1", "decay", needs=("rabi",)),
    node(
        "cz", "phase", needs=("ramsey",), kind=Target.COUPLING, curvature=1e-5, check=True,
        claims=lambda lab, known, target: frozenset(lab.couplings[target].pair),
    ),
)  # fmt: skip


def world_of(nodes=CHAIN, laboratory=TRANSMON5, seed=1, **settings):
    """Return a world in which nobody measured anything yet."""
    rng = np.random.default_rng(seed)
    names = [
        f"{target}.{quantity.name}"
        for one in nodes
        for target in chosen(laboratory, ())[one.kind]
        for quantity in one.finds
    ]
    truth = {name: float(rng.normal(0, 100)) for name in dict.fromkeys(names)}
    known = Parameters({name: Estimate(0.0, math.inf, "", 0.0, "guess") for name in truth})
    return World(known, truth, laboratory=laboratory, seed=seed, **settings)


def calibrated(
    world, folder, nodes=CHAIN, targets=(), from_scratch=True, budget=math.inf, again=(), on_event=silent
):  # fmt: skip
    """Return the report of a calibration of a world, kept in a store in ``folder``."""
    with ParameterStore.open(folder, "fake") as store:
        chosen_ = chosen(world.laboratory, targets)
        cycle = opened(world, store, nodes, chosen_, from_scratch, LEAST, on_event)
        cycle.doubt(again)
        return brought_up(cycle, budget)


def cycle_of(world, store, nodes=CHAIN, on_event=silent):
    """Return a calibration that has not begun."""
    return Cycle(world, store, nodes, chosen(world.laboratory, ()), True, LEAST, on_event)


RABI = node("rabi", "amp", needs=("spectroscopy",), curvature=1e-3, best=2.0)
FINE = (
    node("spectroscopy", "f"),
    replace(RABI, finds=(replace(RABI.finds[0], floor=50.0),)),  # it finds what has moved far
    node("drag", "beta", needs=("rabi",)),
    node("fine", "amp", needs=("drag",), curvature=1e-3, check=True, best=0.1),
)


def far_off(folder, qubit):
    """Return a world that was calibrated before an amplitude moved further than a fine step can follow."""
    world = world_of(FINE, seed=5)
    calibrated(world, folder, FINE)
    world.truth[f"{qubit}.amp"] += 40.0

    def near_only(honest):
        near = abs(world.known[f"{qubit}.amp"] - world.truth[f"{qubit}.amp"]) < 20.0
        return honest if near else Outcome(qubit, {}, reason="the amplitude is far off")

    world.broken["fine", qubit] = near_only
    world.log.clear()
    return world
