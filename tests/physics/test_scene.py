"""What waveforms do to the chip, up to the populations that they leave."""

from dataclasses import replace

import numpy as np
import pytest

from qctl.physics.chip import Chip
from qctl.physics.memory import Memory
from qctl.physics.scene import Scenery
from qctl.physics.shot import Shot


def rotate(score, qubit, start):
    truth = score.bench.truth
    line, frequency = score.lab.qubits[qubit].drive, truth.qubits[qubit].frequency
    held = np.sinc((frequency - score.lab.instruments[score.lab.lines[line].mixed_with].frequency) / score.rate(line))
    amplitude = np.pi / (2 * np.pi * truth.drives[line].rabi_frequency * 12e-9) / held  # pi in 24 ns
    return score.pulse(qubit, frequency, start, 24e-9, 0.55 * amplitude, drag=0.5)


def ending(bench, score):
    """Return the populations of every qubit after the last pulse, shape (n_qubits, levels)."""
    chip = Chip(bench.lab, bench.truth)
    scenery = Scenery(chip, bench.stage([score], 0.0, 100), Memory())
    scene = scenery.scene(score.playing())
    n = len(chip.names)
    initial = np.tile(np.eye(chip.twin.levels)[0], (n, 1))
    shot = Shot(scene.motion, initial, np.zeros((1, n)), np.zeros(1, int), scenery.zz, np.random.default_rng(0))
    return shot.play(scene.pieces, scene.tones, scene.end).populations


@pytest.mark.parametrize("start", [40e-9, 41.3e-9, 60e-9])
def test_a_rotation_does_not_change_when_all_neighbours_are_driven_too(bench5, start):
    """Lines have other delays, by fractions of a sample, and crosstalk: what each sample does must count once."""
    unfelt = {q: replace(t, t1=np.inf, t_phi=np.inf, thermal=0.0) for q, t in bench5.truth.qubits.items()}
    bench = replace(bench5, truth=replace(bench5.truth, qubits=unfelt))
    together = bench.score(120e-9)
    for q in bench.lab.qubit_names:
        rotate(together, q, start)
    found = ending(bench, together)
    for k, q in enumerate(bench.lab.qubit_names):
        alone = ending(bench, rotate(bench.score(120e-9), q, start))[k]
        assert 0.4 < alone[1] < 0.75
        np.testing.assert_allclose(found[k], alone, atol=1e-2)
