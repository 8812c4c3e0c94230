"""A program on an array of atoms: loaded, sorted, run, and lights that fail are named."""

from dataclasses import replace

import pytest

from qctl.config import read, read_laboratory
from qctl.config.find import find_laboratory, twin_of
from qctl.core.errors import InstrumentError
from qctl.judge.text import twin_text
from qctl.physics.atoms.twin import AtomTwin, Failure
from qctl.run import Lab

BELL = "OPENQASM 3; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens atoms16 with a truth that differs in what is named."""
    path = find_laboratory("atoms16")
    truth = read(twin_of(path), AtomTwin)

    def open_lab(**changes):
        file = tmp_path / "twin.yaml"
        file.write_text(twin_text(replace(truth, **changes), "a test's"), encoding="utf-8")
        return Lab.open("atoms16", twin=file, seed=4, state=tmp_path)

    return open_lab, truth


def test_a_bell_pair_of_sorted_atoms(opened):
    open_lab, _ = opened
    with open_lab() as lab:
        result = lab.run(BELL, 25)
    counts = result.counts
    assert counts.get("00", 0) + counts.get("11", 0) >= 0.85 * sum(counts.values())
    assert sum(counts.values()) + sum(result.dropped.values()) == 25
    assert sum(counts.values()) >= 20  # sorting filled both sites
    assert result.timing.deadlines >= 25
    assert result.timing.misses <= result.timing.deadlines


def test_an_array_that_loads_too_thinly_is_refused_in_plain_words(opened):
    open_lab, truth = opened
    with (
        open_lab(tweezers=replace(truth.tweezers, loading=0.03)) as lab,
        pytest.raises(InstrumentError, match=r"too few atoms for 8 sites.*look at loading light"),
    ):
        lab.run("OPENQASM 3; qubit[8] q; bit[8] c; c = measure q;", 5)


def test_a_probe_light_that_is_stuck_is_named_and_no_shot_counts(opened):
    open_lab, _ = opened
    with open_lab(failures=(Failure(line="probe"),)) as lab, pytest.raises(InstrumentError, match="probe light is off"):
        lab.run(BELL, 20)


def test_two_laboratories_of_atoms_are_right():
    assert len(read_laboratory(find_laboratory("atoms16")).qubits) == 16
    large = read_laboratory(find_laboratory("atoms100"))
    assert len(large.qubits) == 100
    assert len(read(twin_of(find_laboratory("atoms100")), AtomTwin).sites) == 105
