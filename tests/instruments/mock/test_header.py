import json

import pytest

from qctl.instruments.mock.header import Tree, below, match


@pytest.mark.parametrize(
    ("pattern", "header", "numbers"),
    [
        ("SOURce#:FREQuency", "sour1:freq", (1,)),
        ("SOURce#:FREQuency", ":SOURCE:FREQUENCY", (-1,)),
        ("SOURce#:FREQuency", "sourc1:freq", None),
        ("[:SOURce#]:VOLTage[:LEVel][:IMMediate][:AMPLitude]?", "SOURce3:VOLTage?", (3,)),
        ("[:SOURce#]:VOLTage[:LEVel][:IMMediate][:AMPLitude]?", "volt:imm?", (-1,)),
        ("[:SOURce#]:VOLTage[:LEVel][:IMMediate][:AMPLitude]?", "SOURce3:VOLTage", None),
        ("*IDN?", "*idn?", ()),
        ("*IDN?", ":*idn?", None),
    ],
)
def test_a_header_matches_short_or_long_and_nothing_between(pattern, header, numbers):
    assert match(pattern, header) == numbers


def test_headers_match_as_libscpi_decides(shared):
    vectors = json.loads((shared / "vectors/scpi_patterns.json").read_text(encoding="utf-8"))
    for pattern, header, matches in vectors["match_pattern"]:
        assert (match(pattern, header) is not None) == matches, (pattern, header)
    for pattern, header, matches, numbers in vectors["match_command"]:
        found = match(pattern, header)
        assert (found is not None) == matches, (pattern, header)
        if numbers is not None:
            assert found == tuple(map(int, numbers)), (pattern, header)


@pytest.mark.parametrize(
    ("previous", "header", "rooted"),
    [
        ("", "freq?", ":FREQ?"),
        (":TEST:TREEA?", "TREEB?", ":TEST:TREEB?"),
        (":TEST:TREEA?", ":TEXT?", ":TEXT?"),
        (":TEST:TREEA?", "*IDN?", "*IDN?"),
        (":A:B:C", "D:E", ":A:B:D:E"),
    ],
)
def test_a_header_behind_a_semicolon_continues_in_the_same_branch(previous, header, rooted):
    assert below(previous, header) == rooted


def test_the_first_entry_that_matches_is_taken_whatever_was_asked_before():
    tree = Tree([("STEP#:GOTO", "goto"), ("STEP#:WAIT", "wait")])
    for number in (7, 8, 9):
        assert tree.find(f":STEP{number}:WAIT") == ("wait", (number,))
        assert tree.find(f":STEP{number}:GOTO") == ("goto", (number,))
    assert tree.find(":STEP:GOTO") == ("goto", (-1,))
    assert tree.find(":STEP1:GO") is None
