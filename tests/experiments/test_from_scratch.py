"""The planner brings ions and atoms up from the guesses of their files, without instruments.

By default the first steps, of two ions and of four sites; ``--whole-bring-up`` goes on
until nothing is worth its time: 20 s of computing for the pair of ions, some minutes for the sixteen sites of the file.
"""

from dataclasses import replace
from types import MappingProxyType

import pytest
from direct import Direct
from direct_ions import DirectIons
from ion_pair import two_ions

from qctl.calibrate.loop import calibrate
from qctl.calibrate.report import Standing
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.experiments.nodes import nodes_of
from qctl.judge import draw_truth
from qctl.physics.atoms.world import AtomWorld
from qctl.store import ParameterStore

LINES = {"ion_presence", "ion_rabi", "ion_ramsey", "ion_readout"}
SITES = {"sites", "presence", "zone"}


@pytest.fixture
def whole(request):
    return request.config.getoption("--whole-bring-up")


def brought_up(lab, folder, nodes):
    """Return what is known at the end; each step that was planned must have been accepted."""
    with ParameterStore.open(folder, lab.laboratory.name) as store:
        report = calibrate(lab, store, nodes, from_scratch=True)
        assert store.snapshot() == report.known
    assert report.quarantined() == ()
    assert {state.standing for by in report.states.values() for state in by.values()} == {Standing.GOOD}
    return report


def test_ions_are_brought_up_from_guesses(tmp_path, whole):
    file = tmp_path / "ion2.yaml"
    file.write_text(two_ions(find_laboratory("ion8").read_text(encoding="utf-8")), encoding="utf-8")
    laboratory = read_laboratory(file)
    twin = draw_truth(laboratory, 4)
    lab = DirectIons(laboratory, twin, 5)
    report = brought_up(lab, tmp_path, [one for one in nodes_of(laboratory) if whole or one.name in LINES])
    assert (report.states.keys() > LINES) is whole
    for name, ion in twin.ions.items():
        found = report.known.estimates[f"{name}.frequency"]
        assert abs(found.value - ion.frequency) < 5 * found.error < 1000


def four(lab):
    """Leave four sites of an array, in two rows."""
    names = ("q0", "q1", "q4", "q5")
    gone = lab.laboratory.qubits.keys() - {*names}
    kept = {n: v for n, v in lab.laboratory.first_guess.items() if {*n.partition(".")[0].split("-")}.isdisjoint(gone)}
    lab.laboratory = replace(
        lab.laboratory,
        first_guess=MappingProxyType(kept),
        qubits=MappingProxyType({name: lab.laboratory.qubits[name] for name in names}),
        couplings=MappingProxyType({k: c for k, c in lab.laboratory.couplings.items() if {*c.pair} <= {*names}}),
    )
    sites = {k: site for k, site in lab.truth.sites.items() if k in names or k.startswith("zone")}
    lab.truth = replace(lab.truth, sites=sites)
    lab.world = AtomWorld(lab.laboratory, lab.truth, 5)
    return lab


def test_atoms_are_brought_up_from_guesses(tmp_path, whole):
    lab = Direct("atoms16", seed=5)
    nodes = nodes_of(lab.laboratory)
    if not whole:
        lab, nodes = four(lab), [one for one in nodes if one.name in SITES]
    report = brought_up(lab, tmp_path, nodes)
    assert (report.states.keys() > SITES) is whole
    found = [report.known.estimates[f"{name}.site.row"] for name in lab.laboratory.qubit_names]
    assert max(one.error for one in found) < 0.2  # pixels
