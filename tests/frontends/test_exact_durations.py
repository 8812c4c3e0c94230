"""Durations are exact: their arithmetic is that of the decimal numbers in the text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qctl.core.errors import ProgramError
from qctl.core.program import Op
from qctl.frontends import read_openqasm
from qctl.frontends.export import to_openqasm

HEAD = 'OPENQASM 3; include "stdgates.inc"; qubit q; bit c; '
MEASURED = "int n = 2; c = measure q; n += c; "  # 2, which is known only when the program runs


def holds(condition, before=""):
    """Say whether a condition that is known lets its gate be played."""
    program = read_openqasm(f"{HEAD}{before}if ({condition}) x q;")
    return bool((program.events["op"] == Op.X).any())


TRUE = [
    "3 * 10ns == 30ns",
    "10ns + 20ns == 30ns",
    "0.1 * 10ns == 1ns",
    "1us / 3 * 3 == 1us",
    "1us == 1000ns",
    "1.000_000_000_000_000_000_001ns > 1ns",
    "0.3s - 0.1s == 200ms",
    "1us / 10ns == 100.0",
    "-(10ns) + 30ns == 20ns",
]


@pytest.mark.parametrize("condition", TRUE)
def test_what_is_equal_on_paper_is_equal(condition):
    assert holds(condition)
    assert not holds(f"!({condition})")


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10**6), st.sampled_from(["ns", "us", "ms"]), st.integers(1, 999))
def test_a_multiple_divided_by_its_unit_is_the_factor(n, unit, step):
    assert holds(f"int(({n} * {step}{unit}) / {step}{unit}) == {n}")


@pytest.mark.parametrize("condition", ["n * 10ns + 10ns == 30ns", "n * 0.1us == 0.2us", "(n * 10ns) / 10ns == 2.0"])
def test_durations_that_are_measured_are_as_exact_and_so_is_their_export(distribution_of, condition):
    text = f"{HEAD}{MEASURED}bit out; duration d = 3ns; d = n * 1ns; if ({condition} && d == 2ns) x q; out = measure q;"
    program = read_openqasm(text)
    for each in (program, read_openqasm(to_openqasm(program))):
        assert {key[1] for key, chance in distribution_of(each).items() if chance > 1e-9} == {"1"}


def test_a_wait_that_is_measured_is_written_and_read_again_as_it_is():
    text = f"{HEAD}{MEASURED}delay[n * 10ns] q;"
    first = to_openqasm(read_openqasm(text))
    assert to_openqasm(read_openqasm(first)) == first


@pytest.mark.parametrize("number", ["1e400ns", "1e-999999999ns", "1e999999999s"])
def test_a_duration_beyond_all_measure_is_refused_and_not_computed(number):
    with pytest.raises(ProgramError, match=r"in a duration|finite durations"):
        read_openqasm(f"{HEAD}delay[{number}] q;")


def test_a_stretch_over_nothing_is_refused():
    with pytest.raises(ProgramError, match="divided by zero"):
        read_openqasm(f"{HEAD}stretch s; delay[s / 0] q;")


def test_a_duration_does_not_grow_without_bounds():
    with pytest.raises(ProgramError, match="more than 4096 bits"):
        read_openqasm(f"{HEAD}duration d = 1ns; for int i in [0:9999] {{ d = d / 3; }}")
