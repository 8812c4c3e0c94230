"""Arrays that are drawn can be read back, and gates are scored by what is played."""

import numpy as np
import pytest
from direct import Direct
from true_atoms import true_parameters

from qctl.cli.judged import played_gates
from qctl.compile import flatten
from qctl.config import read, read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.port import Port
from qctl.experiments.rows import cz, half, program
from qctl.judge.atom_score import score_array
from qctl.judge.atoms import score_atoms
from qctl.judge.draw_atoms import draw_atoms
from qctl.judge.stage import Upload
from qctl.judge.text import twin_text
from qctl.physics.atoms.twin import AtomTwin
from qctl.physics.stage import Playing


@pytest.mark.parametrize("seed", [0, 7])
def test_a_drawn_truth_is_read_back_and_repeats_itself(tmp_path, seed):
    laboratory = read_laboratory(find_laboratory("atoms16"))
    truth = draw_atoms(laboratory, seed, drifting=True)
    file = tmp_path / "twin.yaml"
    file.write_text(twin_text(truth, "drawn"), encoding="utf-8")
    again = read(file, AtomTwin)
    assert set(again.sites) == {*laboratory.qubits, *(f"zone{k}" for k in range(5))}
    assert again.qubits.frequency == pytest.approx(truth.qubits.frequency)
    assert draw_atoms(laboratory, seed, drifting=True) == truth
    assert draw_atoms(laboratory, seed + 1) != truth


def played(direct, known, rows, qubits):
    sequence = direct.compile(program(direct.laboratory, [rows], qubits, 1), parameters=known)
    found = {}
    for name, playlist in flatten(sequence, direct.laboratory, direct.limits).items():
        entry = direct.laboratory.instruments[name]
        for channel, place in enumerate(playlist.steps[0].tolist(), start=1):
            if place >= 0:
                volts = playlist.waveforms[place].codes.astype(np.float32) * (entry.full_scale / 32767)
                found[Port(name, channel)] = Playing(volts, entry.sample_rate, 0.0)
    return found


def test_wrong_amplitudes_and_shapes_score_worse_than_right_ones():
    direct = Direct("atoms16")
    right = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    right = right.replaced({f"{q}.readout.present": 111.0 for q in direct.laboratory.qubits})
    right = right.replaced({"array.gate.slope": 0.01, "array.gate.phase": -2.2})
    wrong = right.replaced({"q0.x90.amplitude": 1.1 * right["q0.x90.amplitude"], "array.gate.depth": 0.3})
    scores = []
    for known in (right, wrong):
        turns = {"q0": played(direct, known, [half(0)], [0])}
        scores.append(
            score_atoms(direct.laboratory, direct.truth, known, turns, played(direct, known, [cz(0, 1)], [0, 1]), 0.1)
        )
    assert scores[0].turns["q0"] < 1e-3
    assert scores[1].turns["q0"] == pytest.approx((0.1 * np.pi / 2) ** 2 / 6, rel=0.15)
    assert scores[1].cz > 3 * scores[0].cz_limit
    assert 1e-3 < scores[0].cz_limit < 0.03
    assert scores[0].arrive > 0.98
    assert max(scores[0].thresholds.values()) < 0.01
    assert max(scores[0].states.values()) < 0.01


def test_an_array_is_scored_like_other_laboratories():
    direct = Direct("atoms16")
    known = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    gates = [("x90", "q0"), ("x180", "q5"), ("cz", "q0-q1")]
    upload = Upload(*played_gates(direct.laboratory, known, gates))
    found = score_array(direct.laboratory, direct.truth, known, gates, upload)
    assert [(one.kind, one.target) for one in found.gates] == gates
    assert all(one.error < 2e-3 for one in found.gates[:2])
    assert found.gates[2].limit < 0.01
    assert found.gates[2].leakage < 0.02  # lost on the way
    assert all(abs(value.off) < 1e-6 * max(abs(value.truth), 1) for value in found.values if "site" in value.name)
    assert len(found.readouts) == 16
    wrong = known.replaced({f"{q}.readout.counts": 103.0 for q in direct.laboratory.qubits})
    worse = score_array(direct.laboratory, direct.truth, wrong, gates[:1], upload)
    assert all(one.fidelity < one.best - 0.01 for one in worse.readouts)
