"""Programs of the kit on the simulated array, many shots at once: its measured errors explain what comes out."""

from dataclasses import replace

import pytest
from direct import Direct

from qctl.config import read
from qctl.config.find import find_laboratory, twin_of
from qctl.conformance import programs
from qctl.conformance.check import CHANCE, CLOSE, predicted
from qctl.conformance.statistics import distance, g_test, sampling_noise
from qctl.physics.atoms.twin import AtomTwin
from qctl.run.known import known_parameters


@pytest.fixture(scope="module")
def full():
    """Return atoms16 with an atom in every site, so that nothing has to be sorted."""
    truth = read(twin_of(find_laboratory("atoms16")), AtomTwin)
    tweezers = replace(truth.tweezers, loading=1.0, loading_time=5e-3)
    lab = Direct("atoms16", seed=2, truth=replace(truth, tweezers=tweezers))
    lab.parameters = known_parameters(lab.laboratory)
    return lab


@pytest.mark.parametrize("name", ["qft4", "hidden_shift", "ising"])
def test_atoms_do_what_their_measured_errors_predict(full, name):
    (entry,) = (one for one in programs() if one.name == name)
    counts = full.run(entry.program, 600).counts
    expected, n = predicted(full, entry), sum(counts.values())
    assert n > 400
    assert distance({key: count / n for key, count in counts.items()}, expected) < CLOSE + sampling_noise(expected, n)
    assert g_test(counts, expected) > CHANCE
