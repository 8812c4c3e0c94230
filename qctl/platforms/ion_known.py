"""What gates of trapped ions need to know: names of parameters, and what is assumed until somebody measures.

Typical values for 171Yb+ in linear Paul traps: S. Olmschenk et al., Phys. Rev. A 76, 052314 (2007), state preparation
and detection; S. Debnath et al., Nature 563, 63 (2016), five addressed ions, Raman beams, Molmer-Sorensen gates;
axial mode spectrum: D. F. V. James, Appl. Phys. B 66, 181 (1998).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import pi

import numpy as np

from qctl.core.laboratory import Laboratory
from qctl.core.names import Target, unit_of
from qctl.core.parameters import Estimate, Parameters

from .wiring import sample_rate

us, ms, kHz, MHz = 1e-6, 1e-3, 1e3, 1e6

COOLING, PUMPING, DETECTION, TRAP = "cooling", "pumping", "detection", "trap"
"""Names of the lines that every shot uses; ``trap`` holds the mode frequencies."""

FOCUS, FOCUS_PUMPING = "focus", "focus_pumping"
"""Detection light on single ions, by a deflector; and the switch that makes pumping light of it."""

TICKLE = "tickle"
"""A tone on an electrode that shakes ions across the axis while they are cooled; 0 unless a step asks for it."""

LIGHTS = (COOLING, PUMPING, DETECTION, FOCUS_PUMPING)

QUBIT = {
    "t1": (1e6, "s"),  # hyperfine states do not decay
    "t2": (0.5, "s"),
    "x180.amplitude": (0.30, ""),
    "x180.duration": (16 * us, "s"),
    "x90.amplitude": (0.15, ""),
    "x90.duration": (16 * us, "s"),
    "readout.counts": (4.0, ""),
    "readout.present": (5.0, ""),
    "readout.stray": (100.0, "Hz"),
    "readout.p01": (0.005, ""),
    "readout.p10": (0.01, ""),
    "focus.amplitude": (0.2, ""),
    "focus.counts": (2.5, ""),
    "balance": (1.0, ""),
    "error": (5e-4, ""),
}
"""Assumed value and unit by name behind ``qN.``"""

PAIR = {
    "ms.duration": (160 * us, "s"),
    "ms.edge": (8 * us, "s"),
    "ms.detuning": (1 / (152 * us), "Hz"),  # loops of pulses with raised-cosine edges close at 1 / (duration - edge)
    "ms.amplitude": (0.30, ""),
    "ms.centre": (0.0, "Hz"),
    "ms.split": (0.0, "Hz"),
    # The axis of the spins is a quarter turn behind the phase of the tones; one ion's is turned round, as tones beyond
    # the sidebands turn pairs by a negative angle about the axes of their own pulses.
    "ms.phase_a": (pi / 2, "rad"),
    "ms.phase_b": (-pi / 2, "rad"),
    "ms.shift_a": (0.0, "rad"),
    "ms.shift_b": (0.0, "rad"),
    "ms.error": (1e-2, ""),
}
"""Assumed value and unit by name behind ``qA-qB.``"""

LINE: Mapping[str, Mapping[str, tuple[float, str]]] = {
    COOLING: {
        "duration": (1 * ms, "s"),
        "sideband_duration": (1.5 * ms, "s"),
        "sideband_amplitude": (0.1, ""),
        "tone.frequency": (80 * MHz, "Hz"),
        "tone.amplitude": (0.5, ""),
    },
    PUMPING: {"duration": (40 * us, "s"), "tone.frequency": (80 * MHz, "Hz"), "tone.amplitude": (0.5, "")},
    FOCUS: {"duration": (150 * us, "s")},
    FOCUS_PUMPING: {"duration": (150 * us, "s")},
    DETECTION: {"duration": (300 * us, "s"), "tone.frequency": (80 * MHz, "Hz"), "tone.amplitude": (0.5, "")},
}
"""Assumed value and unit by name behind the line of each light."""

MODES = (1.0, 3.0, 5.8, 9.308, 13.47, 18.27, 23.66, 29.63)
"""Squares of axial mode frequencies over the first; hardly dependent on the number of ions (James, table 2)."""


def defaults(laboratory: Laboratory) -> Parameters:
    """Return first guesses where the laboratory file gives one, assumptions for the rest; errors are infinite."""
    estimates = dict(_assumed(laboratory))
    for name, number in laboratory.first_guess.items():
        target, _, quantity = name.partition(".")
        kinds = (
            (Target.QUBIT, laboratory.qubits),
            (Target.COUPLING, laboratory.couplings),
            (Target.LINE, laboratory.lines),
        )
        unit = next((unit_of(quantity, kind) for kind, names in kinds if target in names), None) or ""
        estimates[name] = Estimate(number, unit=unit, run="first guess of the laboratory file")
    estimates.update(_modes(laboratory, estimates))
    estimates.update(_balances(laboratory, estimates))
    return Parameters(estimates, note=f"first guesses of {laboratory.name}")


def _assumed(laboratory: Laboratory) -> Iterator[tuple[str, Estimate]]:
    for targets, table in ((laboratory.qubits, QUBIT), (laboratory.couplings, PAIR)):
        for target in targets:
            for name, (number, unit) in table.items():
                yield f"{target}.{name}", Estimate(number, unit=unit, run="assumed by the platform")
    for line in laboratory.lines:
        for name, (number, unit) in LINE.get(line, {}).items():
            yield f"{line}.{name}", Estimate(number, unit=unit, run="assumed by the platform")


def _balances(laboratory: Laboratory, known: Mapping[str, Estimate]) -> Iterator[tuple[str, Estimate]]:
    """Yield by how much the blue tone of each ion must be stronger: generators hold their samples, a sinc in tone."""
    first = known.get(f"{TRAP}.mode_1")
    for name, qubit in laboratory.qubits.items():
        carrier = known.get(f"{name}.frequency")
        if first is None or carrier is None or f"{name}.balance" in laboratory.first_guess:
            continue
        rate = sample_rate(laboratory, laboratory.lines[qubit.drive].outputs[0])
        red, blue = (np.sinc((carrier.value + side * first.value) / rate) for side in (-1, 1))
        yield f"{name}.balance", Estimate(float(red / blue), unit="", run="assumed by the platform")


def _modes(laboratory: Laboratory, known: Mapping[str, Estimate]) -> Iterator[tuple[str, Estimate]]:
    """Yield the axial modes that follow from the first one, for a chain of all ions."""
    first = known.get(f"{TRAP}.mode_1")
    for number, square in enumerate(MODES[: len(laboratory.qubits)], start=1):
        name = f"{TRAP}.mode_{number}"
        if first is not None and name not in known:
            yield name, Estimate(first.value * square**0.5, unit="Hz", run="assumed by the platform")
