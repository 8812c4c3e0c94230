"""Tones on addressing beams, and what the calibration of one ion or pair occupies."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.drift import Walk
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.pulse import Pulse, Shape, Tone

from ..gate_check import GateCheck

TICK = 16e-9  # s; one sample of the beams' generator
FIELD = Walk(30.0)  # Hz; clock states move with the square of the magnetic field (310.8 Hz/G^2): 10 mG a day at 5 G
LOCK = Walk(2e5)  # Hz; of a laser that is locked to a cell or a cavity, a hundredth of a line's width
ETA = 0.147  # Lamb-Dicke parameter of a single ion, about: contrasts and first scans depend on it, results do not


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
    """Return an ion and the gaps to both sides of it: neighbours feel each other's light, and take turns.

    The ion behind the next one feels 2 per mille of it at most.
    """
    names = laboratory.qubit_names
    place = names.index(target)
    gaps = [f"{a}|{b}" for a, b in pairwise(names[max(0, place - 1) : place + 2])]
    return frozenset({target, *gaps})


def gate_check(laboratory: Laboratory, targets: tuple[str, ...], known: Parameters) -> GateCheck:
    """Return how gates of some ions are tried out: in shorter rows than others, as each shot of ions takes long."""
    return GateCheck(laboratory, targets, length=16, rows=3)


def alone(laboratory: Laboratory, known: Parameters, target: str) -> frozenset[str]:
    """Return an ion alone: light of neighbours, a per cent of what it is meant for, is no matter to a first look."""
    return frozenset({target})


def on_ticks(seconds: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return times on the grid of the beams' generator, s."""
    return np.asarray(np.round(np.asarray(seconds) / TICK) * TICK)
