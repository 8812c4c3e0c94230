"""How far quantities of superconducting chips go from day to day, until each has been learned.

Loops drift by some 4e-5 flux quanta: that moves the heights of flux pulses, and turns the phase of the qubit that they
move. Resonators and anharmonicities go with the qubits' frequencies; phases of cables turn where states are told apart.
"""

from __future__ import annotations

from qctl.calibrate.drift import Walk

RESONATOR = Walk(5e3)  # Hz
ANHARMONICITY = Walk(5.4e3)  # Hz
HEIGHT = Walk(share=3e-4)
BIAS = Walk(1e-6, share=1e-3)  # A
PHASE_LOW, PHASE_HIGH = Walk(1e-2), Walk(6e-2)  # rad; the qubit that stays and the one that moves
MIXER = Walk(1e-3)  # gain; phase in rad
ROTATION = Walk(0.1)  # rad
