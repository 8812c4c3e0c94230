"""Quantities are exact: text to number and back, seconds to ticks."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qctl.core.errors import ConfigError, LimitError
from qctl.core.units import AnyUnit, Unit, format_quantity, parse_quantity, to_ticks

SCALES = {
    "Hz": 0,
    "kHz": 3,
    "MHz": 6,
    "GHz": 9,
    "s": 0,
    "ms": -3,
    "us": -6,
    "µs": -6,
    "ns": -9,
    "ps": -12,
    "V": 0,
    "mV": -3,
    "uV": -6,
    "A": 0,
    "mA": -3,
    "uA": -6,
    "mA/s": -3,
    "dBm": 0,
    "dB": 0,
    "K": 0,
    "mK": -3,
    "um": -6,
    "nm": -9,
    "mrad": -3,
}
UNITS = ("Hz", "s", "V", "A", "K", "W", "V/s", "A/s", "dBm/s", "rad", "dBm", "dB", "m")


def unit_of(spelling: str) -> str:
    return next(unit for unit in UNITS if spelling in Unit(unit).spellings)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**9), max_value=10**9),
    st.sampled_from(sorted(SCALES)),
)
def test_a_quantity_is_the_float_nearest_to_what_is_written(number, spelling):
    exact = Fraction(number) * Fraction(10) ** SCALES[spelling]
    assert parse_quantity(f"{number:f} {spelling}", unit_of(spelling)) == float(exact)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(UNITS))
def test_a_formatted_quantity_is_read_back_to_the_bit(value, unit):
    assume(abs(value) < 1e300)
    text = format_quantity(value, unit)
    assert len(text) > 45 or parse_quantity(text, unit) == value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (5.1e9, "Hz", "5.1 GHz"),
        (2e-4, "s", "200 us"),
        (0.0, "V", "0 V"),
        (-3.02e8, "Hz", "-302 MHz"),
        (16.0, "dBm", "16 dBm"),
        (1.42e-3, "A", "1.42 mA"),
        (2.4e-8, "s", "24 ns"),
        (1e-15, "s", "0.001 ps"),
        (5e-324, "s", "5E-312 ps"),
    ],
)
def test_a_quantity_is_written_with_the_prefix_that_fits(value, unit, text):
    assert format_quantity(value, unit) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5",
        "GHz",
        "5GHz",
        "5  GHz",
        " 5 GHz",
        "5 GHz ",
        "5\tGHz",
        "5 ghz",
        "5 Ghz",
        "5,1 GHz",
        "0x5 GHz",
        "5_0 GHz",
        "٥ GHz",
        "nan Hz",
        "inf Hz",
        "-inf Hz",
        "1e GHz",
        "1e1000 Hz",
        "1e999 Hz",
        "1e300 GHz",
        "1e-999 Hz",
        "5 V",
        "5 GHz 3",
        "+ Hz",
        ". Hz",
        "1" * 41 + " Hz",
        "1" * 6000 + " Hz",
        "5 Hz\n",
        "5\xa0Hz",
        "1/2 Hz",
        "--5 Hz",
    ],
)
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ConfigError):
        parse_quantity(text, "Hz")


@pytest.mark.parametrize(
    ("text", "value"), [("5 GHz", 5e9), ("-.5 GHz", -5e8), ("+5. kHz", 5e3), ("1e-3 MHz", 1e3), ("0 Hz", 0.0)]
)
def test_every_plain_way_to_write_a_number_is_taken(text, value):
    assert parse_quantity(text, "Hz") == value


def test_degrees_are_radians():
    assert parse_quantity("180 deg", "rad") == pytest.approx(math.pi, rel=1e-15)


def test_several_units_are_spelt_in_order():
    assert AnyUnit(("V", "dBm")).spellings == (*Unit("V").spellings, "dBm")


@given(st.integers(0, 10**9), st.sampled_from([Fraction(1, 10**9), Fraction(1, 2 * 10**9), Fraction(5, 12 * 10**9)]))
def test_whole_ticks_survive_the_way_through_seconds(n_ticks, tick):
    assert to_ticks(float(n_ticks * tick), tick) == n_ticks


@pytest.mark.parametrize("seconds", [1.3e-9, 0.5001e-9, -0.3e-9, math.nan, math.inf])
def test_times_off_the_grid_are_refused_and_never_rounded(seconds):
    with pytest.raises(LimitError, match="no multiple of 5e-10 s"):
        to_ticks(seconds, Fraction(1, 2 * 10**9))


def test_a_time_off_the_grid_is_answered_with_one_on_it():
    with pytest.raises(LimitError, match=r"q0\.drive: .*use 1e-09 s or 1\.5e-09 s"):
        to_ticks(1.3e-9, Fraction(1, 2 * 10**9), where="q0.drive")
    with pytest.raises(LimitError, match=r"; use 5e-10 s$"):
        to_ticks(0.3e-9, Fraction(1, 2 * 10**9))


def test_decimal_text_is_not_bent_by_binary_prefixes():
    assert parse_quantity("4.95 GHz", "Hz") == 4.95e9 == float(Decimal("4.95") * 10**9)
