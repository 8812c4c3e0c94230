"""What one operation on ions plays: tones on addressing beams, from Parameters."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi, sqrt

import numpy as np

from qctl.core.errors import CompileError, LimitError
from qctl.core.laboratory import Laboratory

from .envelopes import drag, flat_top
from .ion_known import COOLING, TRAP
from .pulses import Pulse, coupling_of, n_samples
from .wiring import sample_rate

Known = Mapping[str, float]


def rotation(lab: Laboratory, known: Known, qubit: int, kind: str) -> tuple[Pulse, ...]:
    """Return the pulse ``x90`` or ``x180`` on the carrier: a raised cosine, which does not reach the sidebands."""
    name = lab.qubit_names[qubit]
    rate = _rate(lab, name)
    envelope = drag(n_samples(known[f"{name}.{kind}.duration"], rate), rate, 0.0)
    return (Pulse(lab.qubits[name].drive, envelope, known[f"{name}.{kind}.amplitude"], _tone(lab, known, name, 0.0)),)


def half_of_xx(lab: Laboratory, known: Known, a: int, b: int, angle: float) -> tuple[Pulse, ...]:
    """Return what the beam of ion a plays in ``RXX(angle)`` on ions a and b: a tone near each sideband of mode 1.

    Molmer and Sorensen, Phys. Rev. Lett. 82, 1835 (1999). Tones lie ``ms.detuning`` beyond the sidebands; each has
    ``ms.amplitude`` of a pi pulse's amplitude for a quarter turn, times ``sqrt(angle / (pi / 2))``, as the angle grows
    with the square of the light. So does the light shift, which both tones follow: ``ms.centre`` for a quarter turn,
    half of ``ms.split`` more for the first ion and less for the second. The blue tone is ``balance`` times as strong as
    the red one. The phase of the spins is the mean of the tones' phases: ``ms.phase_a`` for the first ion of
    the coupling's name. Turning one of them round changes the sign of the angle.
    """
    pair = coupling_of(lab, a, b)
    name = lab.qubit_names[a]
    is_first = name == lab.couplings[pair].pair[0]
    rate = _rate(lab, name)
    n, edge = (n_samples(known[f"{pair}.ms.{part}"], rate) for part in ("duration", "edge"))
    if 2 * edge > n or n <= 0:
        raise LimitError(
            f"an RXX of {n / rate:g} s with edges of {edge / rate:g} s",
            allowed="edges that fit into it",
            where=pair,
            remedy="lengthen ms.duration or shorten ms.edge",
        )
    offset, share = known[f"{TRAP}.mode_1"] + known[f"{pair}.ms.detuning"], abs(angle) / (pi / 2)
    centre = share * (known[f"{pair}.ms.centre"] + known[f"{pair}.ms.split"] * (0.5 if is_first else -0.5))
    # The common shift of both tones is in the envelope: so the phase of the spins is the same whenever the gate begins.
    envelope = flat_top(n, edge) * np.exp(2j * pi * centre / rate * np.arange(n))
    height = known[f"{pair}.ms.amplitude"] * known[f"{name}.x180.amplitude"] * sqrt(share)
    phase = known[f"{pair}.ms.phase_{'a' if is_first else 'b'}"] + pi * (is_first and angle < 0)
    balance = sqrt(known[f"{name}.balance"])
    return tuple(
        Pulse(lab.qubits[name].drive, envelope, amplitude, _tone(lab, known, name, side * offset), 0, phase)
        for side, amplitude in ((1, height * balance), (-1, height / balance))
    )


def sideband_cooling(lab: Laboratory, known: Known) -> tuple[Pulse, ...]:
    """Return what all beams play while ions are pumped: a tone on the red sideband of each mode, for each ion.

    Raman sideband cooling: C. Monroe et al., Phys. Rev. Lett. 75, 4011 (1995), here continuous and on all modes at a
    time. Phases that grow with the square of the number keep the sum of the tones low (Schroeder, IEEE Trans. Inf.
    Theory 16, 85, 1970).
    """
    duration, share = known[f"{COOLING}.sideband_duration"], known[f"{COOLING}.sideband_amplitude"]
    if duration <= 0 or share == 0:
        return ()
    played = []
    for name, qubit in lab.qubits.items():
        envelope = flat_top(n_samples(duration, _rate(lab, name)), 0)
        height = share * known[f"{name}.x180.amplitude"]
        for mode in range(1, len(lab.qubits) + 1):
            if f"{TRAP}.mode_{mode}" in known:
                tone = _tone(lab, known, name, -known[f"{TRAP}.mode_{mode}"])
                played.append(Pulse(qubit.drive, envelope, height, tone, 0, pi * mode * mode / len(lab.qubits)))
    return tuple(played)


def _rate(lab: Laboratory, qubit: str) -> float:
    return sample_rate(lab, lab.lines[lab.qubits[qubit].drive].outputs[0])


def _tone(lab: Laboratory, known: Known, qubit: str, offset: float) -> float:
    """Return a radio frequency of a beam, ``offset`` from the carrier of its ion."""
    frequency, limit = known[f"{qubit}.frequency"] + offset, _rate(lab, qubit) / 2
    if not 0 < frequency < limit:
        raise LimitError(
            f"a tone at {frequency:g} Hz",
            allowed=f"up to {limit:g} Hz, half the sample rate",
            where=lab.qubits[qubit].drive,
        )
    return frequency


def check_pair(known: Known, pair: str) -> float:
    """Return the duration of an RXX, s; raise CompileError when it is none."""
    duration = known[f"{pair}.ms.duration"]
    if not duration > 0:
        raise CompileError(f"an RXX of {duration:g} s", allowed="above 0 s", where=pair)
    return duration
