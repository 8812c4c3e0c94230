"""How much gates on a simulated array err, how long its atoms stay coherent, and who is lost."""

import numpy as np
import pytest
from direct import Direct
from true_atoms import true_parameters

from qctl.calibrate.workbench import Workbench
from qctl.experiments.atoms.coherence import WAITS, FringesLong, fringe
from qctl.experiments.atoms.errors import AtomRb1, GateErrors
from qctl.run.known import known_parameters


@pytest.fixture(scope="module")
def direct():
    return Direct("atoms16", seed=8)


@pytest.fixture(scope="module")
def truth(direct):
    known = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    return known.replaced(
        {f"{q}.readout.{name}": 112.0 for q in direct.laboratory.qubits for name in ("present", "counts")}
    )


def ask(direct, known, experiment):
    outcomes = Workbench(direct, known).ask(experiment)
    assert not [one.reason for one in outcomes if one.reason]
    return {name: estimate for one in outcomes for name, estimate in one.found.items()}


@pytest.mark.parametrize(("offset", "spread"), [(0.4, 25.0), (-17.0, 40.0), (3.0, 0.0)])
def test_fringes_tell_how_far_a_frequency_is_off_and_how_much_it_wanders(offset, spread):
    rng, turned = np.random.default_rng(1), np.exp(-((spread * WAITS) ** 2) / 2 + 2j * np.pi * offset * WAITS)
    both = 0.9 * np.stack([turned.real, turned.imag]) + rng.normal(0, 0.02, (2, len(WAITS)))
    found = fringe(both, np.full(both.shape, 0.02))
    assert abs(found.value("offset") - offset) < 4 * found.error("offset") < 1.0
    assert abs(abs(found.value("spread")) - spread) < 4 * found.error("spread") + 8


def test_the_frequency_of_an_atom_and_its_noise_are_found_in_an_array(direct, truth):
    target, noise = "q5", direct.truth.qubits.noise
    known = truth.replaced({f"{target}.frequency": truth[f"{target}.frequency"] + 3.0})
    found = ask(direct, known, FringesLong(direct.laboratory, (target,), shots=150))
    frequency, t2 = found[f"{target}.frequency"], found[f"{target}.t2_ramsey"]
    assert abs(frequency.value - truth[f"{target}.frequency"]) < 4 * frequency.error < 3.0
    assert abs(t2.value - 2**0.5 / (2 * np.pi * noise)) < 4 * t2.error


def test_turns_hardly_err(direct, truth):
    found = ask(direct, truth, AtomRb1(direct.laboratory, ("q2", "q9"), longest=16, n_lengths=3, sequences=2, shots=60))
    assert max(one.value for one in found.values()) < 5e-3


def test_all_pairs_learn_how_much_a_gate_errs_and_loses(direct, truth):
    experiment = GateErrors(direct.laboratory, ("q0-q1", "q3-q9"), numbers=(2, 4), sequences=1, still=2, shots=60)
    found = ask(direct, known_parameters(direct.laboratory), experiment)
    assert found["q0-q1.cz.error"] == found["q3-q9.cz.error"]
    assert set(found) == {f"{pair}.cz.{what}" for pair in ("q0-q1", "q3-q9") for what in ("error", "loss", "flips")}
    assert 0 < found["q0-q1.cz.error"].value < 0.1
    assert 0 <= found["q0-q1.cz.loss"].value < 0.1
    assert 0 <= found["q0-q1.cz.flips"].value < 4 * found["q0-q1.cz.flips"].error
