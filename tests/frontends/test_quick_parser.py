"""The quick parser reads what the reference parser reads, to the same tree, and nothing else but the function pow."""

import re
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpulse import parse as reference
from openqasm3 import ast

from qctl.core.errors import ProgramError
from qctl.frontends import read_openqasm
from qctl.frontends.limits import ReadLimits
from qctl.frontends.source import Source
from qctl.frontends.tree.reader import Unsure
from qctl.frontends.tree.statements import quick_tree
from qctl.frontends.tree.words import words_of

HERE = Path(__file__).parent
TEXTS = sorted(
    {
        text
        for path in HERE.glob("test_*.py")
        for text in re.findall(r'"([^"\\\n{}]*;[^"\\\n{}]*)"', path.read_text("utf-8"))
        if "OPENQASM 2" not in text
    }
)
POWER = re.compile(r"\bpow\([^()]*\)(?! *@)")  # a function of the specification that the reference parser does not read
FLOWS = (
    "def f(int[32] a, qubit q, bit[2] b) -> bit { while (a < 3) { if (b[0]) break; else continue; } "
    "return measure q; }",
    "for uint i in {1, 2, 3} x q[i]; for int[8] k in [0:2:6] { y q[k]; } for int j in w { z q; }",
    "switch (n) { case 1, 2 { x q; } case 0x1F { } default { y q; } } { int[4] a = 0b01 << 2; }",
    "box [100ns] { delay[2.5us] q[0], $1; } barrier; barrier q[0:2], r; reset q[{0, 3}]; gphase(pi / 4);",
    "ctrl(2) @ negctrl @ inv @ pow(-1/2) @ rx(2 ** -a ** b * c) q[0], q[1:], r[:2]; ctrl @ gphase(a) q;",
    "bit[4] c = \"01_10\"; c[1:2] = measure q; measure q -> c[0]; measure q; c = ~c & !b || -a - -1 == 2 % 3;",
    "const float[64] pi2 = 2. * .5e-3; angle[20] t = angle[20](pi); let s = q[0:1] ++ r ++ q[2]; duration d = 3dt;",
    "array[int[8], 2, 2] m = {{1, 2}, {3, 4}}; m[0, 1] += sizeof(m, 1); input uint[3] n; output bit b; stretch g;",
    "duration d = durationof({x $0; cx $0, $1;}); qreg a[2]; creg k[2]; qubit[3] q; qubit p; extern f(int) -> int;",
    "defcalgrammar \"openpulse\"; cal { port d; @line q0.flux\n port e; frame f = newframe(d, 5.1e9, 0.0); } "
    "defcal rz(float t) $0 { shift_phase(f, -t); } defcal cz(pi / 2) $0, q -> bit { waveform w = {1, 2}; "
    "for int i in [0:2] { play(f, w); } delay[3ns] f; barrier f; return true; }",
    "@a.b c d \n@e\nx q; #pragma one two \npragma three\nif (a) { @f\ny q; }",
    "gate g(a, b) p, q { U(a, b, 0) p; ctrl @ x p, q; } include \"stdgates.inc\"; f(1, x[2]); complex[float] z = 2im;",
)  # fmt: skip


def without_bodies(node):
    """Return the tree; bodies of gates are left out: the reader of gate streams reads them."""
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, ast.QuantumGateDefinition):
            one.body = []
        if isinstance(one, (list, tuple)):
            todo += one
        elif isinstance(one, ast.QASMNode):
            todo += vars(one).values()
    return node


def both(text):
    """Return the tree of each parser; None where one does not read the text."""
    source = Source(name="t", text=text)
    words = words_of(source, ReadLimits())
    try:
        quick = quick_tree(words)
    except Unsure:
        quick = None
    try:
        with redirect_stderr(StringIO()):  # it prints what it does not like
            return quick, reference(text)
    except Exception:  # noqa: BLE001 - whatever it is, the text is none
        return quick, None


@pytest.mark.parametrize("text", [*TEXTS, *FLOWS])
def test_what_both_read_is_one_tree(text):
    try:
        quick, wanted = both(text)
    except Exception:  # noqa: BLE001 - refused before any parser sees it
        return
    if quick is not None and not POWER.search(text):
        assert wanted is not None
        assert without_bodies(quick) == without_bodies(wanted)


def test_most_of_the_language_is_read_quickly():
    assert [both(text)[0] is not None for text in FLOWS] == [True] * 8 + [False] + [True] * 2 + [
        False
    ]  # extern, complex numbers


SIGNS = ("+", "-", "*", "/", "%", "**", "<<", "&", "|", "^", "==", "<", ">=", "&&", "||")
EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b[1]", "2", "0.5", "true", "f(a, 1)", "int(a)", "c[0:2][1]", '"01"', "3ns"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(SIGNS), inner).map(" ".join),
        st.tuples(st.sampled_from("-~!"), inner).map("".join),
        inner.map("({})".format),
    ),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(EXPRESSIONS)
def test_operators_bind_as_they_do_in_the_reference(expression):
    quick, wanted = both(f"x = {expression};")
    assert quick == wanted is not None


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(FLOWS), st.data())
def test_a_text_with_a_word_too_few_is_never_read_alone(text, data):
    words = re.findall(r"\w+|[^\w\s]", text)
    gone = data.draw(st.integers(0, len(words) - 1))
    try:
        quick, wanted = both(" ".join(words[:gone] + words[gone + 1 :]))
    except Exception:  # noqa: BLE001 - refused before any parser sees it
        return
    if quick is not None and not POWER.search(text):
        assert wanted is not None
        assert without_bodies(quick) == without_bodies(wanted)


def test_a_node_says_where_it_begins():
    text = "int n = 0;\nif (n == 1) { n = n + 2; }"
    tree, _ = both(text)
    branch = tree.statements[1]
    assert text[branch.span :].startswith("if")
    assert text[branch.if_block[0].span :].startswith("n = n")
    assert text[branch.if_block[0].rvalue.rhs.span :].startswith("2")


def test_an_operator_that_the_reference_parser_forgets_is_refused():
    with pytest.raises(
        ProgramError, match=r"t:1:19: '\^=' before a measurement; .*measure into a bit of its own first"
    ):
        read_openqasm("qubit q; bit c; c ^= measure q;", name="t")
