"""What stands still during a shot: voltages of electrodes, tones of DDS channels, light of traps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters

STANDING = (".bias", ".voltage", ".tone.frequency", ".tone.amplitude", ".site.weight")
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


def weights_of(laboratory: Laboratory, known: Parameters) -> Mapping[str, NDArray[np.float32]]:
    """Return the weight of each qubit's trap, in their order, by display; 1 where nobody says another one."""
    names = [f"{qubit}.site.weight" for qubit in laboratory.qubits]
    weights = np.array([known.get(name, 1.0) for name in names], np.float32)
    return {line.shaped_by: weights for line in laboratory.lines.values() if line.shaped_by is not None}
