"""Rules for the frequencies of qubits: everything can be reached, and nothing is hit that was not meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qctl.core.units import MHz

from .plan import Plan

BAND = 0.4  # of the sample rate: what a held output plays of a tone there is still 76 %
CARRIER = 30 * MHz  # least distance of a transition from a leaking carrier, and half that from an image
HIGHER = 10 * MHz  # least distance of carrier and image from the 1-2 transition
TWO_PHOTON = 5 * MHz  # the same from half of 0-2
APART = 15 * MHz  # least distance of a neighbour's pulses from 0-1 and 1-2, half that from 0-2 / 2
FAR_APART = 2 * MHz  # the same of qubits that share a neighbour: what leaks there turns by 6 mrad at most
REACH = 30 * MHz  # least way of the high qubit to where |11> meets |20>
FARTHEST = 1300 * MHz  # longest way


@dataclass(frozen=True, slots=True)
class Place:
    """Where a qubit is: transition 0-1 and anharmonicity, Hz."""

    frequency: float
    anharmonicity: float

    @property
    def transitions(self) -> tuple[tuple[str, float], ...]:
        """Return what a tone can drive: 0-1, 1-2, and 0-2 with two photons."""
        f, alpha = self.frequency, self.anharmonicity
        return ("0-1", f), ("1-2", f + alpha), ("0-2 / 2", f + alpha / 2)


def own_clashes(plan: Plan, qubit: str, place: Place) -> Iterator[str]:
    """Say what is wrong between a qubit and its own line."""
    line = plan.laboratory.qubits[qubit].drive
    carrier = plan.carrier(line)
    tone, most = place.frequency - carrier, BAND * plan.rate(line)
    if abs(tone) > most:
        yield f"{qubit} lies {tone / MHz:.0f} MHz from its carrier, beyond {most / MHz:.0f} MHz"
    least = {"0-1": CARRIER, "1-2": HIGHER, "0-2 / 2": TWO_PHOTON}
    for name, transition in place.transitions:
        for word, other in (("carrier", carrier), ("image", carrier - tone)):
            if abs(transition - other) < least[name]:
                yield f"the {word} of {line} lies {(transition - other) / MHz:.1f} MHz from {name} of {qubit}"


def near_clashes(one: str, at_one: Place, other: str, at_other: Place, apart: float) -> Iterator[str]:
    """Say what is wrong between two near qubits: pulses of each leak to the other."""
    for victim, place, name, frequency in (
        (one, at_one, other, at_other.frequency),
        (other, at_other, one, at_one.frequency),
    ):
        for (which, transition), least in zip(place.transitions, (apart, apart, apart / 2), strict=True):
            if abs(frequency - transition) < least:
                yield f"pulses for {name} lie {(frequency - transition) / MHz:.1f} MHz from {which} of {victim}"


def gate_clashes(coupling: str, low: Place, high: Place) -> Iterator[str]:
    """Say why two qubits cannot be tuned to where |11> meets |20>."""
    way = high.frequency - (low.frequency - high.anharmonicity)
    if not REACH <= way <= FARTHEST:
        yield f"{coupling}: the high qubit is {way / MHz:.0f} MHz above where |11> meets |20>"


def clashes(plan: Plan, qubit: str, places: Mapping[str, Place]) -> list[str]:
    """Return all that is wrong between one qubit and those that have a place."""
    lab, found = plan.laboratory, list(own_clashes(plan, qubit, places[qubit]))
    for other in sorted(plan.near[qubit] & places.keys()):
        apart = APART if other in plan.neighbours[qubit] else FAR_APART
        found += near_clashes(qubit, places[qubit], other, places[other], apart)
    for name, coupling in lab.couplings.items():
        if qubit in coupling.pair and places.keys() >= set(coupling.pair):
            low, high = plan.ordered(name)
            found += gate_clashes(name, places[low], places[high])
    return found
