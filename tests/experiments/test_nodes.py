"""The steps fit together, for every laboratory that comes with qctl."""

import pytest

from qctl.calibrate.dependencies import Dependencies
from qctl.calibrate.drift import Drift
from qctl.calibrate.node import Quantity
from qctl.calibrate.planner import View, plan
from qctl.calibrate.progress import Record, first_records
from qctl.calibrate.report import Standing, State
from qctl.calibrate.targets import chosen
from qctl.compile import default_parameters
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.names import Target, unit_of
from qctl.experiments.nodes import nodes_of
from qctl.store.finding import parts_of


@pytest.fixture(scope="module", params=["transmon5", "wukong72", "ion8", "atoms16"])
def laboratory(request):
    return read_laboratory(find_laboratory(request.param))


def test_every_need_is_met_by_a_step_and_none_goes_round_in_a_circle(laboratory):
    targets = chosen(laboratory, ())
    dependencies = Dependencies.of(nodes_of(laboratory), laboratory, targets)
    seen = set()
    for key, needs in dependencies.needs.items():
        assert all(one in seen for need in needs for one in need.keys)
        seen.add(key)


def test_everything_that_is_found_has_a_name_with_a_unit(laboratory):
    targets = chosen(laboratory, ())
    for node in nodes_of(laboratory):
        target = targets[node.kind][0]
        for quantity in node.finds:
            name = parts_of(f"{target}.{quantity.name.replace('*', '1')}")[1]
            known = any(unit_of(name, kind) is not None for kind in Target)
            assert known or quantity.name.endswith("*"), f"{node.name} finds {quantity.name}, which has no unit"
            assert quantity.low < quantity.high
            assert quantity.floor >= 0


def test_curvatures_and_claims_can_be_asked_before_anything_is_known(laboratory):
    known, targets = default_parameters(laboratory), chosen(laboratory, ())
    for node in nodes_of(laboratory):
        for target in targets[node.kind]:
            if node.applies(laboratory, target):
                assert node.claims(laboratory, known, target)
                assert all(one.curvature(known, target) >= 0 for one in node.finds)


def test_from_scratch_every_step_gets_its_turn(laboratory):
    nodes, known, targets = nodes_of(laboratory), default_parameters(laboratory), chosen(laboratory, ())
    by_name, dependencies = {node.name: node for node in nodes}, Dependencies.of(nodes, laboratory, targets)
    records, now, order = first_records(by_name, dependencies.needs, known, True), 0.0, []
    while True:
        unknown = [key for key, record in records.items() if record.state.standing is Standing.UNKNOWN]
        if not unknown:
            break
        view = View(
            laboratory=laboratory, nodes=by_name, dependencies=dependencies, known=known, records=records,
            drift=Drift(), now=now,
        )  # fmt: skip
        step = next(one for one in plan(view) if any((one.node, target) in unknown for target in one.targets))
        order.append(step.node)
        good = {(step.node, t): Record(State(Standing.GOOD), (now,) * 3) for t in step.targets}
        records, now = records | good, now + 1.0
    assert set(order) == {name for name, _ in dependencies.needs}
    some = {
        "superconducting": ("rabi", "ramsey", "single_shots", "fine_amplitude"),
        "trapped_ion": ("ion_rabi", "ion_ramsey", "ion_readout", "ion_mode", "ion_modes", "ion_fine"),
        "neutral_atom": ("sites", "presence", "flop", "fringes", "rydberg_resonance", "gate_shape", "gate_phase"),
    }[laboratory.platform]
    assert sorted(some, key=order.index) == list(some)


@pytest.mark.parametrize(("name", "also"), [("ion8", "ion_ramsey_slots"), ("atoms16", "trap_frequency")])
def test_frequencies_of_ions_and_atoms_go_as_their_own_steps_say(name, also):
    """What frequencies are expected to do by their name is what those of chips do."""
    there = read_laboratory(find_laboratory(name))
    found = [
        one for node in nodes_of(there, (also,)) for one in node.finds if one.name.endswith(("frequency", "mode_*"))
    ]
    assert len(found) > 2
    assert all(one.walk is not None for one in found)


def test_quantities_that_stand_for_several_names_are_all_that_are_known():
    mode = Quantity(name="mode_*", low=0.0, high=1.0, floor=0.0)
    assert mode.names("trap", ["trap.mode_1", "trap.mode_2", "trap.tone.frequency", "q0.mode_1"]) == (
        "trap.mode_1",
        "trap.mode_2",
    )
