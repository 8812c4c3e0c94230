"""No text exhausts the machine: what is too large is refused by a number, before the work is done."""

import re

import pytest
from hostile import FLOODS, TEXTS, attacks, canary, refused
from hypothesis import given
from hypothesis import strategies as st

from qctl.core.errors import ProgramError
from qctl.frontends import ReadLimits, read_openqasm

MOST_CALLS, MOST_BYTES = 400_000, 64e6


SOME = (
    *("parameters", "registers", "stretches and comments", "loops over a variable"),
    *("gates on wide registers", "a large power", "an open comment", "a long annotation", "a wait of 10^300 s"),
    *("a loop in a gate", "blocks in a gate", "branches in a gate that are not run", "else if"),
    *("pragmas", "one long rare statement", "measurements of wide registers", "signs for arguments"),
    *("an open comment of stars", "an open comment of stars and letters"),
)


@pytest.fixture(scope="module", autouse=True)
def _imported():
    """Load what programs with control flow need, which no text pays for."""
    read_openqasm("qubit q; bit c; c = measure q; if (c) { x q; } nop;")


@pytest.mark.parametrize("name", [*sorted(TEXTS), *SOME])  # all: bench/study_hostile.py
def test_a_hostile_text_is_refused_with_its_place_with_little_work_and_memory(name):
    """Work is counted, not timed: so many calls take some 50 ms."""
    text, message = (TEXTS | FLOODS)[name]
    cost = refused(lambda: read_openqasm(text, name="hostile.qasm"))
    assert isinstance(cost.reason, ProgramError)
    assert cost.reason.where.startswith("hostile.qasm:")
    assert re.search(message, cost.said)
    assert cost.calls < MOST_CALLS
    assert cost.peak < MOST_BYTES


def test_hostile_pulses_and_files_are_refused_with_little_work_and_memory(tmp_path):
    rows = {}
    for attack in attacks(tmp_path):
        cost = refused(attack.act)
        assert cost.said, attack.name
        assert len(cost.said) < 2000, attack.name
        assert cost.calls < MOST_CALLS, attack.name
        assert cost.peak < MOST_BYTES, attack.name
        rows[attack.row] = rows.get(attack.row, 0) + 1
    assert not canary(tmp_path).exists(), "nothing was unpickled"
    assert rows.keys() == {"I5", "I8", "I9", "I10"}


def test_branches_within_each_other_are_read_as_deep_as_brackets_may_be():
    program = read_openqasm("qubit q; bit c; h q; c = measure q;" + "if (c) { x q;" * 63 + "}" * 63)
    assert len(program.events) == 65


@given(st.text("*/a \n", max_size=40), st.integers(0, 2000), st.sampled_from(["", "bit b; if (b) x q;"]))
def test_a_comment_of_any_length_ends_at_the_first_star_and_slash(inside, n_stars, flow):
    """Short ones are skipped as space is, long ones otherwise; with a flow, words are split at once."""
    inside = re.sub(r"\*+/", "", inside)
    text = f"qubit q;{flow}/*{inside}{'*a' * n_stars}{'*' * (n_stars % 7)}*/ /* */ /**/ /***/ x q; // */"
    assert len(read_openqasm(text).events) == 1
    with pytest.raises(ProgramError, match="without its end"):
        read_openqasm(f"qubit q;{flow} x q; /*{inside}{'*a' * n_stars}")


def test_what_people_write_is_far_within_the_limits():
    notes = "".join(f"@layer {k}\nx q;\n" for k in range(2_000))
    angles = ",".join(f"a{k}" for k in range(200))
    numbers = ",".join(map(str, range(200)))
    text = f"#pragma a b\ngate g({angles}) q {{ rx(a199) q; }} qubit q; bit b; {notes} b = measure q; g({numbers}) q;"
    program = read_openqasm(text)
    assert len(program.events) == 2_002
    assert len(program.notes) == 2_001


def test_the_text_itself_is_limited():
    with pytest.raises(ProgramError, match="101 characters of text; allowed: at most 100"):
        read_openqasm(" " * 101, limits=ReadLimits(characters=100))


def test_flat_gates_count_as_events_too():
    text = "qubit q;" + "x q;" * 50
    assert len(read_openqasm(text, limits=ReadLimits(events=50)).events) == 50
    with pytest.raises(ProgramError, match="events after expanding"):
        read_openqasm(text + "x q;", limits=ReadLimits(events=50))


def test_a_minus_zero_becomes_zero():
    program = read_openqasm("qubit q; rx(-0.0) q; rz(-0) q; U(-0.0, 0*-1.0, 1) q;")
    assert [str(angle) for angle in program.events["angle"][:, 0]] == ["0.0", "0.0", "0.0"]
