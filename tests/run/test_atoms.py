"""A program on an array of atoms: loaded, sorted, run, and lights that fail are named."""

import logging
from dataclasses import replace

import pytest

from qctl.config import read, read_laboratory
from qctl.config.find import find_laboratory, twin_of
from qctl.core.errors import InstrumentError
from qctl.judge.text import twin_text
from qctl.physics.atoms.twin import AtomTwin, Failure
from qctl.readout.image import FLOODED, UNPROBED, UNPUMPED
from qctl.run import Lab
from qctl.run.trying import UNTURNED

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


def test_a_bell_pair_of_sorted_atoms_and_shutters_that_stick_meanwhile(opened, caplog):
    open_lab, _ = opened
    failures = (  # a shot takes 0.15 s
        Failure(line="probe", since=2.0, until=3.0),
        Failure(line="cooling", since=4.0, until=5.0, on=True),
        Failure(line="pumping", since=6.0),
    )
    with open_lab(failures=failures) as lab, caplog.at_level(logging.WARNING):
        result = lab.run(BELL, 52)
    kept, counts = result.kept[0], result.counts
    # Where the host is late (a busy machine) atoms are loaded again: fewer shots lie between two failures.
    few = 1 if result.timing.misses else 5
    assert counts["00"] + counts["11"] >= 0.85 * sum(counts.values()) - (5 - few)
    assert sum(counts.values()) + sum(result.dropped.values()) == 52
    assert kept[:10].sum() >= 8  # sorting filled both sites, few atoms are lost
    for reason, n in ((UNPROBED, few), (FLOODED, few), (UNPUMPED, 10)):
        assert result.dropped[reason] >= n
        assert f"{result.dropped[reason]} of 52 shots: {reason}" in caplog.text
    assert not kept[-10:].any()
    assert result.timing.deadlines >= 52
    assert result.timing.seconds["trial"] >= 16 * lab.laboratory.period
    assert result.timing.misses <= result.timing.deadlines


def test_an_array_that_loads_too_thinly_is_refused_in_plain_words(opened):
    open_lab, truth = opened
    with (
        open_lab(tweezers=replace(truth.tweezers, loading=0.03)) as lab,
        pytest.raises(InstrumentError, match=r"too few atoms for 8 sites.*look at loading light"),
    ):
        lab.run("OPENQASM 3; qubit[8] q; bit[8] c; c = measure q;", 5)


def test_loading_light_that_fails_in_the_middle_of_a_run_ends_it(opened):
    open_lab, _ = opened
    with (
        open_lab(failures=(Failure(line="mot", since=2.0),)) as lab,
        pytest.raises(InstrumentError, match="loading light"),
    ):
        lab.run(BELL, 40)


def test_raman_light_that_fails_in_the_middle_of_a_run_ends_it_and_none_of_its_shots_count(opened, caplog):
    open_lab, _ = opened
    with (
        open_lab(failures=(Failure(line="raman_local", since=2.0),)) as lab,
        pytest.raises(InstrumentError, match=f"20 of the last 20 shots do not count: {UNTURNED}"),
    ):
        lab.run("OPENQASM 3; qubit[1] q; bit[1] c; x q[0]; c = measure q;", 20)
    assert f"of 20 shots: {UNTURNED}" in caplog.text


def test_two_laboratories_of_atoms_are_right():
    assert len(read_laboratory(find_laboratory("atoms16")).qubits) == 16
    large = read_laboratory(find_laboratory("atoms100"))
    assert len(large.qubits) == 100
    assert len(read(twin_of(find_laboratory("atoms100")), AtomTwin).sites) == 105
