"""Claims follow from wiring and waveforms, and those of a place where nothing was compiled yet cover them."""

import numpy as np
import pytest

from qctl import Lab
from qctl.core.program import EVENT, Op, Program, event
from qctl.jobs.candidates import relocatable
from qctl.jobs.claims import capacities, claims_of, neighbours


@pytest.fixture(scope="module")
def lab():
    return Lab.open("ideal20")


@pytest.fixture(scope="module")
def bell(lab):
    rows = [event(Op.H, (0,)), event(Op.CX, (0, 1)), *(event(Op.MEASURE, (q,), (), q) for q in (0, 1))]
    return relocatable(Program(np.array(rows, EVENT), 2, 2), lab.parameters, lab.laboratory, lab.limits)


def test_a_program_holds_its_qubits_their_coupler_and_the_outputs_that_it_plays(lab):
    rows = [event(Op.X, (0,)), event(Op.CZ, (0, 1)), event(Op.MEASURE, (1,), (), 0)]
    program = Program(np.array(rows, EVENT), 20, 1, physical=True)
    claims = relocatable(program, lab.parameters, lab.laboratory, lab.limits).candidates[0].claims
    lines = lab.laboratory.lines
    high = "q0.flux"
    outputs = {str(p) for line in ("q0.drive", high, "q0-q1.flux") for p in lines[line].outputs}
    assert claims.exclusive == {"qubit q0", "qubit q1", "coupler q0-q1", *(f"channel {port}" for port in outputs)}
    assert claims.quiet == {"qubit q2", "qubit q5", "qubit q6"}
    assert claims.equal == {
        "carrier drive_high": 5.1e9, "carrier drive_low": 4.48e9, "carrier readout0": 7.19e9,
    }  # fmt: skip
    assert claims.budgets == {"peak feedline0": pytest.approx(0.12), "power feedline0": pytest.approx(0.0144)}
    assert claims.tones["feedline0"] == pytest.approx((lab.parameters["q1.readout.frequency"] - 7.19e9,))


def test_claims_elsewhere_cover_what_the_compiled_program_takes_there(lab, bell):
    for candidate in bell.candidates:
        sequence = bell.sequence(candidate, lab.parameters, lab.laboratory, lab.limits)
        exact = claims_of(sequence, candidate.placement, lab.parameters, lab.laboratory, lab.limits)
        claims = candidate.claims
        assert exact.exclusive <= claims.exclusive
        assert exact.quiet == claims.quiet
        assert exact.equal == claims.equal
        assert exact.tones.keys() == claims.tones.keys()
        for line, tones in exact.tones.items():
            assert tones == pytest.approx(claims.tones[line])
        assert all(amount <= claims.budgets[name] * (1 + 1e-9) for name, amount in exact.budgets.items())
        for name, (first, last) in exact.spans.items():
            assert claims.spans[name][0] <= first + 1e-12
            assert last <= claims.spans[name][1] + 1e-12


def test_every_budget_and_span_has_a_capacity(lab, bell):
    budgets, spans = capacities(lab.laboratory, lab.limits)
    for candidate in bell.candidates:
        assert candidate.claims.budgets.keys() <= budgets.keys()
        assert candidate.claims.spans.keys() <= spans.keys()


def test_neighbours_are_what_couplers_join(lab):
    near = neighbours(lab.laboratory)
    assert near[0] == {1, 5}
    assert near[7] == {2, 6, 8, 12}


def test_a_line_that_serves_several_qubits_is_a_beam_that_plays_one_thing(lab):
    from dataclasses import replace

    qubits = {name: replace(q, drive="q0.drive") if name == "q2" else q for name, q in lab.laboratory.qubits.items()}
    shared = replace(lab.laboratory, qubits=qubits, digest="")

    def claims(qubit):
        rows = [event(Op.X, (qubit,)), event(Op.MEASURE, (qubit,), (), 0)]
        program = Program(np.array(rows, EVENT), 20, 1, physical=True)
        return relocatable(program, lab.parameters, shared, lab.limits).candidates[0].claims

    first, again, other = claims(0), claims(0), claims(2)
    assert first.equal["beam q0.drive"] == again.equal["beam q0.drive"] != other.equal["beam q0.drive"]
    assert not any("awg1.1" in name for name in first.exclusive)
