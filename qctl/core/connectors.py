"""How many connectors an instrument has that lines can name, as its driver declares it."""

from __future__ import annotations

from typing import NamedTuple

from .protocols import (
    AwgLimits,
    CameraLimits,
    CounterLimits,
    DeciderLimits,
    Declared,
    DigitizerLimits,
    StandingLimits,
)


class Connectors(NamedTuple):
    """Numbers of ports (outputs or inputs) and of markers; both count from 1."""

    ports: int
    markers: int = 0


def connectors_of(limits: Declared) -> Connectors:
    """Return the connectors of an instrument with such limits."""
    if isinstance(limits, AwgLimits):
        return Connectors(limits.n_channels, limits.n_channels * limits.markers_per_channel)
    if isinstance(limits, DeciderLimits):
        return Connectors(limits.n_inputs, limits.n_markers)
    if isinstance(limits, DigitizerLimits | CounterLimits | StandingLimits):
        return Connectors(limits.n_channels)
    return Connectors(1 if isinstance(limits, CameraLimits) else limits.n_outputs)
