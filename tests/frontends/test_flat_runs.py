"""Rows of gates in programs with control flow are read the quick way, and mean what they mean word by word."""

import pytest

from qctl.core.errors import ProgramError
from qctl.frontends import read_openqasm
from qctl.frontends.limits import ReadLimits
from qctl.frontends.source import Source
from qctl.frontends.tree.words import words_of

HEAD = 'OPENQASM 3; include "stdgates.inc"; qubit[4] q; qubit w; bit[4] c; '
FEW = "x q[0]; rx(0.5) q[1]; cx q[0], q[1]; h w; rz(pi / 4) q[2]; "
GATES = FEW + "U(0.1, -pi, 2.5) q[3]; cz w, q[3]; sx q[2]; y q[1]; "
TEXTS = [
    GATES + "if (true) { " + GATES + "} " + GATES,
    "for int i in [0:2] { " + GATES + "rx(i) q[i]; " + GATES + "} ",
    "for int i in {1, 2} x q[i]; " + GATES,
    "def f(qubit[4] q, qubit w, float pi2) { " + GATES + GATES.replace("0.5", "pi2") + "} f(q, w, 0.75); ",
    "def f(qubit a, qubit b) { " + 5 * "x a; cx a, b; " + "} f(q[2], w); f(w, q[0]); ",
    "float t = 0.3; " + 9 * "rx(t) q[0]; " + "for int k in [0:1] { t += 1; " + 9 * "rx(t) w; " + "} ",
    "const float t = 0.3; { float t = 0.5; " + 9 * "rx(t) q[0]; " + "} " + 9 * "rx(t) q[0]; ",
    "c[0] = measure q[0]; if (c[0]) { " + GATES + "} else { " + 8 * "s w; " + "} ",
    "c[0] = measure q[0]; while (c[0]) { " + GATES + "c[0] = measure w; } ",
    "gate g(t) a, b { " + 4 * "rx(t) a; cx a, b; " + "} " + 4 * "g(0.2) q[0], q[1]; h q; " + "if (true) { } ",
    "let r = q[1:2]; " + 5 * "x r[0]; h r; " + "if (true) { } ",
    "switch (c[0]) { case 0 { " + GATES + "} default { " + GATES + "} } box { " + GATES + "} ",
]  # fmt: skip


def word_by_word(text):
    """Return the same text with comments between all statements, which no row of gates holds."""
    return HEAD + text.replace("; ", "; /**/ ")


@pytest.mark.parametrize("text", TEXTS)
def test_a_row_of_gates_means_what_its_statements_mean(text):
    assert words_of(Source(HEAD + text, "f"), ReadLimits()).runs
    assert not words_of(Source(word_by_word(text), "f"), ReadLimits()).runs
    assert read_openqasm(HEAD + text).digest == read_openqasm(word_by_word(text)).digest


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (8 * "x q[0]; " + "frob q[1]; ", 64, "the gate 'frob' is not defined"),
        (8 * "x q[0]; " + "x q[4]; ", 68, "index 4 of"),
        (8 * "x q[0]; " + "cx w, w; ", 64, "one qubit twice"),
        (8 * "x q[0]; " + "rx(nothing) w; ", 67, "'nothing' is no value here"),
        (8 * "x q[0]; " + "rx(1/2) w; ", 67, "leaves a rest"),
        ("def f(qubit a) { " + 8 * "x q[0]; " + "} f(w); ", 19, "'q' is not defined here"),
    ],
)
def test_what_is_wrong_in_a_row_of_gates_is_refused_at_its_place(text, where, message):
    head = HEAD + "if (true) { } "
    with pytest.raises(ProgramError, match=message) as found:
        read_openqasm(head + text, name="f")
    assert found.value.where == f"f:1:{len(head) + where + 1}"


def test_rows_of_gates_count_among_the_statements_that_a_loop_may_run():
    loop = "for int i in [1:400000] { " + 16 * "x q[0]; " + "} "
    with pytest.raises(ProgramError, match="statements to run in this loop"):
        read_openqasm(HEAD + loop)


def test_a_program_with_few_blocks_may_have_more_gates_than_words_are_allowed():
    limits = ReadLimits(words=2000)
    text = (
        HEAD + "for int i in [0:3] { h q[i]; } " + 900 * "cx q[0], w; " + "if (true) { x w; } " + 900 * "rx(0.25) w; "
    )
    assert len(read_openqasm(text, limits=limits).events) == 4 + 1801
    with pytest.raises(ProgramError, match="words"):
        read_openqasm(text.replace("; ", "; /**/ "), limits=limits)
