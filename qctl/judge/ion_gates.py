"""How good gates of a chain of ions are: their waveforms act on the true chain, and are compared with the ideal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.physics.ions.chain import Chain
from qctl.physics.ions.crystal import TWO_PI
from qctl.physics.ions.entangling import both_turned, turned_about
from qctl.physics.ions.fock import coupling, thermal
from qctl.physics.ions.gate import Gate, gate_of
from qctl.physics.ions.motion import carried
from qctl.physics.ions.script import Script, Scriptwriter, Stretch
from qctl.physics.ions.tones import Act, Kind
from qctl.physics.ions.twin import IonTwin
from qctl.physics.ions.weather import IonWeather
from qctl.physics.memory import Memory

from .gates import GateScore
from .ion_stage import ion_stage
from .stage import Upload

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]
DRAWS, GROUPS = 200, 12  # of quanta, and of slow noise
QUANTA = 4  # of the driven mode, that are followed
ANGLE = {"x90": pi / 2, "x180": pi}


@dataclass(frozen=True)
class IonBench:
    """A chain at a moment, and what would be uploaded to it: one gate for each sweep point."""

    laboratory: Laboratory
    twin: IonTwin
    parameters: Parameters
    upload: Upload
    at: float = 0.0
    seed: int = 0

    @cached_property
    def chain(self) -> Chain:
        """Return the truth of the moment."""
        stage = ion_stage(self.laboratory, self.twin, self.parameters, self.upload)
        return IonWeather(self.laboratory, self.twin, self.seed).at(self.at, stage.biases)

    @cached_property
    def scripts(self) -> tuple[Script, ...]:
        """Return what happens at each sweep point."""
        stage = ion_stage(self.laboratory, self.twin, self.parameters, self.upload)
        writer = Scriptwriter(Memory())
        return tuple(writer.script(self.chain, stage, point, frozenset(), frozenset()) for point in stage.points)

    def quanta(self, point: int) -> Floats:
        """Return the mean quanta of each mode when the program begins, by the rate equations of light and heat."""
        mean = np.full(len(self.chain.mode_frequencies), 100.0)
        for step in self.scripts[point].steps:
            if not isinstance(step, Stretch):
                break
            up, down = step.up + self.chain.heating, step.down + self.chain.heating
            net, time = down - up, step.end - step.start
            rest = np.divide(up, net, out=np.zeros_like(up), where=np.abs(net) > 1e-9)
            left = np.exp(-np.clip(net * time, -50, 50))
            mean = np.where(np.abs(net) > 1e-9, rest + (mean - rest) * left, mean + up * time)
        return mean

    def acts(self, point: int) -> list[Act]:
        """Return the pulses of the program."""
        return [step for step in self.scripts[point].steps if isinstance(step, Act)]

    def framed(self, found: Complex, ions: Sequence[int], start: float, end: float) -> Complex:
        """Return operators in the frames that the parameters claim, which run at the believed frequencies."""
        off = np.array([self.chain.frequencies[i] - self.parameters[f"{self.chain.names[i]}.frequency"] for i in ions])
        bits = (np.arange(2 ** len(ions))[:, None] >> np.arange(len(ions) - 1, -1, -1)) & 1
        before, after = (np.exp(-1j * TWO_PI * (bits @ off) * t) for t in (start, end))
        return np.asarray(after[:, None] * found * before.conj())

    def noise(self, scale: float) -> tuple[Floats, Floats, Floats]:
        """Return detunings (rad/s, by group and ion), relative offsets of modes, and strengths, of groups of shots."""
        rng, trap = np.random.default_rng(7), self.twin.trap
        sigma = np.array([TWO_PI * self.twin.ions[name].detuning_noise for name in self.chain.names])
        normal = rng.standard_normal((GROUPS, len(sigma) + 2))
        normal = (normal - normal.mean(axis=0)) / normal.std(axis=0) * scale
        strength = 1 + normal[:, -1] * trap.intensity_noise
        return normal[:, :-2] * sigma, normal[:, -2] * trap.mode_noise / trap.frequency, strength


def judged(bench: IonBench, gates: Sequence[tuple[str, str]]) -> list[GateScore]:
    """Return error and limit of each gate, (kind, target), one for each sweep point of the upload."""
    axes = {name: _axis(bench, gates, name) for name in bench.chain.names}
    found = []
    for point, (kind, target) in enumerate(gates):
        if kind == "rxx":
            found.append(_pair(bench, point, target, axes))
        else:
            found.append(_single(bench, point, kind, target, axes[target]))
    return found


def _axis(bench: IonBench, gates: Sequence[tuple[str, str]], name: str) -> float:
    """Return the axis about which an ion's pulses turn: the phase at which they arrive, the one free number."""
    points = [k for k, (kind, target) in enumerate(gates) if kind in ANGLE and target == name]
    if not points:
        return 0.0
    turns = [_turned(bench, k, name)[0].mean(axis=0) for k in points]
    return float(np.angle(sum(1j * turn[1, 0] - (1j * turn[0, 1]).conj() * -1 for turn in turns)))


def _turned(bench: IonBench, point: int, name: str) -> tuple[Complex, float]:
    """Return what the pulses of a point do to one ion, for many draws of quanta and noise; and how long that takes."""
    chain, ion = bench.chain, bench.chain.names.index(name)
    rng = np.random.default_rng(11)
    quanta = np.stack([thermal(mean, DRAWS, rng) for mean in bench.quanta(point)], axis=1)
    detunings, _, strength = bench.noise(1.0)
    group = np.arange(DRAWS) % GROUPS
    left = np.prod([coupling(e, quanta[:, m]) for m, e in enumerate(chain.eta[ion])], axis=0) * strength[group]
    whole, time = np.tile(np.eye(2, dtype=np.complex128), (DRAWS, 1, 1)), 0.0
    for act in bench.acts(point):
        if act.kind is Kind.CARRIER and act.ions == (ion,):
            one = carried(act.fields[0].conj(), act.shift[0], left, detunings[group, ion], act.dt)
            whole, time = bench.framed(one, (ion,), act.start, act.end) @ whole, time + act.end - act.start
    return whole, time


def _single(bench: IonBench, point: int, kind: str, target: str, axis: float) -> GateScore:
    found, _ = _turned(bench, point, target)
    duration = bench.parameters[f"{target}.{kind}.duration"]
    ideal = turned_about(axis, np.array(-ANGLE[kind] / 2))
    overlap = np.abs(np.einsum("ij,sij->s", ideal.conj(), found)) ** 2
    flips = -np.expm1(-duration / bench.twin.ions[target].t2) / 2
    limit = 2 / 3 * flips
    return GateScore(target, kind, float(1 - np.mean(overlap + 2) / 6 + limit), 0.0, float(limit), duration)


def _pair(bench: IonBench, point: int, target: str, axes: dict[str, float]) -> GateScore:
    """Return the score of ``RXX(pi / 2)``.

    What slow noise, white noise and heat do to it is the limit; wrong strength, detuning, phases, open loops of other
    modes and neighbours that take part come on top.
    """
    duration = bench.parameters[f"{target}.ms.duration"]
    act = next((a for a in bench.acts(point) if a.kind is Kind.PAIR), None)
    if act is None:
        return GateScore(target, "rxx", 0.8, 0.0, 0.0, duration)
    gate = gate_of(bench.chain, act)
    noisy, still = (_coherent(bench, point, target, gate, axes, scale) for scale in (1.0, 0.0))
    strong = list(gate.strong)
    heat = np.einsum("mii,m->i", gate.forces.kicks, bench.chain.heating)[strong].sum()
    white = sum(duration / (2 * bench.twin.ions[bench.chain.names[i]].t2) for i in gate.ions)
    ends = np.abs(gate.forces.ends[strong]) ** 2 * (bench.quanta(point) + 0.5)
    ends[:, act.mode] = 0
    turned = [float(abs(turn[0, 3])) ** 2 for ions, turn in gate.neighbours() if set(ions) & set(gate.ions)]
    limit = 0.8 * (heat + white) + max(noisy - still, 0.0)
    return GateScore(target, "rxx", float(noisy + 0.8 * (heat + white + 2 * ends.sum() + sum(turned))), 0.0,
                     float(limit), duration)  # fmt: skip


def _coherent(bench: IonBench, point: int, target: str, gate: Gate, axes: dict[str, float], scale: float) -> float:
    """Return the average infidelity by the driven mode's propagator, under slow noise of a scale."""
    chain, act = bench.chain, gate.act
    if len(gate.ions) != 2:
        return 0.8
    mean = bench.quanta(point)
    detunings, modes, strength = bench.noise(scale)
    left = np.mean([
        np.prod([np.exp(-e**2 * (mean[m] + 0.5)) for m, e in enumerate(chain.eta[i]) if m != act.mode])
        for i in gate.ions
    ])  # fmt: skip
    off = modes * TWO_PI * chain.centre_of_mass * chain.crystal.ratios[act.mode]
    kraus = gate.kraus(list(range(QUANTA)), strength * left, detunings[:, list(gate.ions)], off)
    weights = (mean[act.mode] / (1 + mean[act.mode])) ** np.arange(QUANTA)
    names = [chain.names[i] for i in gate.ions]
    # Later pulses have ms.shift taken from their phases: their axes go back, as if the ions had gone on.
    shifts = [bench.parameters[f"{target}.ms.shift_{ion}"] for ion in "ab"]
    pair = bench.laboratory.couplings[target].pair
    turns = np.exp(-1j * np.array([[0.0, shifts[pair.index(name)]] for name in names]))
    whole = np.kron(turns[0], turns[1])[:, None] * bench.framed(kraus, gate.ions, act.start, act.end)
    # A pulse of phase p turns an ion about the axis -p, as light of exp(i w t) lowers it: what a program asks for is
    # done by its complex conjugate, and RXX(a) by RXX(-a).
    ideal = both_turned((axes[names[0]], axes[names[1]]), pi / 4)
    overlap = np.abs(np.einsum("ij,gqnij->gqn", ideal.conj(), whole)) ** 2 / 16
    fidelity = float(np.einsum("gqn,q->", overlap, weights / weights.sum()) / GROUPS)
    return 1 - (4 * fidelity + 1) / 5
