"""The steps that bring up a chain of ions; the planner decides on their order."""

from __future__ import annotations

from dataclasses import replace

from qctl.calibrate.node import Node

from .. import fine_amplitude, rb1
from . import (
    balance,
    cooling,
    crosstalk,
    errors,
    light_shift,
    lights,
    memory,
    micromotion,
    modes,
    ms,
    pointing,
    presence,
    rabi,
    radial,
    ramsey,
    ramsey_slots,
    readout,
    thermometry,
)
from .beams import around, gate_check

FINE = replace(fine_amplitude.NODE, name="ion_fine", needs=("ion_ramsey_long",), claims=around, check=gate_check)

NODES: tuple[Node, ...] = (
    presence.NODE,
    rabi.NODE,
    ramsey.NODE,
    readout.NODE,
    modes.NODE,
    modes.ALL,
    rabi.COLD,
    ramsey.LONG,
    FINE,
    balance.NODE,
    *ms.NODES,
)

ON_REQUEST: tuple[Node, ...] = (
    ramsey_slots.NODE,
    memory.NODE,
    cooling.NODE,
    light_shift.NODE,
    crosstalk.NODE,
    pointing.NODE,
    lights.PUMP,
    lights.LOOK,
    micromotion.NODE,
    micromotion.ALONG,
    radial.NODE,
    thermometry.HEATING,
    thermometry.COOL,
    # how well gates work
    replace(rb1.NODE, needs=("ion_fine",), claims=around),
    errors.COHERENCE,
    errors.MS_ERRORS,
)
