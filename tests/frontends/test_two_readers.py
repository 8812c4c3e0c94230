"""Constants mean the same to the reader of gate streams and to the one of syntax trees: one value, or both refuse."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qctl.core.errors import ProgramError
from qctl.frontends.limits import ReadLimits
from qctl.frontends.openqasm import _Reader
from qctl.frontends.source import Source, UnsupportedError

WIDTHS = st.sampled_from([1, 2, 4, 8, 32, 63, 64])
SIGNS = ["+", "-", "*", "/", "%", "**", "<<", ">>", "<", ">", "<=", ">=", "==", "!=", "&", "|", "^", "&&", "||"]
FUNCTIONS = [
    "sin",
    "exp",
    "sqrt",
    "ln",
    "arccos",
    "ceiling",
    "floor",
    "popcount",
    "int",
    "uint",
    "float",
    "bool",
    "angle",
]
NAMES = st.sampled_from(["a", "b", "c", "pi"])


@st.composite
def types(draw):
    kind = draw(st.sampled_from(["int", "uint", "angle", "float", "int", "uint", "float", "bool", "duration"]))
    return f"{kind}[{draw(WIDTHS)}]" if kind in ("int", "uint", "angle") and draw(st.booleans()) else kind


LEAVES = st.one_of(
    st.integers(0, 20).map(str),
    st.integers(0, 20).map(str),
    st.sampled_from(["0.5", "1.0", "2.75", "3.25"]),
    st.sampled_from(["0x7fffffffffffffff", "9223372036854775808", "18446744073709551615", "18446744073709551616"]),
    st.sampled_from(["0.5", "1.0", "2.75", "1e3", "1e300", "true", "false", "10ns", "1.5us"]),
    NAMES,
    NAMES,
)


def longer(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from(SIGNS), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from("-~!"), inner).map("".join),
        st.tuples(st.sampled_from(FUNCTIONS), inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(types(), inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(st.sampled_from(["mod", "pow"]), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
    )


EXPRESSIONS = st.recursive(LEAVES, longer, max_leaves=5)


@st.composite
def texts(draw):
    """Constants that may use those before, and a gate that uses them."""
    lines = ["qubit q;"]
    for name in "abc":
        value = draw(st.recursive(st.one_of(LEAVES, st.integers(-300, 300).map(str)), longer, max_leaves=2))
        unknown = [other for other in "abc" if other >= name]
        lines.append(f"const {draw(types())} {name} = {re.sub(f'[{unknown[0]}-c](?![a-z(])', '3', value)};")
    return "\n".join([*lines, f"rx({draw(EXPRESSIONS)}) q;"])


def read(text, way):
    """Return the angles by one of the readers, or who refuses what."""
    reader = _Reader(Source(text, "f"), ReadLimits(), None)
    try:
        return getattr(reader, way)({}).events["angle"][:, 0].tolist()
    except UnsupportedError:
        return "elsewhere"
    except ProgramError:
        return "refused"


@settings(max_examples=40, deadline=None)
@given(texts())
@example("qubit q; const uint[2] m = 3; rx(m + 1) q;")
@example("qubit q; const uint m = 18446744073709551615; rx(m + 1) q;")
def test_both_readers_give_one_value_or_refuse(text):
    stream, tree = read(text, "_stream"), read(text, "_tree")
    if stream != "elsewhere":
        assert stream == ("refused" if tree == "elsewhere" else tree)


@pytest.mark.parametrize(
    ("angle", "expected"),
    [
        ("m + 1", 4), ("m + m", 2), ("m - 4", -1), ("w + 1", 0), ("k + 3", -2), ("-m", 1), ("~m", 0), ("2 * m - k", 11),
        ("(m + 1) * 2", 8), ("uint[2](m + 1)", 0), ("m * 1.5", 4.5), ("m + w", 2), ("m << 1", 2), ("s + 3", 4),
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["_stream", "_tree"])
def test_literals_are_int_and_unsigned_numbers_alone_go_round_at_their_width(angle, expected, way):
    """Ranks of C99, as the specification has it: a literal int is greater than an unsigned number of fewer bits."""
    constants = (
        "const uint[2] m = 3; const uint w = 18446744073709551615; const int k = -5; const uint[2] s = m - 2 - 4;"
    )
    assert read(f"qubit q; {constants} rx({angle}) q;", way) == [expected]


def test_what_an_unsigned_number_and_a_literal_make_goes_round_where_it_is_stored():
    for statement in ("m = m + 1", "m += 1", "m = 5 - m - 2 + 4"):
        assert read(f"qubit q; uint[2] m = 3; {statement}; rx(m) q;", "_tree") == [0]
    assert read("qubit q; int n = 5; uint[2] m = n; rx(m) q;", "_tree") == "refused"


@pytest.mark.parametrize("way", ["_stream", "_tree"])
def test_an_exponent_that_would_be_cut_off_is_refused_as_an_angle_is(way):
    assert read("qubit q; pow(1/2) @ x q;", way) == "refused"
    assert read("qubit q; pow(4/2) @ rx(1) q;", way) == [2]


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ('for bit b in "110" { rx(uint[1](b) + 2) q; }', [2, 3, 3]),
        ("uint[3] n = 6; for bit b in bit[3](n) { rx(uint[1](b) + 2) q; }", [2, 3, 3]),
        ('rx(uint[4](rotl("0011", 3))) q;', [9]),
        ("rx(pow(2, 3)) q;", [8]),
        ('const bit[2] b = "10"; gate g a { rx(uint[2](b)) a; } g q;', [2]),
    ],
)
def test_bits_are_counted_through_and_turned_wherever_they_come_from(flow, expected):
    assert read(f"qubit q; {flow}", "_tree") == expected


def test_a_bit_that_begins_with_a_measurement_takes_it_itself_beside_control_flow_too():
    text = "qubit[2] q; if (true) { x q[0]; } bit b = measure q[0]; bit[2] c = measure q;"
    program = _Reader(Source(text, "f"), ReadLimits(), None).point({})
    assert (program.n_bits, program.flow) == (3, ())
    assert program.events["bit"].tolist() == [-1, 0, 1, 2]
