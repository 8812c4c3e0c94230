"""What atoms' gates need to know: names of parameters, and what is assumed until somebody measures."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate, Parameters

us, ms, kHz, MHz = 1e-6, 1e-3, 1e3, 1e6

QUBIT = {
    "x90.amplitude": (0.25, ""),
    "x90.duration": (2 * us, "s"),
    "x180.amplitude": (0.5, ""),
    "x180.duration": (2 * us, "s"),
    "readout.counts": (1000.0, ""),
    "readout.present": (1000.0, ""),
    "readout.p01": (0.02, ""),
    "readout.p10": (0.02, ""),
    "site.loaded": (0.5, ""),
    "site.kept": (0.95, ""),
    "site.temperature": (20e-6, "K"),
    "t2_ramsey": (5 * ms, "s"),
    "error": (5e-3, ""),
}
"""Assumed value and unit by name behind ``qN.``"""

COUPLING = {"cz.error": (2e-2, "")}

LINES = {
    "trap_off": {"duration": (4 * ms, "s")},
    "mot": {"duration": (80 * ms, "s")},
    "imaging": {"duration": (12 * ms, "s")},
    "cooling": {"duration": (5 * ms, "s")},
    "pumping": {"duration": (0.4 * ms, "s")},
    "probe": {"duration": (12 * ms, "s")},
    "dark": {"level": (0.6, ""), "hold": (0.0, "s")},
    "rydberg_red": {"level": (0.6, "")},
    "rydberg_blue": {
        "level": (0.6, ""),
        "rabi": (3 * MHz, "Hz"),
        # The time-optimal gate of Jandura and Pupillo, Quantum 6, 712, table 1: phase cos and slope, Omega T = 7.612.
        "gate.duration": (7.612 / (2 * pi * 3 * MHz), "s"),
        "gate.depth": (0.6229, "rad"),
        "gate.swing": (1.1971, ""),
        "gate.start": (-0.156, "rad"),
        "gate.slope": (0.0716, ""),
        "gate.phase": (0.0, "rad"),
    },
    "raman": {"quarter.amplitude": (0.25, ""), "quarter.duration": (2 * us, "s")},
    "tweezers_x": {"level": (0.2, ""), "pace": (5 * us, "s")},
    "tweezers_y": {"level": (0.2, "")},
    "pointer_x": {"level": (0.2, "")},
    "pointer_y": {"level": (0.2, "")},
}
"""Assumed value and unit by line, then by quantity."""

MAPPED = ("tweezers_x", "tweezers_y", "pointer_x", "pointer_y")
NEEDED = {
    "rydberg_blue": ("resonance",),
    "camera": ("zone_row_1", "zone_column_1", "zone_row_2", "zone_column_2"),
    **{line: ("map_1", "map_2", "map_3") for line in MAPPED},
}
"""What nobody can assume: the laboratory file has to guess it."""


def defaults(laboratory: Laboratory) -> Parameters:
    """Return first guesses where the laboratory file gives one, assumptions for the rest; errors are infinite."""
    tables = {name: QUBIT for name in laboratory.qubits} | {name: COUPLING for name in laboratory.couplings}
    tables |= {name: table for name, table in LINES.items() if name in laboratory.lines}
    estimates = {
        f"{target}.{name}": Estimate(number, unit=unit, run="assumed by the platform")
        for target, table in tables.items()
        for name, (number, unit) in table.items()
    }
    for name, number in laboratory.first_guess.items():
        unit = estimates[name].unit if name in estimates else ""
        estimates[name] = Estimate(number, unit=unit, run="first guess of the laboratory file")
    estimates |= _away(laboratory, estimates)
    return Parameters(estimates, note=f"first guesses of {laboratory.name}")


def _away(laboratory: Laboratory, estimates: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Return the frequency of qubits that are not in their sites: at first that of the first one."""
    if "tweezers_x.away" in estimates or not laboratory.qubits:
        return {}
    first = estimates.get(f"{next(iter(laboratory.qubits))}.frequency")
    return {} if first is None else {"tweezers_x.away": Estimate(first.value, unit="Hz", run="assumed by the platform")}
