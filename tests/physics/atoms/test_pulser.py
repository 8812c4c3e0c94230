"""Rydberg pulses against Pulser's emulator, where it is installed."""

import numpy as np
import pytest

from qctl.physics.atoms.rubidium import interaction
from qctl.physics.atoms.rydberg import Atoms, Pulse, from_ones

pulser = pytest.importorskip("pulser", reason="needs pulser-core")
simulation = pytest.importorskip("pulser_simulation", reason="needs pulser-simulation")


@pytest.mark.filterwarnings("ignore")
def test_three_atoms_in_a_row_end_as_pulser_says():
    places = [(0.0, 0.0), (7.0, 0.0), (15.0, 0.0)]  # um
    n_steps, rabi = 1000, 2 * np.pi * 1.5  # ns, rad/us
    amplitude = rabi * np.sin(np.pi * (np.arange(n_steps) + 0.5) / n_steps) ** 2
    detuning = np.linspace(-8.0, 12.0, n_steps)
    register = pulser.Register.from_coordinates(places, prefix="a")
    sequence = pulser.Sequence(register, pulser.MockDevice)
    sequence.declare_channel("global", "rydberg_global")
    waves = pulser.CustomWaveform(amplitude), pulser.CustomWaveform(detuning)
    sequence.add(pulser.Pulse(*waves, 0.0), "global")
    final = simulation.QutipEmulator.from_sequence(sequence).run().get_final_state().full().ravel()
    apart = np.array([[np.hypot(a[0] - b[0], a[1] - b[1]) for b in places] for a in places]) * 1e-6
    pairs = np.array([[[interaction(d) if d else 0.0 for d in row] for row in apart]])
    atoms = Atoms(np.ones((1, 3)), np.zeros((1, 3)), pairs)
    found = np.abs(from_ones(Pulse(1e-9, amplitude * 1e6 + 0j, detuning * 1e6), atoms)[0]) ** 2
    wanted = np.abs(final) ** 2  # Pulser counts r first
    np.testing.assert_allclose(found, wanted[::-1], atol=1e-4)
