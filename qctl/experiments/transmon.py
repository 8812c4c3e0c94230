"""The steps that bring up transmons, in the order in which a person would name them; the planner decides."""

from __future__ import annotations

from qctl.calibrate.node import Node

from . import (
    allxy,
    anharmonicity,
    chevron,
    conditional_oscillation,
    coupler_bias,
    coupler_tails,
    cz,
    decision,
    dispersive_shift,
    drag,
    drive_crosstalk,
    drive_mixer,
    echo,
    fine_amplitude,
    flux_arc,
    flux_bias,
    flux_crosstalk,
    flux_tails,
    leakage,
    qubit_spectroscopy,
    rabi,
    ramsey,
    rb1,
    rb2,
    readout_mixer,
    readout_tone,
    readout_weights,
    resonator_flux,
    resonator_power,
    resonator_search,
    resonators,
    single_shots,
    t1,
    three_states,
    time_of_flight,
    zz,
)

NODES: tuple[Node, ...] = (
    # feedlines and resonators
    time_of_flight.NODE,
    readout_mixer.NODE,
    resonators.NODE,
    # one qubit
    qubit_spectroscopy.NODE,
    rabi.NODE,
    flux_bias.NODE,
    ramsey.NODE,
    # readout
    dispersive_shift.NODE,
    readout_tone.NODE,
    readout_weights.NODE,
    single_shots.NODE,
    decision.NODE,
    # one qubit, finer
    drive_mixer.NODE,
    anharmonicity.NODE,
    drag.NODE,
    fine_amplitude.NODE,
    t1.NODE,
    echo.NODE,
    # couplings
    flux_arc.NODE,
    flux_tails.NODE,
    chevron.NODE,
    zz.NODE,
    cz.NODE,
)

ON_REQUEST: tuple[Node, ...] = (
    # what no bring-up needs, and a person may want to know
    resonator_search.NODE,
    resonator_power.NODE,
    resonator_flux.NODE,
    three_states.NODE,
    # how well gates of one qubit work, and who else feels them
    rb1.NODE,
    allxy.NODE,
    drive_crosstalk.NODE,
    # how well a CZ works, and what hardly matters to it
    coupler_tails.NODE,
    flux_crosstalk.NODE,
    coupler_bias.NODE,
    conditional_oscillation.NODE,
    leakage.NODE,
    rb2.NODE,
)
