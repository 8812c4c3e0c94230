"""The steps that bring up an array of neutral atoms, in the order in which a person would name them."""

from __future__ import annotations

from qctl.calibrate.node import Node

from .atoms import (
    bleeding,
    blockade,
    coherence,
    deflectors,
    echo,
    errors,
    everybody,
    gate,
    light,
    moves,
    phase,
    presence,
    raman,
    rydberg,
    sites,
    states,
    trap_depths,
    trap_frequency,
    warmth,
    zone_reading,
)

NODES: tuple[Node, ...] = (
    # camera and traps
    sites.SITES,
    sites.ZONE,
    presence.NODE,
    deflectors.HOLDING,
    deflectors.HOLDING_FINE,
    # single atoms
    raman.PUMPING,
    deflectors.POINTING,
    raman.FLOP,
    raman.FRINGES,
    raman.FINE_FLOP,
    coherence.NODE,
    states.NODE,
    zone_reading.NODE,
    # pairs
    rydberg.RESONANCE,
    rydberg.RABI,
    gate.NODE,
    gate.FINE,
    phase.NODE,
)

ON_REQUEST: tuple[Node, ...] = (
    everybody.NODE,
    warmth.NODE,
    trap_depths.NODE,
    trap_depths.FINE,
    trap_frequency.NODE,
    moves.LOADING,
    moves.REARRANGING,
    light.SHIFT,
    light.CROSSTALK,
    blockade.INTERACTION,
    bleeding.NODE,
    echo.NODE,
    errors.TURNS,
    errors.GATES,
)
