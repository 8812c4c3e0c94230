"""Commands are made of typed tokens; what could end a command or a string never gets in."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctl.core.errors import InstrumentError
from qctl.transport import Word, command


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (command("*CLS"), "*CLS"),
        (command("SOUR:FREQ", 5.123e9), "SOUR:FREQ 5123000000"),
        (command("SOUR:POW", -12.5), "SOUR:POW -12.5"),
        (command("OUTP", True), "OUTP 1"),
        (command("OUTP", np.False_), "OUTP 0"),
        (command("CLOCk:SOURce", Word("EFIXed")), "CLOCk:SOURce EFIXed"),
        (command("WLISt:WAVeform:NEW", "w1", np.int64(2400), Word("REAL")), 'WLISt:WAVeform:NEW "w1",2400,REAL'),
        (command(":TIMebase:POSition", 2.5e-7), ":TIMebase:POSition 2.5e-07"),
    ],
)
def test_tokens_become_text(made, text):
    assert made == text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_only_finite_numbers_are_sent(value):
    with pytest.raises(InstrumentError, match="no number to send"):
        command("SOUR:FREQ", value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_the_same_float(value):
    _, text = command("X", value).split(" ")
    assert float(text) == value


@pytest.mark.parametrize("text", ["x;*RST", "x\n*RST", "x\r", 'x"', "x'", "\x00", "\x1b[2J", "naïve", "\x7f", "x\ty"])
def test_text_that_could_end_the_string_or_command_is_refused(text):
    for make in (lambda: command("A:B", text), lambda: Word(text), lambda: command(text), lambda: command(f"A:{text}")):
        with pytest.raises(InstrumentError):
            make()


@given(st.text(max_size=20))
def test_no_text_ever_adds_a_command(text):
    try:
        made = command("A", text)
    except InstrumentError:
        return
    assert made.startswith('A "')
    assert made.endswith('"')
    assert not set(made[3:-1]) & set("\";'\n\r")


def test_every_float32_waveform_value_has_a_number():
    value = struct.unpack("<f", b"\x01\x00\x80\x00")[0]
    assert float(command("X", value).split(" ")[1]) == value
