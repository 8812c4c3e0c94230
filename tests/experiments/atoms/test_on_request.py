"""Steps that are asked for by name find what is true of a simulated array."""

from dataclasses import replace

import numpy as np
import pytest
from direct import Direct
from true_atoms import true_parameters

from qctl.calibrate.workbench import Workbench
from qctl.config import read
from qctl.config.find import find_laboratory, twin_of
from qctl.experiments.atoms.bleeding import BleedThrough
from qctl.experiments.atoms.blockade import Interaction, both_excited
from qctl.experiments.atoms.echo import AtomEcho
from qctl.experiments.atoms.light import Crosstalk, LightShift, through_zero
from qctl.experiments.atoms.moves import Loading, Rearranging
from qctl.experiments.atoms.presence import Presence
from qctl.experiments.nodes import nodes_of
from qctl.physics.atoms.rubidium import TWO_PI, blockade_radius
from qctl.physics.atoms.twin import AtomTwin

ARRAY = ("array",)


def known_of(direct):
    known = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    return known.replaced({f"{q}.readout.{n}": 112.0 for q in direct.laboratory.qubits for n in ("present", "counts")})


@pytest.fixture(scope="module")
def direct():
    return Direct("atoms16", seed=5)


@pytest.fixture(scope="module")
def shifted():
    truth = read(twin_of(find_laboratory("atoms16")), AtomTwin)
    qubits = replace(truth.qubits, local_shift=8e-3, local_floor=4e-3)
    return Direct("atoms16", seed=5, truth=replace(truth, qubits=qubits))


def ask(direct, known, experiment):
    outcomes = Workbench(direct, known).ask(experiment)
    assert not [one.reason for one in outcomes if one.reason]
    return {name: estimate for one in outcomes for name, estimate in one.found.items()}


def test_a_light_shift_is_found_and_then_followed(shifted):
    known = known_of(shifted)
    found = ask(shifted, known, LightShift(shifted.laboratory, ("q3",), shots=300))["q3.x180.shift"]
    full = shifted.laboratory.instruments["lasers"].full_scale
    true = 8e-3 * shifted.truth.qubits.local_rabi * known["q3.x180.amplitude"] * full
    assert found.value == pytest.approx(true, rel=0.3)
    again = ask(shifted, known.replaced({"q3.x180.shift": found}), LightShift(shifted.laboratory, ("q3",), shots=300))
    assert again["q3.x180.shift"].value == pytest.approx(true, rel=0.3)


def test_light_on_neighbours_is_seen_by_those_who_wait(shifted):
    found = ask(shifted, known_of(shifted), Crosstalk(shifted.laboratory, ("q5", "q6"), shots=150))
    assert 0.004 < found["q5.crosstalk"].value < 0.04  # eight others, those nearby with 0.3 % of their own turn each


def test_what_wanders_from_shot_to_shot_is_refocused(direct):
    truth = replace(direct.truth, qubits=replace(direct.truth.qubits, noise=100.0))
    wandering = Direct("atoms16", seed=5, truth=truth)
    found = ask(wandering, known_of(wandering), AtomEcho(wandering.laboratory, ("q1", "q9"), longest=8e-3, shots=80))
    for q in ("q1", "q9"):  # of a Ramsey fringe exp(-13) would be left
        assert found[f"{q}.echo"].value == pytest.approx(1, abs=4 * found[f"{q}.echo"].error)
        assert found[f"{q}.echo"].error < 0.15


def test_blurred_neighbours_are_seen_at_empty_sites(direct):
    truth, known = replace(direct.truth, camera=replace(direct.truth.camera, blur=2.4)), known_of(direct)
    blurred = Direct("atoms16", seed=5, truth=truth)
    qubits = blurred.laboratory.qubit_names
    presence = ask(blurred, known, Presence(blurred.laboratory, qubits, shots=150))
    found = ask(blurred, known.replaced(presence), BleedThrough(blurred.laboratory, qubits, shots=400))
    width = 1.1**2 + 2.4**2  # of a spot and of the weights it is seen with
    beside, across = (np.exp(-(d**2) / (2 * width)) for d in (6.0, 6.0 * 2**0.5))
    for q, wanted in (("q0", 2 * beside + across), ("q5", 4 * beside + 4 * across)):
        one = found[f"{q}.readout.bleed"]
        assert one.value == pytest.approx(wanted, abs=4 * one.error + 0.02)
        assert one.error < 0.05


def test_loading_and_the_fastest_pace_are_found(direct):
    known = known_of(direct)
    tau = ask(direct, known, Loading(direct.laboratory, ARRAY, shots=50))["array.loading.tau"]
    assert tau.value == pytest.approx(direct.truth.tweezers.loading_time, rel=0.25)
    slow = Direct("atoms16", seed=5, truth=replace(direct.truth, tweezers=replace(direct.truth.tweezers, fastest=0.9)))
    pace = ask(slow, known, Rearranging(direct.laboratory, ARRAY, shots=60))["array.pace"]
    assert 4e-6 < pace.value < 9e-6  # half are lost at 2.5 us a pixel; a thousandth, where it is 2.4 times slower


def test_the_blockade_radius_is_found_from_pairs_that_lie_apart(direct):
    known = known_of(direct)
    found = ask(direct, known, Interaction(direct.laboratory, ARRAY, n_points=8, shots=70))["array.rydberg.radius"]
    true = blockade_radius(TWO_PI * known["array.rydberg.rabi"]) * direct.truth.camera.scale
    assert found.value == pytest.approx(true, rel=0.05)


def test_pairs_far_apart_are_two_atoms_and_near_ones_are_one():
    t = np.linspace(0, 1e-6, 50)
    alone = np.sin(np.pi * 2e6 * t) ** 2
    np.testing.assert_allclose(both_excited(t, 2e6, 0.0, 0.0), alone**2, atol=1e-12)
    assert both_excited(t, 2e6, 1e9, 0.0).max() < 1e-4


def test_a_line_through_zero_knows_its_error():
    rng = np.random.default_rng(2)
    x = np.arange(1.0, 9.0)
    slopes = [through_zero(x, 0.03 * x + rng.normal(0, 0.1, 8), np.full(8, 0.1)) for _ in range(200)]
    pulls = [(value - 0.03) / error for value, error in slopes]
    assert 0.7 < np.std(pulls) < 1.1


def test_steps_on_request_fit_behind_those_of_a_bring_up(direct):
    names = (
        "loading",
        "rearranging",
        "light_shift",
        "crosstalk",
        "interaction",
        "gate_errors",
        "recapture",
        "trap_frequency",
        "atom_echo",
        "bleed_through",
    )
    found = [node.name for node in nodes_of(direct.laboratory, names)]
    assert set(names) < set(found)
