"""An array of a hundred sites, four pixels apart, opens its eyes: sites, zone and who is there."""

import pytest
from direct import Direct
from true_atoms import true_parameters

from qctl.calibrate.workbench import Workbench
from qctl.experiments.atoms.presence import Presence
from qctl.experiments.atoms.sites import Sites, Zone

FLIPPED = "OPENQASM 3; qubit[2] q; bit[2] c; x q[0]; cz q[0], q[1]; c = measure q;"


@pytest.fixture(scope="module")
def direct():
    return Direct("atoms100", seed=2)


def ask(direct, known, experiment):
    outcomes = Workbench(direct, known).ask(experiment)
    assert not [one.reason for one in outcomes if one.reason]
    return {name: estimate for one in outcomes for name, estimate in one.found.items()}


def test_all_sites_are_found_though_their_neighbours_shine_on_them(direct):
    truth = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    qubits = direct.laboratory.qubit_names
    found = ask(direct, direct.parameters, Sites(direct.laboratory, qubits))
    assert len(found) == 200
    assert max(abs(one.value - truth[name]) for name, one in found.items()) < 0.08
    zone = ask(direct, direct.parameters.replaced(found), Zone(direct.laboratory, ("array",)))
    assert all(abs(one.value - truth[name]) < 5 * one.error for name, one in zone.items())
    present = ask(direct, direct.parameters.replaced(found), Presence(direct.laboratory, qubits, shots=150))
    loaded = [one.value for name, one in present.items() if name.endswith("loaded")]
    assert sum(loaded) / 100 == pytest.approx(direct.truth.tweezers.loading * 0.93, abs=0.05)


def test_two_of_them_are_turned_carried_and_read(direct):
    truth = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    thresholds = {f"{q}.readout.{name}": 112.0 for q in direct.laboratory.qubits for name in ("present", "counts")}
    counts = direct.run(FLIPPED, 200, parameters=truth.replaced(thresholds)).counts
    assert counts["10"] > 0.85 * sum(counts.values()) > 30  # of shots in which both sites were loaded
