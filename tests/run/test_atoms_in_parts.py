"""A few atoms, steered by the host within shots: one is carried away, seen and used again, while others remember."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qctl.compile.host import steered
from qctl.config import read, read_laboratory
from qctl.config.find import find_laboratory, twin_of
from qctl.conformance.statistics import distance, sampling_noise
from qctl.conformance.steered import predict_steered
from qctl.core.errors import CompileError
from qctl.frontends import read_program
from qctl.judge.text import twin_text
from qctl.physics.atoms.twin import AtomTwin
from qctl.run import Lab
from qctl.run.known import known_parameters

PROGRAMS = Path(__file__).parent / "programs"
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; '


def opened(folder, **changes):
    """Open atoms16 with a truth that differs in what is named."""
    truth = replace(read(twin_of(find_laboratory("atoms16")), AtomTwin), **changes)
    (folder / "twin.yaml").write_text(twin_text(truth, "a test's"), encoding="utf-8")
    return Lab.open("atoms16", twin=folder / "twin.yaml", seed=3, state=folder)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Open an array whose atoms forget within 15 ms, less than a slot, if nothing is done about it."""
    qubits = read(twin_of(find_laboratory("atoms16")), AtomTwin).qubits
    with opened(tmp_path_factory.mktemp("state"), qubits=replace(qubits, noise=15.0)) as lab:
        yield lab


def test_a_bit_decides_what_the_other_atom_gets_and_a_measured_atom_can_be_used_again(lab):
    result = lab.run(HEAD + "x q[0]; c[0] = measure q[0]; if (c[0]) { x q[1]; x q[0]; } c[1] = measure q[1];", shots=6)
    kept = sum(result.counts.values())
    assert result.counts["11"] >= kept - 1
    assert kept + sum(result.dropped.values()) == 6
    assert kept >= 4
    timing = result.timing
    assert (timing.deadlines, timing.misses, timing.flags["parts"]) == (6, 0, 12)


def test_an_atom_keeps_its_phase_while_another_is_measured(lab):
    """Its frequency is no multiple of one over the slot, and another one in each shot: frames and echoes undo both."""
    text = HEAD + "x q[0]; h q[1]; c[0] = measure q[0]; if (c[0]) { TURN h q[1]; } c[1] = measure q[1];"
    for turn, key in (("", "10"), ("z q[1];", "11")):
        counts = lab.run(text.replace("TURN", turn), shots=10).counts
        assert counts[key] >= sum(counts.values()) - 1
        assert counts[key] >= 7


def test_a_reset_empties_an_atom_whatever_it_was(lab):
    result = lab.run(HEAD + "h q[0]; x q[1]; reset q[0]; c = measure q;", shots=10)
    assert result.counts["01"] >= 7
    assert {way.split()[0] for way in result.ways} == {"0", "1"}


@pytest.mark.parametrize(("name", "deepest"), [("repeat_until_success", 3), ("teleport", 2), ("phase_estimation", 3)])
def test_programs_that_decide_within_the_shot_end_as_predicted(lab, name, deepest):
    program = read_program((PROGRAMS / f"{name}.qasm").read_text(encoding="utf-8"))
    result = lab.run(program, shots=12)
    expected = predict_steered(program, lab.parameters, lab.laboratory)
    n = sum(result.counts.values())
    assert n >= 8
    assert distance({key: k / n for key, k in result.counts.items()}, expected) <= 0.03 + sampling_noise(expected, n)
    assert max(len(way.split()) for way in result.ways) >= deepest


# --- compiled, not played ---


@pytest.fixture(scope="module")
def atoms():
    laboratory = read_laboratory(find_laboratory("atoms16"))
    return laboratory, known_parameters(laboratory, None)


def ready(atoms, text, **changed):
    laboratory, known = atoms
    from qctl.control import limits_of

    return steered(read_program(text), known.replaced(changed), laboratory, limits_of(laboratory))


FEED = HEAD + "x q[0]; c[0] = measure q[0]; if (c[0]) { x q[1]; } c[1] = measure q[1];"


def test_atoms_that_forget_sooner_than_the_host_decides_are_refused_with_both_times(atoms):
    short = {f"{name}.t2_ramsey": 0.03 - 1e-3 * k for k, name in enumerate(atoms[0].qubits)}
    with pytest.raises(CompileError, match=r"a slot of 20 ms; allowed: two slots within T2, which is 30 ms .*\(q0\)"):
        ready(atoms, FEED, **short)


def test_a_part_that_leaves_the_host_too_little_time_is_refused_with_both_times(atoms):
    with pytest.raises(CompileError, match="of a slot; allowed: 16 ms: the host needs 4 ms of each slot of 20 ms"):
        ready(atoms, FEED.replace("x q[0]; c", "x q[0]; delay[9ms] q[0]; c"))


def test_all_parts_and_all_moves_are_one_upload_and_only_measured_atoms_leave_the_array(atoms):
    found = ready(atoms, FEED)
    sequence = found.sequence
    assert sequence.gathering is not None
    assert sequence.gathering.first_move == found.tree.n_parts
    assert sequence.gathering.first_move + len(sequence.gathering.moves) == sequence.n_points
    assert sequence.shot_seconds > 0.1 + 4 * sequence.period  # loading, two moves at most, two parts
    travels = sequence.tracks["tweezers_x"].plays["point"]
    assert np.bincount(travels)[: found.tree.n_parts].tolist() == [2] * found.tree.n_parts  # one there, one back
    lit = sequence.tracks["zone_light"].plays["point"]
    assert lit.tolist() == list(range(found.tree.n_parts))


def test_only_atoms_that_wait_are_turned_twice_and_only_where_their_t2_demands_it(atoms):
    memory = {f"{name}.t2_ramsey": 1.0 for name in atoms[0].qubits}
    plain, twice = ready(atoms, FEED, **memory), ready(atoms, FEED)
    n = twice.tree.n_parts
    turns = [np.bincount(one.sequence.tracks["raman_local"].plays["point"], minlength=n) for one in (plain, twice)]
    assert (turns[1] - turns[0]).tolist() == [2] * n
