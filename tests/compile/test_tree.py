"""All parts of a program: ways that go on alike share them, and programs for which there is no room are refused."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from qctl.compile.tree import forest_of
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.course import Course, Measuring
from qctl.core.errors import CompileError, ReadoutError
from qctl.core.program import said
from qctl.core.tree import BEYOND, END, column
from qctl.frontends import read_openqasm
from qctl.readout import read_parts
from qctl.run.known import known_parameters

HEAD = 'OPENQASM 3; include "stdgates.inc"; '
MEASURING = Measuring(at_once=2, grounded=True)
EIGHT = HEAD + "qubit[8] q; bit[8] c; bit d; ry(1.2) q; c = measure q; x q[0]; d = measure q[0];"
ALL_AGAIN = HEAD + "qubit[8] q; bit[8] c; ry(1.2) q; c = measure q; x q; c = measure q;"
UNTIL = HEAD + "qubit q; bit c; ry(2.6) q; c = measure q; while (c) { ry(2.6) q; c = measure q; }"


@pytest.fixture(scope="module")
def ions():
    laboratory = read_laboratory(find_laboratory("ion8"))
    return known_parameters(laboratory), laboratory


def forest(text, ions, **room):
    known, laboratory = ions
    turned = np.linspace(0.1, 0.8, len(laboratory.qubits))
    return forest_of(read_openqasm(text), known, laboratory, MEASURING, turned, **room)


def played(found, answers):
    """Return what a shot with these answers plays, part by part, and whether it is over then."""
    part, rows, left = 0, [], list(answers)
    while part >= 0:
        first, last = [*found.program.starts, len(found.program.events)][part : part + 2]
        rows.append(said(found.program.events[first:last]))
        n = int(np.count_nonzero(found.tree.asked[part] >= 0))
        told, left = left[:n], left[n:]
        part = int(found.tree.follows[part, column(told)])
    return rows, part


def test_ways_that_go_on_alike_share_parts_and_play_what_they_would_alone(ions, monkeypatch):
    text = HEAD + "qubit[4] q; bit[4] c; bit d; ry(1.2) q; c = measure q; x q[0]; d = measure q[0];"
    shared = forest(text, ions)
    monkeypatch.setattr(Course, "ahead", lambda self: None)
    alone = forest(text, ions)
    assert shared.tree.n_parts < alone.tree.n_parts
    for answers in product((0, 1), repeat=5):
        assert played(shared, answers) == played(alone, answers)
        assert played(shared, answers)[1] == END


def test_answers_that_nothing_depends_on_take_no_room(ions):
    assert forest(EIGHT, ions).tree.n_parts < 40


def test_a_program_without_loops_for_which_there_is_no_room_is_refused(ions):
    with pytest.raises(CompileError, match=r"more than 96 parts.*measure fewer qubits"):
        forest(ALL_AGAIN, ions)


def test_a_loop_is_cut_off_and_too_many_shots_that_go_on_are_no_result(ions):
    tree = forest(UNTIL, ions).tree
    assert tree.depth == 16
    assert BEYOND in tree.follows[-1]
    beyond = np.arange(200) < 3
    shots = SimpleNamespace(late=np.zeros(200, bool), beyond=beyond)
    with pytest.raises(ReadoutError, match="3 of 200 shots went on beyond the 16 parts"):
        read_parts(shots, read_openqasm(UNTIL), MEASURING, tree, *ions)
