"""What failures together look like, in words that send a person to the right place."""

import math

from fake_world import TRANSMON5, node

from qctl.calibrate.hints import hints
from qctl.calibrate.progress import Record
from qctl.calibrate.report import Standing, State
from qctl.core.parameters import Estimate, Parameters

NODES = {"resonators": node("resonators", "a"), "spectroscopy": node("spectroscopy", "f")}
NOTHING = Parameters({})


def records(**lost):
    """Return records in which everything is good but what is lost: ``q0="no line seen"`` in spectroscopy."""
    found = {}
    for name in NODES:
        for qubit in TRANSMON5.qubits:
            found[name, qubit] = Record(State(Standing.GOOD), (1.0,))
            if name == "spectroscopy" and qubit in lost:
                found[name, qubit] = Record(State(Standing.QUARANTINED, lost[qubit]))
    return found


def said(known=NOTHING, explained=None, **lost):
    return hints(records(**lost), TRANSMON5, NODES, known, explained or {})


def test_nothing_is_said_where_nothing_failed():
    assert said() == ()


def test_one_silent_drive_is_a_dead_output_or_a_cable():
    (hint,) = said(q1="no line seen: nothing but noise")
    assert hint.startswith("q1: its resonator is heard")
    assert "dead output (awg1.3 and awg1.4)" in hint
    assert "q1.drive" in hint


def test_what_all_qubits_of_one_source_have_in_common_comes_first():
    hint = said(q1="no line seen", q3="no line seen")[0]
    assert hint == "spectroscopy fails for all qubits that hang on drive_low: look there first"


def test_two_silent_drives_may_be_exchanged_unless_that_is_explained():
    assert any("may be exchanged" in hint for hint in said(q0="no line seen", q1="no line seen"))
    explained = dict.fromkeys(("q0", "q1"), "the cables of q0.drive and q1.drive are exchanged")
    assert said(q0="no line seen", q1="no line seen", explained=explained) == tuple(set(explained.values()))


def test_a_short_life_is_a_defect():
    known = Parameters({"q2.t1": Estimate(2.1e-6, 1e-7, "s"), "q3.t1": Estimate(2.1e-6, math.inf, "s")})
    (hint,) = said(known)
    assert hint.startswith("q2: T1 is 2.1 us where 35 us were expected")
    assert "two-level defect" in hint
