"""Durations that depend on the laboratory: durationof, boxes, stretches."""

import pytest

from qctl.core.errors import ProgramError
from qctl.core.program import Op
from qctl.frontends import read_openqasm

ns = 1e-9
HEAD = 'OPENQASM 3; include "stdgates.inc"; '
LENGTHS = {Op.CX: 100 * ns, Op.U: 20 * ns, Op.X: 20 * ns, Op.Y: 40 * ns}


def waits(text):
    """Return (qubit, seconds) of every wait, for gates of known lengths."""
    program = read_openqasm(HEAD + text, durations=lambda op, qubits, angles: LENGTHS[op])
    rows = program.events[program.events["op"] == Op.DELAY]
    return [(int(row["q"][0]), pytest.approx(float(row["angle"][0]))) for row in rows]


def test_the_duration_of_a_block_is_that_of_its_longest_qubit():
    assert waits("duration d = durationof({x $0; y $0; x $1;}); delay[2 * d] $1;") == [(1, 120 * ns)]


def test_a_stretch_lets_all_qubits_end_together():
    text = "stretch g; cx $0, $1; delay[g] $2; U(pi / 4, 0, pi / 2) $2; delay[2 * g] $2; barrier $0, $1, $2;"
    assert waits(text) == [(2, 80 / 3 * ns), (2, 160 / 3 * ns)]


def test_decoupling_pulses_are_spread_as_the_specification_shows():
    text = (
        "stretch a; duration start = a - 0.5 * durationof({x $0;}); duration last = a - 0.5 * durationof({y $0;});"
        " duration middle = start + last - a;"
        " box { delay[start] $0; x $0; delay[middle] $0; y $0; delay[middle] $0; x $0; delay[middle] $0; y $0;"
        " delay[last] $0; cx $2, $3; cx $1, $2; cx $1, $3; }"
    )
    found = [seconds.expected for _, seconds in waits(text)]
    assert sum(found) == pytest.approx(300 * ns - 120 * ns)
    assert found[0] + 10 * ns == pytest.approx(found[-1] + 20 * ns)
    assert found[1] == found[2] == found[3] == pytest.approx(found[0] + 10 * ns - 30 * ns)


def test_a_box_of_a_given_length_is_filled():
    assert waits("stretch a; box[1us] { delay[a] $0; x $0; delay[a] $0; x $1; }") == [
        (0, 490 * ns), (0, 490 * ns), (1, 980 * ns),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("\nbox[10ns] { x $0; }", "f:2:1", "a box of 1e-08 s that holds 2e-08 s"),
        ("qubit q;\nduration d = durationof({x q;});", "f:2:14", "physical qubits"),
        (
            "\nstretch a; cx $0, $1; delay[a] $0; delay[a] $1; delay[a] $2; cx $1, $2;",
            "f:1:1",
            "two qubits",
        ),
        ("\nbit c; stretch a; c = measure $0; if (c) { delay[a] $0; }", "f:1:1", "feedback"),
        ("\nstretch a; box[1us] { delay[a] $0; delay[2 * a] $1; x $1; }", "f:1:1", "end together"),
    ],
)
def test_what_has_no_length_is_refused(text, where, message):
    with pytest.raises(ProgramError, match=message) as found:
        read_openqasm("OPENQASM 3;" + text, name="f", durations=lambda op, qubits, angles: LENGTHS[op])
    assert found.value.where == where


def test_a_loop_within_durationof_is_no_decision():
    text = "duration d = durationof({ for int i in [0:2] { delay[10ns] $0; } }); delay[d] $0;"
    (row,) = read_openqasm(text).events
    assert row["angle"][0] == pytest.approx(30e-9)
