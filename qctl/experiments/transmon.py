"""The steps that bring up transmons, in the order in which a person would name them; the planner decides."""

from __future__ import annotations

from qctl.calibrate.node import Node

from . import chevron, cz, flux_arc, qubit_spectroscopy, rabi, ramsey

NODES: tuple[Node, ...] = (
    # one qubit
    qubit_spectroscopy.NODE,
    rabi.NODE,
    ramsey.NODE,
    # couplings
    flux_arc.NODE,
    chevron.NODE,
    cz.NODE,
)
