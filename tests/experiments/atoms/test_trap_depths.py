"""Weights that are found from swings make traps alike."""

import math
from dataclasses import replace

import numpy as np
import pytest
from direct import Direct
from true_atoms import true_parameters

from qctl.calibrate.workbench import Workbench
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.parameters import Estimate
from qctl.experiments.atoms.trap_depths import TrapDepths
from qctl.experiments.atoms.trap_frequency import TrapFrequency, depth_of, uneven
from qctl.experiments.nodes import nodes_of
from qctl.physics.atoms.hologram import weighted


def test_one_round_makes_traps_alike_and_doubts_frequencies():
    direct = Direct("atoms16", seed=5)
    qubits = direct.laboratory.qubit_names
    known = true_parameters(direct.laboratory, direct.truth, direct.parameters)
    known = known.replaced({f"{q}.readout.present": 112.0 for q in qubits})
    known = known.replaced({f"{q}.frequency": Estimate(known[f"{q}.frequency"], 0.2, "Hz") for q in qubits})

    def spread(known):
        sites = weighted(direct.truth, {q: known[f"{q}.site.weight"] for q in qubits}).sites
        depths = np.array([sites[q].depth for q in qubits])
        return depths.std() / depths.mean()

    carried = Workbench(direct, known).carry_out(TrapDepths(direct.laboratory, qubits, n_points=13, shots=50))
    outcomes = carried.outcomes
    assert not [one.reason for one in outcomes if one.reason]
    swings = TrapFrequency(direct.laboratory, qubits, n_points=13, shots=50).read(carried.result, known)
    for q, one in zip(qubits, swings, strict=True):
        frequency, heat = (one.found[f"{q}.site.{name}"] for name in ("trap_frequency", "temperature"))
        error = 2 * frequency.error / frequency.value
        assert depth_of(frequency.value) == pytest.approx(direct.truth.sites[q].depth, rel=4.5 * error)
        assert heat.value == pytest.approx(direct.truth.tweezers.temperature, abs=4.5 * heat.error)
        assert error < 0.03
    found = known.replaced({name: one for outcome in outcomes for name, one in outcome.found.items()})
    assert spread(known) > 0.035
    assert spread(found) < 0.6 * spread(known)
    for q in qubits:
        step, wide = math.log(found[f"{q}.site.weight"]), found.estimates[f"{q}.frequency"]
        assert wide.value == known[f"{q}.frequency"]
        assert wide.error == pytest.approx(math.hypot(0.2, 500 * step))


def test_what_errors_explain_is_no_unevenness():
    rng = np.random.default_rng(1)
    errors = np.full(4000, 0.01)
    assert uneven(1 + rng.normal(0, 0.01, 4000), errors) < 2e-3
    assert uneven(1 + rng.normal(0, 0.03, 4000), errors) == pytest.approx(0.0283, rel=0.05)


def test_steps_follow_one_another():
    laboratory = read_laboratory(find_laboratory("atoms16"))
    nodes = {node.name: node for node in nodes_of(laboratory, ("trap_depths", "trap_depths_fine"))}
    assert nodes["trap_depths_fine"].needs == ("trap_depths",)
    assert nodes["trap_depths"].applies(laboratory, "q0")
    lines = {name: line for name, line in laboratory.lines.items() if line.shaped_by is None}
    assert not nodes["trap_depths"].applies(replace(laboratory, lines=lines), "q0")
    assert isinstance(nodes["trap_depths_fine"].make(laboratory, ("q0",), None), TrapDepths)
