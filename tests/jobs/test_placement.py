"""Placements are embeddings, the best comes first, and a routed program is still the same program."""

from itertools import permutations

import numpy as np
import pytest

from qctl import Lab
from qctl.core.program import EVENT, Op, Program, event
from qctl.frontends import read_program
from qctl.jobs.candidates import relocatable
from qctl.jobs.placement import coupling_graph, placed, placements, prepare, success

CHAIN = "OPENQASM 3; include 'stdgates.inc'; qubit[3] q; bit[3] c; h q[0]; cx q[0],q[1]; cx q[1],q[2]; c = measure q;"


@pytest.fixture(scope="module")
def lab():
    return Lab.open("ideal20")


def uneven(lab, seed=1):
    """Return parameters with errors that differ from place to place."""
    rng, changed = np.random.default_rng(seed), {}
    for name in lab.laboratory.qubits:
        changed |= {f"{name}.error": rng.uniform(1e-4, 2e-3), f"{name}.readout.p01": rng.uniform(0.001, 0.05)}
    changed |= {f"{name}.cz.error": rng.uniform(1e-3, 5e-2) for name in lab.laboratory.couplings}
    return lab.parameters.replaced(changed)


def test_the_first_placement_is_the_best_of_all(lab):
    known, graph = uneven(lab), coupling_graph(lab.parameters, lab.laboratory)
    prepared = prepare(read_program(CHAIN.replace("'", '"')), known, lab.laboratory)
    found = placements(prepared, known, lab.laboratory)
    every = [
        success(where, prepared, known, lab.laboratory)
        for where in permutations(range(20), 3)
        if graph.has_edge(where[0], where[1]) and graph.has_edge(where[1], where[2])
    ]
    assert found[0].expected_success == pytest.approx(max(every))
    values = [place.expected_success for place in found]
    assert values == sorted(values, reverse=True)
    assert len(found) == len({frozenset(place.qubits) for place in found}) <= 64
    assert all(graph.has_edge(a, b) and graph.has_edge(b, c) for a, b, c in (place.qubits for place in found))


def test_placements_are_spread_over_the_chip(lab):
    prepared = prepare(read_program(CHAIN.replace("'", '"')), lab.parameters, lab.laboratory)
    found = placements(prepared, lab.parameters, lab.laboratory, most=16)
    assert len({qubit for place in found for qubit in place.qubits}) >= 16


def test_a_broken_coupling_is_not_used(lab):
    known = lab.parameters.replaced({"q0-q1.cz.error": 1.0})
    prepared = prepare(read_program(CHAIN.replace("'", '"')), known, lab.laboratory)
    assert not any(
        {0, 1} in ({a, b}, {b, c}) for a, b, c in (p.qubits for p in placements(prepared, known, lab.laboratory))
    )


def matrix_of(prepared):
    """Return populations after a program on few qubits, by simulation of its gates with Qiskit."""
    from qiskit.quantum_info import Statevector

    from qctl.compile.circuits import circuit_of

    events = prepared.program.events
    gates = events[(events["op"] != Op.MEASURE) & (events["op"] != Op.BARRIER)]
    state = Statevector.from_instruction(circuit_of(gates, np.arange(prepared.program.n_qubits), 0))
    read = events[events["op"] == Op.MEASURE]
    order = [int(read["q"][read["bit"] == bit, 0][0]) for bit in range(len(read))]
    return state.probabilities(order)


def test_a_program_that_does_not_embed_is_routed_once_and_gives_the_same_answers(lab):
    rows = [event(Op.H, (q,)) for q in range(4)]
    rows += [event(Op.CP, (a, b), (0.3 + a + b,)) for a in range(4) for b in range(a)]
    rows += [event(Op.RX, (q,), (0.7 + q,)) for q in range(4)] + [event(Op.MEASURE, (q,), (), q) for q in range(4)]
    program = Program(np.array(rows, EVENT), 4, 4)
    prepared = prepare(program, lab.parameters, lab.laboratory)
    found = placements(prepared, lab.parameters, lab.laboratory)
    assert found
    graph = coupling_graph(lab.parameters, lab.laboratory)
    for place in found[:5]:
        events = placed(prepared, place, lab.laboratory).events
        assert all(graph.has_edge(int(a), int(b)) for a, b in events["q"][events["op"] == Op.CZ])
    from qctl.jobs.placement import counted

    np.testing.assert_allclose(matrix_of(prepared), matrix_of(counted(program)), atol=1e-9)


def test_programs_without_gates_between_qubits_stay_in_one_neighbourhood(lab):
    rows = [event(Op.X, (q,)) for q in (1, 5, 7)] + [event(Op.MEASURE, (q,), (), k) for k, q in enumerate((1, 5, 7))]
    prepared = prepare(Program(np.array(rows, EVENT), 9, 3), lab.parameters, lab.laboratory)
    graph = coupling_graph(lab.parameters, lab.laboratory)
    found = placements(prepared, lab.parameters, lab.laboratory)
    assert found
    for place in found:
        assert sum(graph.has_edge(a, b) for a in place.qubits for b in place.qubits if a < b) >= 2


def test_a_program_on_physical_qubits_has_one_candidate(lab):
    rows = [event(Op.X, (7,)), event(Op.CZ, (7, 12)), event(Op.MEASURE, (12,), (), 0)]
    program = Program(np.array(rows, EVENT), 20, 1, physical=True)
    found = relocatable(program, lab.parameters, lab.laboratory, lab.limits)
    assert [c.placement for c in found.candidates] == [(7, 12)]
    played = found.sequence(found.candidates[0], lab.parameters, lab.laboratory, lab.limits)
    assert {line for line, track in played.tracks.items() if len(track.plays)} >= {"q7.drive", "q7-q12.flux"}
