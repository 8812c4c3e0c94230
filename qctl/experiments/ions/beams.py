"""Tones on addressing beams, and what the calibration of one ion or pair occupies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.pulse import Pulse, Shape, Tone

TICK = 16e-9  # s; one sample of the beams' generator
ETA = 0.147  # Lamb-Dicke parameter of a single ion, about: contrasts and first scans depend on it, results do not
REACH = 2  # places to either side in which an ion's light is felt


def tone(
    laboratory: Laboratory,
    known: Parameters,
    qubit: str,
    offset: float,
    share: float,
    duration: float,
    edge: float = 4e-6,
) -> Pulse:
    """Return a pulse on one beam, ``offset`` from the carrier, of ``share`` of a pi pulse's amplitude."""
    return Pulse(
        (
            Tone(
                line=laboratory.qubits[qubit].drive,
                amplitude=share * known[f"{qubit}.x180.amplitude"],
                duration=duration,
                edge=edge,
                frequency=known[f"{qubit}.frequency"] + offset,
            ),
        )
    )


def rotation(laboratory: Laboratory, known: Parameters, qubit: str, kind: str, amplitude: float) -> Pulse:
    """Return the pulse that the gate ``x90`` or ``x180`` plays, with another amplitude."""
    return Pulse(
        (
            Tone(
                line=laboratory.qubits[qubit].drive,
                amplitude=amplitude,
                duration=known[f"{qubit}.{kind}.duration"],
                shape=Shape.COSINE,
                frequency=known[f"{qubit}.frequency"],
            ),
        )
    )


def rabi_frequency(known: Parameters, qubit: str) -> float:
    """Return the Rabi frequency at the peak of a pi pulse, Hz: a raised cosine's mean is half its peak."""
    return 1 / known[f"{qubit}.x180.duration"]


def around(laboratory: Laboratory, known: Parameters, target: str) -> frozenset[str]:
    """Return an ion and those near it: they feel each other's light, and take turns."""
    names = laboratory.qubit_names
    place = names.index(target)
    return frozenset(names[max(0, place - REACH) : place + REACH + 1])


def alone(laboratory: Laboratory, known: Parameters, target: str) -> frozenset[str]:
    """Return an ion alone: light of neighbours, a per cent of what it is meant for, is no matter to a first look."""
    return frozenset({target})


def on_ticks(seconds: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return times on the grid of the beams' generator, s."""
    return np.asarray(np.round(np.asarray(seconds) / TICK) * TICK)
