"""What stands still during a shot: voltages of electrodes, tones of DDS channels."""

from __future__ import annotations

from collections.abc import Mapping

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters

STANDING = (".bias", ".voltage", ".tone.frequency", ".tone.amplitude")
"""How the names of parameters end that are applied before a run, and hold for all of it."""


def operating_point(parameters: Parameters) -> dict[str, float]:
    """Return what a snapshot says of everything that stands still during a shot, by parameter name."""
    return {name: known.value for name, known in parameters.estimates.items() if name.endswith(STANDING)}


def held_of(laboratory: Laboratory, known: Parameters) -> Mapping[str, Mapping[int, float]]:
    """Return the voltage of each channel of each multi-channel supply, V; raise ParameterError for an unknown one."""
    held: dict[str, dict[int, float]] = {}
    for name, line in laboratory.lines.items():
        if line.supply is not None:
            held.setdefault(line.supply.instrument, {})[line.supply.number] = known[f"{name}.voltage"]
    return held


def tones_of(laboratory: Laboratory, known: Parameters) -> Mapping[str, Mapping[int, tuple[float, float]]]:
    """Return Hz and fraction of full scale of each DDS channel; raise ParameterError for an unknown one."""
    tones: dict[str, dict[int, tuple[float, float]]] = {}
    for name, line in laboratory.lines.items():
        if line.carrier is not None:
            tone = known[f"{name}.tone.frequency"], known[f"{name}.tone.amplitude"]
            tones.setdefault(line.carrier.instrument, {})[line.carrier.number] = tone
    return tones
