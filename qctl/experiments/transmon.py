"""The steps that bring up transmons, in the order in which a person would name them; the planner decides."""

from __future__ import annotations

from qctl.calibrate.node import Node

from . import (
    chevron,
    cz,
    drag,
    echo,
    fine_amplitude,
    flux_arc,
    flux_bias,
    qubit_spectroscopy,
    rabi,
    ramsey,
    t1,
)

NODES: tuple[Node, ...] = (
    # one qubit
    qubit_spectroscopy.NODE,
    rabi.NODE,
    flux_bias.NODE,
    ramsey.NODE,
    drag.NODE,
    fine_amplitude.NODE,
    t1.NODE,
    echo.NODE,
    # couplings
    flux_arc.NODE,
    chevron.NODE,
    cz.NODE,
)
