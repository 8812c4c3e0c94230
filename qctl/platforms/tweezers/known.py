"""What atoms' gates need to know: names of parameters, and what is assumed until somebody measures."""

from __future__ import annotations

from math import pi

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.names import DEFLECTORS, Target, unit_of
from qctl.core.parameters import Estimate, Parameters

us, ms, kHz, MHz = 1e-6, 1e-3, 1e3, 1e6

QUBIT = {
    "x90.amplitude": (0.25, ""),
    "x90.duration": (2 * us, "s"),
    "x180.amplitude": (0.5, ""),
    "x180.duration": (2 * us, "s"),
    "x180.shift": (0.0, "Hz"),
    "readout.counts": (116.0, ""),
    "readout.present": (116.0, ""),
    "readout.p01": (0.02, ""),
    "readout.p10": (0.02, ""),
    "site.weight": (1.0, ""),
    "site.loaded": (0.5, ""),
    "site.kept": (0.95, ""),
    "site.temperature": (20e-6, "K"),
    "t2_ramsey": (5 * ms, "s"),
    "error": (5e-3, ""),
}
"""Assumed value and unit by name behind ``qN.``"""

COUPLING = {"cz.error": (2e-2, "")}

LIGHTS = {
    "trap_off": 4 * ms,
    "mot": 80 * ms,
    "imaging": 12 * ms,
    "cooling": 5 * ms,
    "pumping": 0.4 * ms,
    "probe": 12 * ms,
    "zone_light": 3 * ms,
    "zone_cooling": 4 * ms,
    "zone_pumping": 0.3 * ms,
}
"""Assumed ``LINE.duration``, s."""

READING = (1, 3, 5)  # places of the zone where atoms are measured: as far apart as sites are
RABI = 3 * MHz
OMEGA_T = 7.85  # 2 pi rabi times what a Rydberg gate lasts beyond one of its edges
EDGE = 50e-9  # s, of a Rydberg gate
ARRAY = {
    **{f"{line}.level": (0.2, "") for line in DEFLECTORS},
    "pace": (5 * us, "s"),
    "global.amplitude": (0.0, ""),  # nobody measured it: quarter turns are local
    "global.duration": (2 * us, "s"),
    "global.phase": (0.0, "rad"),
    "switch.level": (0.6, ""),
    "release": (0.0, "s"),
    **{f"zone.counts_{place}": (105.0, "") for place in READING},
    "zone.reading": (0.0, ""),
    "zone.p01": (0.01, ""),
    "zone.p10": (0.01, ""),
    "rydberg.level": (0.6, ""),
    "rydberg.rabi": (RABI, "Hz"),
    # The time-optimal gate of Jandura and Pupillo, Quantum 6, 712, with soft edges: Omega times duration is 7.85 and an
    # edge, phase a sine and a slope; searched for in the levels of two atoms.
    "gate.duration": (OMEGA_T / (2 * pi * RABI) + EDGE, "s"),
    "gate.edge": (EDGE, "s"),
    "gate.depth": (0.68, "rad"),
    "gate.swing": (1.1971, ""),
    "gate.lag": (0.0, "rad"),
    "gate.slope": (0.08, ""),
    "gate.phase": (0.0, "rad"),
}
"""Assumed value and unit by name behind the array's."""


def array_of(laboratory: Laboratory) -> str:
    """Return what parameters of the whole array are named after: the line of the camera that sees the atoms."""
    found = {qubit.readout for qubit in laboratory.qubits.values()}
    if len(found) != 1:
        raise CompileError(f"atoms seen by {', '.join(sorted(found)) or 'nothing'}", allowed="one camera for all")
    return found.pop()


def defaults(laboratory: Laboratory) -> Parameters:
    """Return first guesses where the laboratory file gives one, assumptions for the rest; errors are infinite."""
    array = array_of(laboratory)
    tables = dict.fromkeys(laboratory.qubits, QUBIT) | dict.fromkeys(laboratory.couplings, COUPLING)
    tables |= {line: {"duration": (seconds, "s")} for line, seconds in LIGHTS.items() if line in laboratory.lines}
    tables[array] = ARRAY
    estimates = {
        f"{target}.{name}": Estimate(number, unit=unit, run="assumed by the platform")
        for target, table in tables.items()
        for name, (number, unit) in table.items()
    }
    guesses = laboratory.first_guess
    for name, number in guesses.items():
        estimates[name] = Estimate(number, unit=_unit(laboratory, name), run="first guess of the laboratory file")
    first = f"{laboratory.qubit_names[0]}.frequency"
    if f"{array}.away" not in guesses and first in guesses:
        estimates[f"{array}.away"] = Estimate(guesses[first], unit="Hz", run="assumed by the platform")
    return Parameters(estimates, note=f"first guesses of {laboratory.name}")


def _unit(laboratory: Laboratory, name: str) -> str:
    """Return the unit of a guess, whose target's name may hold dots."""
    kinds = (
        (Target.QUBIT, laboratory.qubits),
        (Target.COUPLING, laboratory.couplings),
        (Target.LINE, laboratory.lines),
    )
    found = (
        unit_of(name.removeprefix(f"{target}."), kind)
        for kind, targets in kinds
        for target in targets
        if name.startswith(f"{target}.")
    )
    return next((unit for unit in found if unit is not None), "")
