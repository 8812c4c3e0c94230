"""Lights that no image shows: some shots whose answer is known beforehand tell which of them fails."""

from dataclasses import replace

import pytest
from direct import Direct

from qctl.config import read
from qctl.config.find import find_laboratory, twin_of
from qctl.core.result import Result
from qctl.frontends import as_program
from qctl.physics.atoms.twin import AtomTwin, Failure
from qctl.physics.atoms.world import AtomWorld
from qctl.readout.image import UNPUMPED
from qctl.run.known import known_parameters
from qctl.run.trying import PUMPED, UNGATED, UNTURNED, failing, without

FLIP = "OPENQASM 3; qubit[1] q; bit[1] c; x q[0]; c = measure q;"
BELL = "OPENQASM 3; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"
NOTHING = "OPENQASM 3; qubit[1] q; bit[1] c; c = measure q;"


@pytest.fixture(scope="module")
def array():
    """Return atoms16 as it was calibrated."""
    lab = Direct("atoms16", seed=5, truth=read(twin_of(find_laboratory("atoms16")), AtomTwin))
    lab.parameters = known_parameters(lab.laboratory)
    return lab


def said(array, text, *failures, seed=5, known=None):
    """Return what is said to fail behind a program, while some lights do."""
    array.world = AtomWorld(array.laboratory, replace(array.truth, failures=failures), seed)
    known = known or array.parameters
    sequence = array.compile(as_program(text), parameters=known)
    return failing(array.laboratory, known, sequence, lambda program, told: array.run_each([(program, told)]))


@pytest.mark.parametrize(
    ("text", "failure", "reason"),
    [
        (FLIP, Failure(line="raman_local"), UNTURNED),
        (FLIP, Failure(line="pointer_x"), UNTURNED),
        (FLIP, Failure(line="pumping", on=True), PUMPED),
        (FLIP, Failure(line="pumping"), UNPUMPED),
        (BELL, Failure(line="rydberg_blue"), UNGATED),
        (BELL, Failure(line="rydberg_red"), UNGATED),
        (BELL, Failure(line="dark"), UNGATED),
        (BELL, Failure(line="tweezers_x"), UNGATED),
    ],
)
def test_each_light_that_a_program_needs_is_named_when_it_fails(array, text, failure, reason):
    assert said(array, text, failure) == reason


@pytest.mark.parametrize("seed", range(2))
def test_light_that_works_is_never_called_off(array, seed):
    assert said(array, BELL, seed=seed) is None


def test_only_what_a_program_needs_is_tried(array):
    assert said(array, FLIP, Failure(line="rydberg_blue")) is None
    assert said(array, NOTHING, Failure(line="raman_local")) is None


def test_an_array_that_was_never_calibrated_is_not_tried(array):
    guess = replace(array.parameters.estimates["q3.x180.amplitude"], error=float("inf"))
    known = array.parameters.replaced({"q3.x180.amplitude": guess})
    assert said(array, FLIP, Failure(line="raman_local"), known=known) is None


def test_of_a_segment_without_its_light_no_shot_counts(array):
    result = array.run(FLIP, 10)
    assert isinstance(result, Result)
    spoilt = without(result, UNTURNED)
    assert spoilt.counts == {}
    assert sum(spoilt.dropped.values()) == 10
    assert spoilt.dropped[UNTURNED] == result.kept.sum()
    assert without(spoilt, UNTURNED) is spoilt  # what images tell shot by shot is told already
