"""Assignment errors by formula are those of simulated shots."""

from math import pi

import numpy as np
import pytest

from qctl.cli.judged import played, played_readout, weights_by_qubit
from qctl.core.program import EVENT, Op, Program, event
from qctl.judge.clouds import Cloud, errors, jump_shares
from qctl.judge.readout import Readout, assignment
from qctl.judge.readout_grid import AMPLITUDES, DURATIONS, best_tone
from qctl.judge.stage import Bench, Upload
from qctl.physics.world import World

SHOTS = 3000


def told_one(lab, twin, known, qubit):
    """Return how often shots of the simulated world, prepared in 0 and 1 in turn, are told as 1."""
    index, n = lab.qubit_names.index(qubit), len(lab.qubits)
    measured = [event(Op.BARRIER, (q,), (), 7) for q in range(n)] + [event(Op.MEASURE, (q,), (), q) for q in range(n)]
    rows = [*measured, event(Op.R, (index,), (pi, 0.0)), *measured]
    starts = np.array([0, len(measured), len(rows)])
    upload = Upload(*played(lab, known, Program(np.array(rows, EVENT), n, n, starts, physical=True)))
    stage = Bench(lab, twin, known).stage(upload)
    volts = World(lab, twin, seed=5).run(stage, SHOTS)
    heard = upload.sequence.listening[lab.qubits[qubit].readout]
    i, q = (volts[port] for port in heard.inputs)
    weights = weights_by_qubit(lab, known, upload.sequence)[qubit] * np.exp(1j * known[f"{qubit}.readout.rotation"])
    turned = i @ weights.real.astype(np.float32) - q @ weights.imag.astype(np.float32)
    return (turned > known[f"{qubit}.readout.threshold"]).mean(axis=0)


def readout_of(lab, known):
    upload = Upload(*played_readout(lab, known))
    return Readout(upload, weights_by_qubit(lab, known, upload.sequence))


@pytest.mark.parametrize("qubit", ["q1", "q3"])
def test_errors_of_single_shots_are_those_of_the_formula(lab5, twin5, known5, qubit):
    p01, p10 = assignment(Bench(lab5, twin5, known5), readout_of(lab5, known5), qubit, alternating=True)
    zero, one = told_one(lab5, twin5, known5, qubit)
    assert zero == pytest.approx(p01, abs=4 * np.sqrt(p01 / SHOTS))
    assert 1 - one == pytest.approx(p10, abs=4 * np.sqrt(p10 / SHOTS) + 5e-4)  # the pi pulse is not perfect


def test_a_threshold_in_the_middle_of_nowhere_tells_half_of_all_shots_wrongly(lab5, twin5, known5):
    lost = known5.replaced({"q0.readout.threshold": 1.0})
    assert assignment(Bench(lab5, twin5, lost), readout_of(lab5, known5), "q0") == pytest.approx((0, 1), abs=1e-6)


def test_the_best_tone_lies_inside_the_grid_and_is_what_calibration_finds(lab5, twin5, known5):
    bench = Bench(lab5, twin5, known5)
    best, stored = best_tone(bench, "q0"), assignment(bench, readout_of(lab5, known5), "q0")
    assert AMPLITUDES[0] < best.amplitude <= 0.9 / 5
    assert DURATIONS[0] < best.duration < DURATIONS[-1]
    middle = twin5.resonators["q0"].frequency + twin5.resonators["q0"].shifts[0] / 2
    assert abs(best.frequency - middle) < 0.5 * twin5.resonators["q0"].kappa
    assert abs(1 - sum(stored) / 2 - best.fidelity) < 0.002  # between points of the grid it may be a little better
    assert best.fidelity < 0.999


def test_clouds_without_jumps_overlap_as_normal_distributions_do():
    zero, one = (Cloud(np.ones(1), np.array([x])) for x in (0.0, 4.0))
    p01, p10 = errors(zero, one, np.array([2.0]), 1.0)
    assert (p01[0], p10[0]) == pytest.approx((0.0227501, 0.0227501), abs=1e-6)
    _, shares = jump_shares(1e5, 2e-6, 50)
    assert shares.sum() == pytest.approx(1 - np.exp(-0.2))
