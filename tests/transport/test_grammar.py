"""What each reader takes, and that it takes nothing else."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctl.core.errors import TransportError
from qctl.transport import grammar
from qctl.transport.block import header_of, payload_start


@pytest.mark.parametrize(
    ("read", "reply", "value"),
    [
        (grammar.nr1, "+42", 42),
        (grammar.nr3, "-1.25E-09", -1.25e-9),
        (grammar.nr3, ".5", 0.5),
        (grammar.nr3, "5", 5.0),
        (grammar.boolean, "1", True),
        (grammar.quoted, '"a ""b"" c"', 'a "b" c'),
        (grammar.plain, "INT", "INT"),
        (grammar.identity, "A,B,1,2.0", "A,B,1,2.0"),
        (grammar.error_entry, '-113,"Undefined header"', (-113, "Undefined header")),
        (grammar.error_entry, "0,No error", (0, "No error")),
        (grammar.error_entry, "+0", (0, "")),
        (grammar.within(0, 1), "0.5", 0.5),
        (grammar.listed(grammar.nr1, 3), "1,2,3", [1, 2, 3]),
        (grammar.several(grammar.quoted, 2), '"a";"b;c"', ["a", "b;c"]),
        (grammar.matching("[AB]"), "A", "A"),
    ],
)
def test_a_reader_returns_the_value(read, reply, value):
    assert read(reply) == value


@pytest.mark.parametrize(
    ("read", "reply"),
    [
        (grammar.nr1, "4.0"),
        (grammar.nr1, "1_000"),
        (grammar.nr1, " 4"),
        (grammar.nr1, "४"),
        (grammar.nr3, "1e400"),
        (grammar.nr3, "nan"),
        (grammar.nr3, "9.9E37"),
        (grammar.nr3, "1 "),
        (grammar.nr3, "1;2"),
        (grammar.boolean, "2"),
        (grammar.boolean, "ON"),
        (grammar.quoted, '"a'),
        (grammar.quoted, '"a"b"'),
        (grammar.quoted, '"a";"b"'),
        (grammar.plain, "a;b"),
        (grammar.plain, 'a"b'),
        (grammar.identity, "A,B,1"),
        (grammar.identity, "A,B,1,2,3"),
        (grammar.identity, "A,B,1,2;*RST"),
        (grammar.error_entry, "No error"),
        (grammar.within(0, 1), "1.5"),
        (grammar.listed(grammar.nr1, 3), "1,2"),
        (grammar.several(grammar.quoted, 2), '"a"'),
        (grammar.several(grammar.quoted, 2), '"a";"b";"c"'),
        (grammar.several(grammar.nr1, 2), "1;2;"),
        (grammar.matching("[AB]"), "AB"),
    ],
)
def test_a_reader_refuses_the_rest(read, reply):
    with pytest.raises(ValueError, match=r"expected|stands for|could not"):
        read(reply)


@given(st.binary(max_size=20))
def test_arbitrary_bytes_are_either_an_error_entry_or_refused(data):
    try:
        entry = grammar.error_entry(data.decode("ascii", "backslashreplace"))
    except ValueError:
        return
    assert data.startswith(str(entry.code)[:1].encode()) or data[:1] in b"+-0"


def test_a_hundred_thousand_random_headers_pass_only_when_they_are_the_declared_one():
    rng = random.Random(1)
    alphabet = b"#0123456789 _+-A("
    for _ in range(100_000):
        head = b"#" * rng.randrange(2) + bytes(rng.choices(alphabet, k=rng.randrange(8)))
        try:
            start = payload_start(head, 40)
        except TransportError:
            continue
        if start is None:
            assert len(head) < 2 or len(head) < 2 + int(head[1:2])
        else:
            assert head[1:2].isdigit()
            assert int(head[2:start]) == 40


@given(st.integers(0, 999_999_999))
def test_a_header_that_was_made_is_understood(n_bytes):
    head = header_of(n_bytes)
    assert payload_start(head, n_bytes) == len(head)


def test_a_block_beyond_nine_digits_is_refused():
    with pytest.raises(TransportError, match="in parts"):
        header_of(10**9)
