"""Pulses on drive lines that no gate stands for, and how far a gate errs when one of its numbers does."""

from __future__ import annotations

from math import pi

import numpy as np

from qctl.calibrate.node import Curvature
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.pulse import Pulse, Shape, Tone


def nudge(
    laboratory: Laboratory, known: Parameters, qubit: str, *, turn: float, duration: float, frequency: float
) -> Pulse:
    """Return a raised cosine at ``frequency`` that turns the qubit by about ``turn`` (rad) when it is in resonance.

    As far as the amplitude of its pi pulse is known; the angle of a pulse is its area.
    """
    amplitude = known[f"{qubit}.x180.amplitude"] * known[f"{qubit}.x180.duration"] / duration * turn / pi
    line = laboratory.qubits[qubit].drive
    return Pulse((Tone(line=line, amplitude=amplitude, duration=duration, shape=Shape.COSINE, frequency=frequency),))


def rotation(laboratory: Laboratory, known: Parameters, qubit: str, kind: str, **changed: float) -> Pulse:
    """Return the pulse that the gate ``x90`` or ``x180`` plays, with another ``amplitude``, ``drag`` or ``frequency``.

    A pulse instead of a setting: one compilation serves all of them.
    """
    amplitude, drag = (changed.get(name, known[f"{qubit}.{kind}.{name}"]) for name in ("amplitude", "drag"))
    tone = Tone(
        line=laboratory.qubits[qubit].drive,
        amplitude=amplitude,
        duration=known[f"{qubit}.{kind}.duration"],
        shape=Shape.COSINE,
        slope=drag / (2 * pi * known[f"{qubit}.anharmonicity"]),
        frequency=changed.get("frequency", known[f"{qubit}.frequency"]),
    )
    return Pulse((tone,))


# Curvatures: an error that turns a qubit by a small angle e about any axis makes an average gate error of e^2 / 6
# (Nielsen, Phys. Lett. A 303, 249: 1 - F = (4 - |tr U|^2) / 6). Of x90 and x180 the mean is taken.


def amplitude_curvature(kind: str) -> Curvature:
    """Return the gate error per square of an error of the amplitude of ``x90`` or ``x180``: the angle follows it."""
    angle = pi if kind == "x180" else pi / 2
    return lambda known, qubit: (angle / known[f"{qubit}.{kind}.amplitude"]) ** 2 / 6


def frequency_curvature(known: Parameters, qubit: str) -> float:
    """Return the gate error per square of a detuning, 1 / Hz^2.

    A detuning d turns by ``2 pi d |int exp(i theta(t)) dt|``, theta being how far the pulse has come.
    """
    return float(np.mean([(2 * pi * _moment(known, qubit, kind, 0)) ** 2 / 6 for kind in ("x90", "x180")]))


def drag_curvature(kind: str) -> Curvature:
    """Return the gate error per square of an error of the drag of ``x90`` or ``x180``.

    A quadrature ``s theta''`` too much turns, by partial integration in the frame of the pulse, by
    ``s |int theta'^2 exp(i theta) dt|``; ``s = error / (2 pi anharmonicity)``.
    """

    def curvature(known: Parameters, qubit: str) -> float:
        slope = 1 / (2 * pi * known[f"{qubit}.anharmonicity"])
        return float((slope * _moment(known, qubit, kind, 2)) ** 2 / 6)

    return curvature


def _moment(known: Parameters, qubit: str, kind: str, power: int) -> float:
    """Return ``|int (theta')^power exp(i theta) dt|`` of a raised cosine, in s^(1 - power)."""
    duration, angle = known[f"{qubit}.{kind}.duration"], pi if kind == "x180" else pi / 2
    s = (np.arange(64) + 0.5) / 64
    theta, rate = angle * (s - np.sin(2 * pi * s) / (2 * pi)), angle * (1 - np.cos(2 * pi * s)) / duration
    return float(abs(np.mean(rate**power * np.exp(1j * theta))) * duration)
