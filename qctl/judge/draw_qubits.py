"""Draw transmons and their resonators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qctl.core.errors import ConfigError
from qctl.core.units import MHz
from qctl.physics.twin import Resonator, Transmon

from . import ranges
from .chance import Chance, rounded
from .plan import Plan
from .spectrum import Place, clashes

TRIES = 400
SHRINK = 0.99  # of the distance from the guess, at every try: what has no room ends near the guess


def draw_qubits(plan: Plan) -> dict[str, Transmon]:
    """Return all qubits, none where a rule of :mod:`.spectrum` forbids it.

    Raises
    ------
    ConfigError
        When a guess leaves no room: the wiring cannot operate such a chip.
    """
    places: dict[str, Place] = {}
    for name in plan.laboratory.qubits:
        places[name] = _place(plan, name, places)
    return {name: _transmon(plan, name, place) for name, place in places.items()}


def _place(plan: Plan, qubit: str, others: Mapping[str, Place]) -> Place:
    chance, wrong = plan.chance(f"{qubit} place"), [""]
    frequency, alpha = plan.known[f"{qubit}.frequency"], plan.known[f"{qubit}.anharmonicity"]
    for number in range(TRIES):
        narrow = SHRINK**number
        place = Place(
            chance.about(frequency, narrow * ranges.FREQUENCY), chance.about(alpha, narrow * ranges.ANHARMONICITY)
        )
        wrong = clashes(plan, qubit, {**others, qubit: place})
        if not wrong:
            return place
    raise ConfigError(
        f"no place for {qubit} around the guess of {frequency / 1e9:g} GHz: {wrong[0]}",
        allowed="guesses that the wiring can operate",
        where=plan.laboratory.path or plan.laboratory.name,
        remedy="move the guess or the source",
    )


def _transmon(plan: Plan, qubit: str, place: Place) -> Transmon:
    chance, most = plan.chance(f"{qubit} coherence"), plan.laboratory.period / ranges.PERIODS_PER_T1
    t1 = chance.within(_below(ranges.T1, most))
    t2 = chance.within(_below(ranges.T2_ECHO, 1.8 * t1))
    return Transmon(
        frequency=place.frequency,
        anharmonicity=place.anharmonicity,
        asymmetry=chance.within(ranges.ASYMMETRY),
        t1=t1,
        t_phi=rounded(1 / (1 / t2 - 1 / (2 * t1))),
        detuning_noise=chance.within(ranges.DETUNING_NOISE),
        thermal=chance.within(ranges.THERMAL),
    )


def _below(limits: ranges.Range, most: float) -> ranges.Range:
    """Return the part of a range below ``most``; where there is none, the upper half of what is."""
    low, high = limits
    return (low, min(high, most)) if most > low else (most / 2, most)


def draw_resonators(plan: Plan) -> dict[str, Resonator]:
    """Return the resonators of all qubits; those of one feedline stay in the order of the guesses, well apart."""
    found: dict[str, Resonator] = {}
    for line in plan.laboratory.feedlines():
        qubits = plan.on_feedline(line)
        guesses = np.array([plan.known[f"{q}.readout.frequency"] for q in qubits])
        room = np.diff(guesses, prepend=-np.inf, append=np.inf) / 3  # to either side: two thirds are shared
        for k, qubit in enumerate(qubits):
            most = min(ranges.RESONATOR, room[k], room[k + 1])
            found[qubit] = _resonator(plan.chance(f"{qubit} resonator"), float(guesses[k]), float(most))
    return {q: found[q] for q in plan.laboratory.qubits}


def _resonator(chance: Chance, guess: float, most: float) -> Resonator:
    middle, kappa = chance.about(guess, most), chance.within(ranges.KAPPA)
    kappa = min(kappa, rounded(max(most, 0.5 * MHz)))  # crowded feedlines have narrow resonators
    shift = -rounded(kappa * chance.within(ranges.SHIFT))
    return Resonator(
        frequency=rounded(middle - shift / 2),
        kappa=kappa,
        shifts=(shift, rounded(shift * chance.within(ranges.SHIFT_2))),
        coupling=chance.within(ranges.COUPLING),
        fano=chance.about(0.0, ranges.FANO),
        critical_photons=chance.within(ranges.CRITICAL_PHOTONS),
    )
