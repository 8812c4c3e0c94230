"""Runs that must not be believed: healthy data of usual experiments, and ways to spoil them.

``study(spoil, n, seed)`` plays n runs and counts those that were accepted although they are wrong. Every run goes the
whole way: fit, acceptance, a second run after a jump, verification with counted shots.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from fake_world import START, TRANSMON5

from qctl.calibrate.decision import decided
from qctl.calibrate.drift import DAY, Drift
from qctl.calibrate.fits import fit_cosine, fit_damped_cosine, fit_decay, fit_lorentzian, fit_resonator
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.workbench import Carried
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters

TAU = 2 * math.pi


@dataclass(frozen=True)
class Kind:
    """One usual experiment: an axis, the curve that a true value draws, the noise of a point, and its fit."""

    name: str
    unit: str
    floor: float
    usual: tuple[float, float]  # true values lie between
    off: float  # how far the guess is from the truth, one standard deviation
    width: float  # error at which gates go wrong visibly
    axis: object  # (guess) -> x
    curve: object  # (x, truth, guess) -> y
    value: object  # (fit, guess) -> (value, error)
    fit: object  # (x, y, sigma) -> Fit
    noise: tuple[float, float] = (0.01, 0.03)
    best: float = 0.0  # of a stored value: error


def ramsey(x, truth, guess):
    return 0.5 + 0.45 * np.exp(-x / 20e-6) * np.cos(TAU * (1e6 + truth - guess) * x)


def notch(x, truth, guess):
    ql, qc = truth / 1.5e6, truth / 2e6
    return (1 - (ql / qc) / (1 + 2j * ql * (x - truth) / truth)) * np.exp(-2j * np.pi * 50e-9 * (x - guess) + 0.4j)


def of(name):
    return lambda fit, guess: (fit.value(name), fit.error(name))


def half_period(fit, guess):
    value = 0.5 / fit.value("frequency")
    return value, value * fit.error("frequency") / fit.value("frequency")


def detuning(fit, guess):
    return guess + fit.value("frequency") - 1e6, fit.error("frequency")


KINDS = (
    Kind(
        "spectroscopy", "Hz", 2e6, (4.6e9, 5.4e9), 5e6, 0.6e6, lambda guess: guess + np.linspace(-20e6, 20e6, 61),
        lambda x, truth, guess: 0.1 + 0.5 / (1 + (2 * (x - truth) / 3e6) ** 2), of("centre"),
        lambda x, y, s: fit_lorentzian(x, y, s)[0], best=0.2e6,
    ),
    Kind(
        "rabi", "", 0.05, (0.1, 0.4), 0.06, 0.02, lambda guess: np.linspace(0, 3.2 * guess, 41),
        lambda x, truth, guess: 0.5 - 0.45 * np.cos(np.pi * x / truth), half_period,
        lambda x, y, s: fit_cosine(x, y, s)[0], best=0.002,
    ),
    Kind(
        "ramsey", "Hz", 3e4, (4.6e9, 5.4e9), 1e5, 1e5, lambda guess: np.linspace(0, 8e-6, 61), ramsey, detuning,
        lambda x, y, s: fit_damped_cosine(x, y, s, tau_needed=False)[0], best=3e3,
    ),
    Kind(
        "t1", "s", 40e-6, (20e-6, 60e-6), 10e-6, 15e-6, lambda guess: np.linspace(0, 4 * guess, 31),
        lambda x, truth, guess: 0.05 + 0.9 * np.exp(-x / truth), of("tau"),
        lambda x, y, s: fit_decay(x, y, s)[0], best=2e-6,
    ),
    Kind(
        "resonator", "Hz", 1e6, (6.9e9, 7.4e9), 1.5e6, 0.6e6, lambda guess: guess + np.linspace(-6e6, 6e6, 81), notch,
        of("frequency"), lambda x, y, s: fit_resonator(x, y, s)[0], best=2e4,
    ),
)  # fmt: skip


@dataclass
class Run:
    """One run of one experiment on one target, with what spoils it."""

    kind: Kind
    truth: float
    known: Parameters
    spoil: object
    rng: np.random.Generator
    laboratory: object = TRANSMON5
    scores: list = field(default_factory=list)

    def now(self):
        return START

    def carry_out(self, experiment):
        kind, guess = self.kind, self.known["q0.value"]
        sigma = self.rng.uniform(*kind.noise)
        x, truth = kind.axis(guess), self.truth

        def curve(points, true):
            y = kind.curve(points, true, guess)
            shake = self.rng.normal(size=y.shape)
            return y + sigma * (shake + 1j * self.rng.normal(size=y.shape) if np.iscomplexobj(y) else shake)

        x, y = self.spoil(self, x, truth, curve)
        fit = kind.fit(x, y, np.full(len(x), sigma))
        if not fit.ok:
            return Carried((Outcome("q0", fits=(fit,), reason=fit.reason),))
        value, error = kind.value(fit, guess)
        return Carried((Outcome("q0", {"q0.value": Estimate(value, error, kind.unit)}, (fit,)),))

    def compare(self, check, settings):
        return tuple({"q0": self.score(self.known.replaced(setting)["q0.value"])} for setting in settings)

    def score(self, value, shots=1000):
        share = min(0.02 + 0.25 * ((value - self.truth) / self.kind.width) ** 2, 0.5)
        seen = (self.rng.binomial(shots, share) + 0.5) / (shots + 1)
        return seen, math.sqrt(seen * (1 - seen) / shots)


def node_of(kind):
    low, high = kind.usual
    value = Quantity(name="value", low=low - (high - low), high=high + (high - low), floor=kind.floor)
    return Node(
        name=kind.name, kind=Target.QUBIT, finds=(value,), make=lambda lab, targets, known: None,
        claims=lambda lab, known, target: frozenset({target}), check=lambda lab, targets, known: None,
    )  # fmt: skip


def healthy(run, x, truth, curve):
    return x, curve(x, truth)


def noise_only(run, x, truth, curve):
    y = curve(x, truth)
    return x, 0.3 + (y - run.kind.curve(x, truth, run.known["q0.value"]))


def empty(run, x, truth, curve):
    return x[:0], curve(x[:0], truth)


def constant(run, x, truth, curve):
    return x, np.full(len(x), curve(x, truth)[0])


def saturated(run, x, truth, curve):
    y = curve(x, truth)
    if np.iscomplexobj(y):
        level = run.rng.uniform(0.2, 0.6)
        return x, np.clip(y.real, -level, level) + 1j * np.clip(y.imag, -level, level)
    low, high = y.min(), y.max()
    return x, np.clip(y, low + 0.15 * (high - low), low + run.rng.uniform(0.3, 0.75) * (high - low))


def not_numbers(run, x, truth, curve):
    y = curve(x, truth)
    lost = run.rng.choice(len(y), run.rng.integers(1, len(y)), replace=False)
    y[lost] = run.rng.choice([np.nan, np.inf, -np.inf])
    return x, y


def wrong_peak(run, x, truth, curve):
    """Return a healthy answer of something else: a neighbour, a defect, a harmonic, an alias."""
    return x, curve(x, run.elsewhere)


def alias(run, x, truth, curve):
    """Return an oscillation that is too fast for the points: it looks like the slow one that was expected."""
    if run.kind.name != "ramsey" or run.truth != truth:
        return x, curve(x, run.elsewhere)
    y = curve(x, truth)
    run.truth = truth + run.rng.choice([-1, 1]) / (x[1] - x[0])
    return x, y


def at_bound(run, x, truth, curve):
    """Return what is seen where the answer lies outside of the scan."""
    span = x[-1] - x[0]
    if run.kind.name in ("rabi", "ramsey", "t1"):
        short = x[0] + (x - x[0]) * run.rng.uniform(0.005, 0.06)
        return short, curve(short, truth)
    return x, curve(x, x[-1] + run.rng.uniform(0.05, 0.4) * span)


def singular(run, x, truth, curve):
    same = np.full(len(x), x[run.rng.integers(len(x))])
    few = x[np.sort(run.rng.choice(len(x), 3, replace=False))]
    chosen = same if run.rng.random() < 0.5 else few
    return chosen, curve(chosen, truth)


def jump(run, x, truth, curve):
    """Return what is seen when the truth moves in the middle of the first scan, and stays there."""
    y = curve(x, truth)
    if truth != run.elsewhere:
        cut = run.rng.integers(len(x) // 4, 3 * len(x) // 4)
        y[cut:] = curve(x[cut:], run.elsewhere)
        run.truth = run.elsewhere
    return x, y


SPOILED = {
    "noise only": noise_only, "no points": empty, "the same at every point": constant, "saturated": saturated,
    "not numbers": not_numbers, "wrong peak": wrong_peak, "alias": alias, "outside of the scan": at_bound,
    "singular": singular, "jump while scanning": jump, "swapped": wrong_peak,
}  # fmt: skip
HARMLESS = 5.0  # standard errors: an accepted value this near to the truth is no false acceptance


def run_of(kind, spoil, seed):
    """Return one run: what is believed before is a guess or an old value, with the error that is said."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(*kind.usual)
    measured = rng.random() < 0.5
    off = kind.best if measured else kind.off
    guess = truth + off * rng.uniform(-1, 1) if not measured else truth + off * rng.normal()
    known = Parameters({"q0.value": Estimate(guess, off if measured else math.inf, kind.unit, START - DAY)})
    run = Run(kind, truth, known, spoil, rng)
    far = rng.uniform(3, 8) * rng.choice([-1, 1]) * kind.width
    run.elsewhere = truth * rng.choice([0.5, 2.0]) if kind.name == "rabi" else max(truth + far, 0.2 * truth)
    return run


@dataclass(frozen=True)
class Count:
    """How runs of one sort ended."""

    runs: int = 0
    accepted: int = 0
    false: int = 0
    reasons: tuple[str, ...] = ()


def study(spoil, n, seed):
    """Return how n runs of all experiments in turn ended, all spoiled in one way."""
    count = Count()
    for k in range(n):
        kind = KINDS[k % len(KINDS)]
        run = run_of(kind, spoil, (seed, k))
        answer = decided(run, node_of(kind), ("q0",), Drift(), lambda carried: "", lambda targets, what: None)["q0"]
        verdict, found = answer.verdict, answer.outcome.found.get("q0.value")
        wrong = verdict.accepted and abs(found.value - run.truth) > HARMLESS * found.error
        reason = () if verdict.accepted else (f"{kind.name}: {verdict.reason}",)
        told = (f"{kind.name}: {found.value} +- {found.error}, true {run.truth}",) if wrong else reason
        count = replace(
            count, runs=count.runs + 1, accepted=count.accepted + verdict.accepted, false=count.false + wrong,
            reasons=(*count.reasons, *told),
        )  # fmt: skip
    return count
