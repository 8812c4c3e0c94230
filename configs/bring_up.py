"""Bring a simulated laboratory up: play waveforms, fit what comes back, write a snapshot of parameters.

    python configs/bring_up.py configs/ideal20.yaml --longest 9

Kept for laboratories without decay, where a planner has no error to weigh: others are brought up by ``qctl calibrate``.

It knows what the laboratory file knows and nothing of the twin. It goes once through a fixed list of steps, for all
qubits at once and for couplers that share no qubit at once. It is no calibration: no acceptance, no dependencies, no
second thoughts.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit

from qctl import Lab
from qctl.compile import default_parameters
from qctl.config import write_parameters
from qctl.core.names import Target, unit_of
from qctl.core.parameters import Estimate
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.result import Result

PI = np.pi
Row = tuple[object, ...]
Floats = NDArray[np.float64]


def half(qubit: int, phase: float = 0.0) -> Row:
    """Return a pi/2 pulse."""
    return event(Op.R, (qubit,), (PI / 2, phase))


def flip(qubit: int, phase: float = 0.0) -> Row:
    """Return a pi pulse."""
    return event(Op.R, (qubit,), (PI, phase))


def wait(qubit: int, seconds: float) -> Row:
    """Return a delay."""
    return event(Op.DELAY, (qubit,), (seconds,))


def barrier(qubits: Sequence[int], label: int) -> list[Row]:
    """Return one barrier over all ``qubits``."""
    return [event(Op.BARRIER, (q,), (), label) for q in qubits]


def cosine(x: Floats, middle: float, swing: float, frequency: float, phase: float) -> Floats:
    """Return a cosine."""
    return middle + swing * np.cos(2 * PI * frequency * x + phase)


def fit_cosine(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return (middle, swing, frequency, phase) and their errors; guessed from the spectrum of zero-padded data."""
    span = x[-1] - x[0]
    trial = np.linspace(0.3 / span, 0.45 * (len(x) - 1) / span, 2000)
    power = np.abs(np.exp(-2j * PI * np.outer(trial, x)) @ (y - y.mean()))
    best = trial[np.argmax(power)]
    parts = np.column_stack([np.ones_like(x), np.cos(2 * PI * best * x), -np.sin(2 * PI * best * x)])
    middle, along, across = np.linalg.lstsq(parts, y, rcond=None)[0]
    start = (middle, np.hypot(along, across), best, np.arctan2(across, along))
    found, covariance = curve_fit(cosine, x, y, start, maxfev=20_000)
    return found, np.sqrt(np.diag(covariance))


def turning_point(x: Floats, y: Floats) -> float:
    """Return where a parabola through the data turns; stay inside the data."""
    curve = np.polynomial.Polynomial.fit(x, y, 2)
    top = float(curve.deriv().roots()[0].real)
    return float(np.clip(top, x[0], x[-1])) if curve.coef[2] > 0 else float(x[np.argmin(y)])


@dataclass
class BringUp:
    """A laboratory, and what was found of it so far."""

    lab: Lab
    shots: int

    def __post_init__(self) -> None:
        self.known = default_parameters(self.lab.laboratory)
        self.names = self.lab.laboratory.qubit_names
        self.all = range(len(self.names))

    def keep(self, step: str, found: Mapping[str, float]) -> None:
        """Put values into the snapshot, with the step that found them as provenance."""
        new = {n: Estimate(float(v), unit=self.unit(n), time=time.time(), run=step) for n, v in found.items()}
        self.known = self.known.replaced(new)

    def unit(self, name: str) -> str:
        """Return the unit of a parameter."""
        if name in self.known:
            return self.known.estimates[name].unit
        lab = self.lab.laboratory
        kinds = ((Target.QUBIT, lab.qubits), (Target.COUPLING, lab.couplings), (Target.LINE, lab.lines))
        found = [
            unit_of(name.removeprefix(f"{t}."), kind) for kind, ts in kinds for t in ts if name.startswith(f"{t}.")
        ]
        return next((unit for unit in found if unit is not None), "")

    def circuit(self, rows: Sequence[Row], qubits: Sequence[int]) -> list[Row]:
        """Return ``rows``, a barrier and a measurement of every one of ``qubits``."""
        return [*rows, *barrier(qubits, 10_000), *(event(Op.MEASURE, (q,), (), k) for k, q in enumerate(qubits))]

    def play(
        self, circuits: Sequence[Sequence[Row]], qubits: Sequence[int], settings: Sequence[Mapping[str, float]] = ({},)
    ) -> Result:
        """Play every circuit under every setting in one upload; points run over circuits fastest."""
        rows = [self.circuit(rows, qubits) for rows in circuits]
        starts = np.cumsum([0, *(len(r) for r in rows)])
        events = np.array([row for circuit in rows for row in circuit], EVENT)
        program = Program(events, len(self.names), len(qubits), starts, self.shots, physical=True)
        return self.lab.run_each([(program, self.known.replaced(s)) for s in settings], shots=self.shots)

    def ones(self, result: Result) -> Floats:
        """Return the mean of each bit, shape (n_points, n_bits), with readout errors taken out to first order."""
        seen = result.bits.mean(axis=1)
        low = np.array([self.known.estimates[f"{self.names[q]}.readout.p01"].value for q, _ in result.measured])
        lost = np.array([self.known.estimates[f"{self.names[q]}.readout.p10"].value for q, _ in result.measured])
        return np.asarray((seen - low) / (1 - low - lost))

    def axis_signal(self, result: Result) -> Floats:
        """Return mean points projected on the line along which they vary most, shape (n_points, n_bits)."""
        means = result.iq.mean(axis=1)
        centred = means - means.mean(axis=0)
        angle = 0.5 * np.angle((centred**2).sum(axis=0))
        return np.asarray((centred * np.exp(-1j * angle)).real)


def find_resonators(up: BringUp) -> None:
    """Scan the readout tones with idle qubits; stand where the reflected point moves fastest."""
    step = 1 / up.lab.laboratory.period
    offsets = np.round(np.linspace(-5e6, 5e6, 81) / step) * step
    guesses = {f"{n}.readout.frequency": up.known[f"{n}.readout.frequency"] for n in up.names}
    settings = [{name: guess + offset for name, guess in guesses.items()} for offset in offsets]
    means = up.play([[]], up.all, settings).iq.mean(axis=1)
    for q, name in enumerate(up.names):
        # The tone's own delay turns the phase at a constant rate; take it out before looking for the resonance.
        phase = np.unwrap(np.angle(means[:, q]))
        slope = np.median(np.diff(phase))
        speed = np.abs(np.diff(means[:, q] * np.exp(-1j * slope * np.arange(len(offsets)))))
        smooth = np.convolve(speed, np.ones(5) / 5, "same")
        best = offsets[np.argmax(smooth)]
        up.keep("resonator spectroscopy", {f"{name}.readout.frequency": guesses[f"{name}.readout.frequency"] + best})


def rabi(up: BringUp) -> None:
    """Find the amplitude of a pi pulse from one oscillation in amplitude."""
    amplitudes = np.linspace(0, 0.9, 46)
    settings = [{f"{name}.x180.amplitude": a for name in up.names} for a in amplitudes]
    signal = up.axis_signal(up.play([[flip(q) for q in up.all]], up.all, settings))
    for q, name in enumerate(up.names):
        found, _ = fit_cosine(amplitudes, signal[:, q])
        amplitude = 0.5 / found[2]
        up.keep("rabi", {f"{name}.x180.amplitude": amplitude, f"{name}.x90.amplitude": amplitude / 2})


def ramsey(up: BringUp, longest: float, artificial: float) -> None:
    """Find the frequency from the beat between two pi/2 pulses; the second pulse's phase turns on purpose."""
    grid = 20e-9
    waits = np.round(np.linspace(0, longest, 51) / grid) * grid
    circuits = [[row for q in up.all for row in (half(q), wait(q, t), half(q, 2 * PI * artificial * t))] for t in waits]
    signal = up.axis_signal(up.play(circuits, up.all))
    for q, name in enumerate(up.names):
        found, _ = fit_cosine(waits, signal[:, q])
        # The qubit runs ahead of its frame by (true - assumed); the second pulse's axis runs ahead by `artificial`.
        up.keep("ramsey", {f"{name}.frequency": up.known[f"{name}.frequency"] + artificial - abs(found[2])})


def readout(up: BringUp) -> None:
    """Choose the tone that separates 0 and 1 best, then the line between them and its errors."""
    step = 1 / up.lab.laboratory.period
    offsets = np.round(np.linspace(-3e6, 3e6, 31) / step) * step
    centre = {f"{n}.readout.frequency": up.known[f"{n}.readout.frequency"] for n in up.names}
    both: list[list[Row]] = [[], [flip(q) for q in up.all]]
    settings = [{name: value + offset for name, value in centre.items()} for offset in offsets]
    means = up.play(both, up.all, settings).iq.mean(axis=1).reshape(len(offsets), 2, -1)
    apart = np.abs(means[:, 1] - means[:, 0])
    for q, name in enumerate(up.names):
        best = offsets[np.argmax(np.convolve(apart[:, q], np.ones(3) / 3, "same"))]
        up.keep("readout frequency", {f"{name}.readout.frequency": centre[f"{name}.readout.frequency"] + best})
    discriminate(up)


def discriminate(up: BringUp) -> None:
    """Put the threshold between the clouds of 0 and 1, and count what falls on the wrong side."""
    fine = replace(up, shots=max(up.shots, 8000))
    fine.known = up.known
    points = fine.play([[], [flip(q) for q in up.all]], up.all).iq
    for q, name in enumerate(up.names):
        zero, one = points[0, :, q], points[1, :, q]
        rotation = -np.angle(
            np.median(one.real) + 1j * np.median(one.imag) - np.median(zero.real) - 1j * np.median(zero.imag)
        )
        low, high = (zero * np.exp(1j * rotation)).real, (one * np.exp(1j * rotation)).real
        trial = np.linspace(np.median(low), np.median(high), 401)
        wrong = [(low > t).mean() + (high <= t).mean() for t in trial]
        flat = np.flatnonzero(np.isclose(wrong, min(wrong)))
        threshold = trial[flat].mean()
        found = {
            "rotation": rotation,
            "threshold": threshold,
            "p01": (low > threshold).mean(),
            "p10": (high <= threshold).mean(),
        }
        up.keep("single shots", {f"{name}.readout.{k}": v for k, v in found.items()})


def fine_amplitude(up: BringUp, repeats: Sequence[int]) -> None:
    """Amplify the error of the angle: ``n`` pulses in a row end on the equator, where the population is steepest."""
    for kind, pulse, angle in (("x90", half, PI / 2), ("x180", flip, PI)):
        circuits = []
        for n in repeats:
            # 4 n + 1 quarter turns, or one quarter and 2 n half turns, end where a single quarter turn ends.
            row = [[half(q), *([pulse(q)] * (4 * n if kind == "x90" else 2 * n))] for q in up.all]
            circuits.append([r for rows in row for r in rows])
        ones = up.ones(up.play(circuits, up.all))
        for q, name in enumerate(up.names):
            turns = np.array([4 * n if kind == "x90" else 2 * n for n in repeats], float)
            tilt = np.arcsin(np.clip(2 * ones[:, q] - 1, -1, 1))
            per_pulse = np.polynomial.Polynomial.fit(turns, tilt, 1).convert().coef[1]
            key = f"{name}.{kind}.amplitude"
            up.keep("fine amplitude", {key: up.known[key] * angle / (angle + per_pulse)})


def drag(up: BringUp, repeats: int, span: float) -> None:
    """Null the phase error of a pulse: there-and-back pairs turn about y by it; a last quarter turn shows its sign."""
    for kind, pulse in (("x90", half), ("x180", flip)):
        trial = np.linspace(-span, span, 9)
        middle = {f"{name}.{kind}.drag": up.known[f"{name}.{kind}.drag"] for name in up.names}
        circuits = []
        for last in (PI / 2, -PI / 2):
            rows = [[*([pulse(q), pulse(q, PI)] * repeats), half(q, last)] for q in up.all]
            circuits.append([r for row in rows for r in row])
        settings = [{key: value + b for key, value in middle.items()} for b in trial]
        ones = up.ones(up.play(circuits, up.all, settings)).reshape(len(trial), 2, -1)
        for key, apart in zip(middle, (ones[:, 0] - ones[:, 1]).T, strict=True):
            line = np.polynomial.Polynomial.fit(trial, apart, 3)
            inside = [r.real for r in line.roots() if abs(r.imag) < 1e-9 and abs(r.real) < span]
            if inside:
                up.keep("drag", {key: middle[key] + min(inside, key=abs)})


@dataclass(frozen=True)
class Pair:
    """One coupling: its name and the indices of its lower and higher qubit."""

    name: str
    low: int
    high: int


def pairs_in_groups(up: BringUp) -> list[list[Pair]]:
    """Return all couplings in groups in which no two share a qubit."""
    groups: list[list[Pair]] = []
    for name, coupling in up.lab.laboratory.couplings.items():
        low, high = sorted(coupling.pair, key=lambda q: up.known[f"{q}.frequency"])
        pair = Pair(name, up.names.index(low), up.names.index(high))
        for group in groups:
            if not {pair.low, pair.high} & {q for other in group for q in (other.low, other.high)}:
                group.append(pair)
                break
        else:
            groups.append([pair])
    return groups


def gates(pairs: Sequence[Pair], n: int) -> list[Row]:
    """Return ``n`` CZ in a row on every pair."""
    return [event(Op.CZ, (p.low, p.high)) for _ in range(n) for p in pairs]


def lost(up: BringUp, pairs: Sequence[Pair], n: int, settings: Sequence[Mapping[str, float]]) -> Floats:
    """Return, by setting and pair, how often the lower qubit fell to 0 after ``n`` CZ on 11: it went to 02."""
    qubits = [p.low for p in pairs]
    start = [flip(q) for p in pairs for q in (p.low, p.high)]
    return 1 - up.ones(up.play([[*start, *barrier(up.all, 1), *gates(pairs, n)]], qubits, settings))


def turned(
    up: BringUp, pairs: Sequence[Pair], n: int, settings: Sequence[Mapping[str, float]] = ({},)
) -> dict[str, Floats]:
    """Return phases after ``n`` CZ, rad, by setting and pair: of each qubit alone, and the conditional one (both)."""
    angles = PI / 2 * np.arange(4)
    qubits = [q for p in pairs for q in (p.low, p.high)]
    circuits = []
    for probe, other, excited in (("low", "high", 0), ("low", "high", 1), ("high", "low", 0)):
        for angle in angles:
            start = [half(getattr(p, probe)) for p in pairs] + [flip(getattr(p, other)) for p in pairs if excited]
            end = [half(getattr(p, probe), angle) for p in pairs]
            circuits.append([*start, *barrier(up.all, 1), *gates(pairs, n), *barrier(up.all, 2), *end])
    ones = up.ones(up.play(circuits, qubits, settings)).reshape(len(settings), 3, 4, len(pairs), 2)
    wave = np.einsum("sckpq,k->scpq", ones, np.exp(1j * angles))
    idle, excited, high = wave[:, 0, :, 0], wave[:, 1, :, 0], wave[:, 2, :, 1]
    return {"low": np.angle(idle), "high": np.angle(high), "both": np.angle(excited / idle)}


def keys(pairs: Sequence[Pair], what: str) -> list[str]:
    """Return the names of one CZ parameter."""
    return [f"{p.name}.cz.{what}" for p in pairs]


def scan(up: BringUp, pairs: Sequence[Pair], what: str, factors: Floats) -> list[dict[str, float]]:
    """Return settings that multiply one CZ parameter of every pair."""
    return [{key: up.known[key] * factor for key in keys(pairs, what)} for factor in factors]


def straighten(up: BringUp, pairs: Sequence[Pair]) -> None:
    """Measure what a flux pulse leaves behind, and undo it: a second pulse, ever later, shows by its phase.

    A line with step response ``1 + sum a exp(-t / tau)`` adds ``-a (1 - exp(-T / tau)) exp(-t / tau)`` of the height
    of a pulse of length ``T`` at ``t`` after its end. Ten pulses in a row make slow terms visible. Couplers stay shut.
    """
    flux = [up.lab.laboratory.qubits[up.names[p.high]].flux for p in pairs]
    kept = {n: e for n, e in up.known.estimates.items() if not n.startswith(tuple(f"{f}.predistortion" for f in flux))}
    up.known = replace(up.known, estimates=kept)
    edges, late, step = 2 * up.known[f"{up.names[pairs[0].high]}.x90.duration"], 5e-6, 0.002
    n_pulses = 10
    gaps = np.append(np.round(np.geomspace(4e-9, 2.5e-6, 16) / 4e-9) * 4e-9, late)
    angles, highs = PI / 2 * np.arange(4), [p.high for p in pairs]
    shut = dict.fromkeys(keys(pairs, "coupler_amplitude"), 0.0)

    def phases(circuits: Callable[[float], list[list[Row]]], settings: Sequence[Mapping[str, float]]) -> Floats:
        ones = up.ones(up.play([c for angle in angles for c in circuits(angle)], highs, settings))
        return np.angle(np.einsum("sacp,a->scp", ones.reshape(len(settings), 4, -1, len(pairs)), np.exp(1j * angles)))

    def probe(angle: float) -> list[Row]:
        start, end = [half(q) for q in highs], [half(q, angle) for q in highs]
        return [*start, *barrier(up.all, 2), *gates(pairs, 1), *barrier(up.all, 3), *end]

    def twice(angle: float) -> list[list[Row]]:
        head = [*gates(pairs, n_pulses), *barrier(up.all, 1)]
        return [[*head, *(wait(q, gap) for q in highs), *barrier(up.all, 4), *probe(angle)] for gap in gaps]

    heights = keys(pairs, "flux_amplitude")
    either = [{**shut, **{key: up.known[key] * (1 + sign * step) for key in heights}} for sign in (-1, 1)]
    low, high = phases(lambda angle: [probe(angle)], either)[:, 0]
    slope = np.angle(np.exp(1j * (high - low))) / (2 * step)
    seen = phases(twice, [shut])[0]
    for k, pair in enumerate(pairs):
        left = np.unwrap((seen - seen[-1])[::-1, k])[::-1][:-1] / slope[k]
        length, after = up.known[f"{pair.name}.cz.duration"], gaps[:-1] + edges / 2

        def tail(t: Floats, *terms: float, length: float = length) -> Floats:
            pairs_of = zip(terms[::2], np.exp(terms[1::2]), strict=True)
            left_by = [(a * np.exp(-t / u), np.exp(-length / u), u / length) for a, u in pairs_of]
            return -sum(a * (1 - one**n_pulses) * (1 - one) * mean for a, one, mean in left_by)

        starts = [(0.01, np.log(fast), 0.01, np.log(slow)) for fast in (20e-9, 50e-9) for slow in (0.5e-6, 1e-6, 3e-6)]
        bounds = ([-0.1, np.log(8e-9), -0.1, np.log(150e-9)], [0.1, np.log(150e-9), 0.1, np.log(10e-6)])
        tries = [curve_fit(tail, after, left, start, bounds=bounds, max_nfev=20_000) for start in starts]
        found, covariance = min(tries, key=lambda t: float(np.sum((tail(after, *t[0]) - left) ** 2)))
        for n, (a, log_tau) in enumerate(zip(found[::2], found[1::2], strict=True), 1):
            if abs(a) > 4 * np.sqrt(covariance[2 * n - 2, 2 * n - 2]) and abs(a) > 1e-3:
                term = {"amplitude": a, "tau": np.exp(log_tau)}
                up.keep("flux tail", {f"{flux[k]}.predistortion.{name}_{n}": value for name, value in term.items()})


def find_resonance(up: BringUp, pairs: Sequence[Pair]) -> None:
    """Find the flux amplitude at which 11 meets 02, then the coupler amplitude of the first full return."""
    flux, coupler = np.linspace(0.10, 0.70, 101), np.linspace(0.04, 0.8, 58)
    centre = dict.fromkeys(keys(pairs, "flux_amplitude"), 0.0)
    for weak in (0.10, 0.14, 0.18, 0.22, 0.27, 0.33, 0.40, 0.48):
        both = dict.fromkeys(keys(pairs, "coupler_amplitude"), weak)
        found = lost(up, pairs, 1, [{**both, **dict.fromkeys(keys(pairs, "flux_amplitude"), f)} for f in flux])
        for key, column in zip(keys(pairs, "flux_amplitude"), found.T, strict=True):
            if not centre[key] and column.max() > 0.35:
                weight = np.clip(column - 0.5 * column.max(), 0, None) * (np.abs(flux - flux[column.argmax()]) < 0.04)
                centre[key] = float(weight @ flux / weight.sum())
        if all(centre.values()):
            break
    up.keep("cz resonance", {key: value or 0.3 for key, value in centre.items()})
    found = lost(up, pairs, 1, [dict.fromkeys(keys(pairs, "coupler_amplitude"), c) for c in coupler])
    for key, column in zip(keys(pairs, "coupler_amplitude"), found.T, strict=True):
        smooth = np.convolve(column, np.ones(3) / 3, "same")
        top = int(np.flatnonzero(smooth > 0.6 * smooth.max())[0])
        top += int(np.argmax(smooth[top : top + 7]))
        # The first return, not the deepest: later ones are CZ of more turns.
        low = np.flatnonzero((smooth[top:-1] < 0.3 * smooth[top]) & (np.diff(smooth[top:]) >= 0))
        bottom = top + int(low[0] if len(low) else np.argmin(smooth[top:]))
        up.keep("cz first return", {key: coupler[bottom]})


def tune_leakage(up: BringUp, pairs: Sequence[Pair], span: float) -> None:
    """Bring leakage to its minimum with the coupler, over one CZ: in a row, what leaked may come back."""
    factors = 1 + np.linspace(-span, span, 11)
    leaks = lost(up, pairs, 1, scan(up, pairs, "coupler_amplitude", factors))
    for key, leak in zip(keys(pairs, "coupler_amplitude"), leaks.T, strict=True):
        up.keep("cz leakage", {key: up.known[key] * turning_point(factors, leak)})


def tune_phase(up: BringUp, pairs: Sequence[Pair], n: int, span: float) -> None:
    """Bring the conditional phase to pi with the flux, over ``n`` CZ."""
    factors = 1 + np.linspace(-span, span, 5)
    phases = turned(up, pairs, n, scan(up, pairs, "flux_amplitude", factors))["both"]
    for key, phase in zip(keys(pairs, "flux_amplitude"), phases.T, strict=True):
        off = np.unwrap(np.angle(np.exp(1j * (phase - n * PI))))
        line = np.polynomial.Polynomial.fit(factors, off, 1)
        root = float(line.roots()[0].real)
        up.keep("cz phase", {key: up.known[key] * float(np.clip(root, factors[0], factors[-1]))})


def single_phases(up: BringUp, pairs: Sequence[Pair], repeats: Sequence[int]) -> None:
    """Take out what a CZ adds to each qubit's own phase, ever finer."""
    for n in repeats:
        found = turned(up, pairs, n)
        for which in ("low", "high"):
            for key, extra in zip(keys(pairs, f"phase_{which}"), found[which][0], strict=True):
                up.keep("cz phases", {key: up.known[key] - extra / n})


def coherence(up: BringUp, longest: float) -> None:
    """Measure T1 and the echo time, and from them the errors that gates cannot undercut."""
    waits = np.round(np.geomspace(longest / 60, longest, 25) / 20e-9) * 20e-9
    decay = [[r for q in up.all for r in (flip(q), wait(q, t))] for t in waits]
    echo = [[r for q in up.all for r in (half(q), wait(q, t), flip(q), wait(q, t), half(q))] for t in waits / 2]
    for what, circuits, rest in (("t1", decay, 0.0), ("t2", echo, 0.5)):
        ones = up.ones(up.play(circuits, up.all))
        for q, name in enumerate(up.names):

            def curve(t: Floats, height: float, tau: float, rest: float = rest) -> Floats:
                return rest + height * np.exp(-t / tau)

            sign = 1.0 if what == "t1" else -0.5
            with warnings.catch_warnings():  # where nothing decays, the time constant has no upper bound
                warnings.simplefilter("ignore", OptimizeWarning)
                found, _ = curve_fit(curve, waits, ones[:, q], (sign, longest / 3), maxfev=20_000)
            tau = found[1] if found[1] > 0 else 1.0
            up.keep(what, {f"{name}.{what}": min(tau, 1.0)})
    for name in up.names:
        t1, t2 = up.known[f"{name}.t1"], up.known[f"{name}.t2"]
        limit = up.known[f"{name}.x90.duration"] * (1 / t1 + 2 / t2) / 6
        up.keep("coherence limit", {f"{name}.error": limit + 1e-6})
    for name, coupling in up.lab.laboratory.couplings.items():
        rate = sum(0.2 / up.known[f"{q}.t1"] + 0.4 / up.known[f"{q}.t2"] for q in coupling.pair)
        up.keep("coherence limit", {f"{name}.cz.error": up.known[f"{name}.cz.duration"] * rate + 1e-5})


Say = Callable[[str, Callable[[], None]], None]


def bring_up_qubits(up: BringUp, say: Say) -> None:
    """Find everything that concerns one qubit alone."""
    up.keep("assumed", {f"{name}.{kind}.drag": 0.7 for name in up.names for kind in ("x90", "x180")})
    up.shots = 100
    say("resonators", lambda: find_resonators(up))
    up.shots = 300
    say("rabi", lambda: rabi(up))
    say("ramsey, short", lambda: ramsey(up, 1.2e-6, 6e6))
    say("rabi again", lambda: rabi(up))
    say("readout", lambda: readout(up))
    say("ramsey, long", lambda: ramsey(up, 10e-6, 1e6))
    up.shots = 1500
    for repeats, span in ((2, 0.6), (5, 0.2)):
        say("drag", lambda n=repeats, span=span: drag(up, n, span))
        say("fine amplitude", lambda: fine_amplitude(up, range(12)))
    say("ramsey, longest", lambda: ramsey(up, 20e-6, 0.4e6))
    say("single shots", lambda: discriminate(up))


def bring_up_pairs(up: BringUp, say: Say, longest: int) -> None:
    """Find everything that concerns a coupling.

    ``longest`` CZ in a row amplify what is left of their errors. More than one helps only where pulses leave nothing
    behind: behind a line that distorts them, the second CZ of a row is not the first.
    """
    finer = [n for n in (3, 9) if n <= longest]
    straight: set[int] = set()
    for group in pairs_in_groups(up):
        crooked = [p for p in group if p.high not in straight]
        straight |= {p.high for p in crooked}
        up.shots = 2000
        if crooked:
            say(f"flux tails of {[up.names[p.high] for p in crooked]}", lambda g=crooked: straighten(up, g))
        up.shots = 100
        say(f"cz resonance of {[p.name for p in group]}", lambda g=group: find_resonance(up, g))
        up.shots = 1000
        for leakage, phase in ((0.10, 0.02), (0.06, 0.008), (0.05, 0.005)):
            say("cz leakage", lambda g=group, span=leakage: tune_leakage(up, g, span))
            say("cz phase", lambda g=group, span=phase: tune_phase(up, g, 1, span))
        for n in finer:
            say(f"cz phase over {n}", lambda g=group, n=n: tune_phase(up, g, n, 0.012 / n))
        say("cz phases", lambda g=group: single_phases(up, g, (1, 1, *finer)))


def main(path: str, longest: int, part: str) -> None:
    """Run the steps and write the snapshot beside the laboratory file; a part alone starts from the snapshot."""
    with Lab.open(path, seed=1) as lab:
        up = BringUp(lab, shots=100)
        if part != "all":
            up.known = lab.parameters

        def say(step: str, work: Callable[[], None]) -> None:
            started, before = time.monotonic(), up.known
            work()
            print(f"{step}: {time.monotonic() - started:.1f} s", flush=True)
            for name, found in up.known.estimates.items():
                if name not in before or found.value != before[name]:
                    print(f"    {name}: {before.get(name, '?')} -> {found.value:.6g}", flush=True)

        if part in ("all", "qubits"):
            bring_up_qubits(up, say)
        if part in ("all", "pairs"):
            bring_up_pairs(up, say, longest)
        up.shots = 400
        say("coherence", lambda: coherence(up, 60e-6))
        target = Path(path).with_suffix(".parameters.json")
        write_parameters(target, up.known, note="made by configs/bring_up.py; by a fixed list of steps")
        print(f"{len(up.known)} parameters written to {target}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", help="laboratory file")
    options.add_argument("--longest", type=int, default=1, help="CZ in a row that amplify their errors")
    options.add_argument("--part", choices=("all", "qubits", "pairs"), default="all")
    given = options.parse_args()
    main(given.file, given.longest, given.part)
