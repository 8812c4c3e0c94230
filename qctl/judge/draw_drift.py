"""Draw how a hidden truth moves in virtual time, as much as real devices do from day to day."""

from __future__ import annotations

import numpy as np

from qctl.physics.twin import Defect, Drift, FrequencyWander, Leap, MixerWander, Transmon, Wander

from . import ranges
from .chance import Chance, rounded
from .plan import Plan


def draw_drift(plan: Plan) -> Drift:
    """Return drift of all qubits and lines."""
    lab = plan.laboratory
    mixed = [*(q.drive for q in lab.qubits.values()), *lab.feedlines()]
    biased = [name for name, line in lab.lines.items() if line.bias is not None]
    return Drift(
        frequencies={q: _frequencies(plan.chance(f"{q} frequency drift")) for q in lab.qubits},
        lifetimes={q: _lifetime(plan.chance(f"{q} lifetime drift")) for q in lab.qubits},
        leaps={q: _leap(plan.chance(f"{q} leaps")) for q in lab.qubits},
        gains={line: _gain(plan.chance(f"{line} gain drift")) for line in mixed},
        mixers={line: _mixer(plan, line) for line in mixed},
        fluxes={line: _flux(plan.chance(f"{line} flux drift")) for line in biased},
        thermals={q: _thermal(plan.chance(f"{q} thermal drift")) for q in lab.qubits},
    )


def _frequencies(chance: Chance) -> tuple[FrequencyWander, ...]:
    """Return a slow and a fast process; some qubits wander much more than others."""
    slow = float(np.exp(chance.rng.normal(np.log(ranges.SLOW_WANDER), ranges.WANDER_SPREAD)))
    slow = float(np.clip(slow, 0.5e3, 20e3))
    fast = rounded(chance.within(ranges.FAST_WANDER), 4)
    return (
        FrequencyWander(sigma=rounded(slow, 4), tau=_time(chance, ranges.SLOW_TAU)),
        FrequencyWander(sigma=fast, tau=_time(chance, ranges.FAST_TAU)),
    )


def _time(chance: Chance, limits: ranges.Range) -> float:
    return rounded(chance.decades(limits), 4)


def _lifetime(chance: Chance) -> Wander:
    return Wander(sigma=rounded(chance.within(ranges.LIFETIME_WANDER), 4), tau=_time(chance, ranges.SLOW_TAU))


def _thermal(chance: Chance) -> Wander:
    return Wander(sigma=rounded(chance.within(ranges.THERMAL_WANDER), 4), tau=_time(chance, ranges.SLOW_TAU))


def _leap(chance: Chance) -> Leap:
    return Leap(every=_time(chance, ranges.LEAP_EVERY), size=rounded(chance.decades(ranges.LEAP_SIZE), 4))


def _gain(chance: Chance) -> float:
    return rounded(chance.about(0.0, ranges.GAIN_PER_HOUR), 4)


def _mixer(plan: Plan, line: str) -> MixerWander:
    chance = plan.chance(f"{line} mixer drift")
    return MixerWander(
        gain=rounded(chance.within(ranges.MIXER_WANDER), 4),
        phase=rounded(chance.within(ranges.MIXER_WANDER), 4),
        offset=rounded(chance.within(ranges.MIXER_WANDER) * ranges.OFFSET_WANDER * plan.full_scale(line), 4),
        tau=_time(chance, ranges.MIXER_TAU),
    )


def _flux(chance: Chance) -> Wander:
    return Wander(sigma=rounded(chance.decades(ranges.FLUX_WANDER), 4), tau=_time(chance, ranges.FLUX_TAU))


def draw_fluctuators(plan: Plan) -> dict[str, tuple[Defect, ...]]:
    """Return defects that come and go: every third qubit has one, on average."""
    found: dict[str, tuple[Defect, ...]] = {}
    for qubit in plan.laboratory.qubits:
        chance = plan.chance(f"{qubit} fluctuator")
        if chance.rng.random() < ranges.FLUCTUATORS:
            near = _time(chance, ranges.FLUCTUATOR_TIME)
            away = _time(chance, ranges.FLUCTUATOR_TIME)
            found[qubit] = (_fluctuator(chance, near, away),)
    return found


def _fluctuator(chance: Chance, near: float, away: float) -> Defect:
    return Defect(
        distance=rounded(chance.sign() * chance.decades(ranges.FLUCTUATOR_DISTANCE), 4),
        coupling=rounded(chance.decades(ranges.FLUCTUATOR_COUPLING), 4),
        linewidth=rounded(chance.decades(ranges.FLUCTUATOR_WIDTH), 4),
        near=near,
        away=away,
    )


def draw_sitting(plan: Plan, qubit: str, truth: Transmon) -> Defect:
    """Return a defect that sits on a qubit and leaves it a T1 of a few microseconds; 20 MHz away it is harmless."""
    chance = plan.chance(f"{qubit} defect")
    width, t1 = chance.within(ranges.DEFECT_WIDTH), min(chance.within(ranges.DEFECT_T1), truth.t1 / 4)
    distance = chance.about(0.0, width / 2)
    # Far from strong coupling the rate is 2 pi width g^2 / (distance^2 + width^2 / 4).
    coupling = np.sqrt((1 / t1 - 1 / truth.t1) * (distance**2 + width**2 / 4) / (2 * np.pi * width))
    return Defect(distance=rounded(distance, 4), coupling=rounded(float(coupling), 4), linewidth=rounded(width, 4))
