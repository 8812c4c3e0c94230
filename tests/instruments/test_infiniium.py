"""The conversation with a Keysight Infiniium."""

import numpy as np
import pytest

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, SafeAction, SafeEntry
from qctl.core.protocols import Digitizer
from qctl.instruments.infiniium import Infiniium, scale_of

HELLO = """
    *IDN? -> KEYSIGHT TECHNOLOGIES,DSO9404A,MY00000000,06.40.01101
    :SYSTem:HEADer OFF
    :WAVeform:FORMat WORD
    :WAVeform:BYTeorder LSBFirst
    :WAVeform:STREaming 1
    """
OK = '\n:SYSTem:ERRor? STRing -> 0,"No error"\n'
CONFIGURE = (
    ":TIMebase:REFClock 1" + OK + ":ACQuire:SRATe 2000000000" + OK
    + "".join(f":CHANnel{k}:INPut DC50\n:CHANnel{k}:OFFSet 0\n:CHANnel{k}:RANGe 0.5\n" for k in range(1, 5))
    + """
    :TRIGger:MODE EDGE
    :TRIGger:EDGE:SOURce AUX
    :TRIGger:EDGE:SLOPe POSitive
    :TRIGger:LEVel AUX,0.5
    :TRIGger:SWEep TRIGgered
    :ACQuire:MODE SEGMented
    :ACQuire:AVERage 0
    :ACQuire:INTerpolate OFF
    :TIMebase:REFerence LEFT
    :WAVeform:SEGMented:ALL 1
    """ + OK + ":TRIGger:LEVel? AUX -> 5.00E-01\n:ACQuire:SRATe? -> 2.00E+09\n"
)  # fmt: skip
ARM = """
    :STOP
    :CHANnel1:DISPlay 1
    :CHANnel2:DISPlay 1
    :CHANnel3:DISPlay 0
    :CHANnel4:DISPlay 0
    :ACQuire:SEGMented:COUNt 3
    :ACQuire:POINts 16
    :TIMebase:RANGe 8e-09
    :TIMebase:POSition 1.2e-07
    :SYSTem:ERRor? STRing -> 0,"No error"
    :AER? -> 1
    :ADER? -> 1
    :SINGle
    :AER? -> 0
    :AER? -> 1
    """ + OK  # fmt: skip
COUNT = ":WAVeform:SEGMented:COUNt? -> 3\n"
PREAMBLE = "2,1,{points},1,{interval},{origin},0,2.5E-04,-1E-03,0,1,8E-09,1.2E-07,0.5,0," + (
    '"23 NOV 2026","12:00:00","DSO9404A:MY00000000",1,100,2,1,4E+09,0'
)
GOOD = PREAMBLE.format(points=16, interval="5.0E-10", origin="1.2E-07")
ENTRY = InstrumentEntry(driver="", address="", sample_rate=2e9, full_scale=0.25)


def fetch(channel, codes, preamble=GOOD):
    data = codes.astype("<i2").tobytes().hex()
    return f"""
        :WAVeform:SOURce CHANnel{channel}
        :WAVeform:PREamble? -> {preamble}
        :WAVeform:DATA? -> #0{{{data}}}
        """


@pytest.fixture
def codes():
    return np.random.default_rng(1).integers(-30720, 30720, (2, 3, 16), np.int16)


def start(scope):
    scope.configure(ENTRY, None)
    scope.arm((1, 2), 3, 120e-9, 16)


def test_one_segment_is_recorded_for_each_trigger(scripted, codes, clock):
    said = HELLO + CONFIGURE + ARM + ":ADER? -> 0\n:ADER? -> 1\n" + COUNT + fetch(1, codes[0]) + fetch(2, codes[1]) + OK
    out = np.zeros((3, 2, 16), np.int16)
    with scripted(Infiniium, said, clock=clock) as scope:
        assert isinstance(scope, Digitizer)
        start(scope)
        scope.wait(1.0)
        assert scope.fetch(out) == (2.5e-4, -1e-3)
    np.testing.assert_array_equal(out, codes.swapaxes(0, 1))


def test_memory_laid_out_input_by_input_is_filled_in_place(scripted, codes, clock):
    out = np.zeros((2, 3, 16), np.int16).swapaxes(0, 1)
    with scripted(Infiniium, HELLO + CONFIGURE + ARM + COUNT + fetch(1, codes[0]) + fetch(2, codes[1]) + OK) as scope:
        start(scope)
        scope.fetch(out)
        assert not scope._scratch.size
    np.testing.assert_array_equal(out, codes.swapaxes(0, 1))


def test_missing_triggers_are_counted_at_the_deadline(scripted, clock):
    asked = ":ADER? -> 0\n" * 7 + ":WAVeform:SEGMented:COUNt? -> 1\n"
    with scripted(Infiniium, HELLO + CONFIGURE + ARM + asked, name="scope", clock=clock) as scope:
        start(scope)
        with pytest.raises(InstrumentError, match=r"scope: 2 of 3 segments were not triggered within 0\.011 s"):
            scope.wait(0.011)


def test_fewer_segments_than_asked_are_refused(scripted, clock):
    said = HELLO + CONFIGURE + ARM + ":WAVeform:SEGMented:COUNt? -> 2" + OK
    with scripted(Infiniium, said, clock=clock) as scope:
        start(scope)
        with pytest.raises(InstrumentError, match="2 segments were recorded"):
            scope.fetch(np.zeros((3, 2, 16), np.int16))


@pytest.mark.parametrize("code", [31232, 31744, 32256])
def test_clipped_samples_are_refused(scripted, codes, clock, code):
    codes[0, 1, 7] = code
    with scripted(Infiniium, HELLO + CONFIGURE + ARM + COUNT + fetch(1, codes[0]), clock=clock) as scope:
        start(scope)
        with pytest.raises(InstrumentError, match="input 1 was clipped"):
            scope.fetch(np.zeros((3, 2, 16), np.int16))


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": 15},
        {"interval": "1.0E-09"},
        {"origin": "1.21E-07"},
    ],
)
def test_a_record_of_another_time_or_rate_is_refused(scripted, clock, wrong):
    preamble = PREAMBLE.format(**{"points": 16, "interval": "5.0E-10", "origin": "1.2E-07", **wrong})
    said = f":WAVeform:SOURce CHANnel1\n:WAVeform:PREamble? -> {preamble}\n"
    with scripted(Infiniium, HELLO + CONFIGURE + ARM + COUNT + said, clock=clock) as scope:
        start(scope)
        with pytest.raises(InstrumentError, match="it recorded"):
            scope.fetch(np.zeros((3, 2, 16), np.int16))


@pytest.mark.parametrize("preamble", ["", "2,1,16", GOOD.replace("5.0E-10", "9.91E+37"), GOOD.replace(",16,", ",1e1,")])
def test_a_malformed_preamble_is_no_scale(preamble):
    with pytest.raises(ValueError, match=r"expected|stands for"):
        scale_of(preamble)


def test_after_a_fault_nothing_is_fetched(scripted, clock):
    with scripted(Infiniium, HELLO + CONFIGURE + ARM, clock=clock) as scope:
        start(scope)
        scope.session.generation += 1
        with pytest.raises(InstrumentError, match="a fault since it was armed"):
            scope.fetch(np.zeros((3, 2, 16), np.int16))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (((), 3, 0.0, 16), "inputs"),
        (((5,), 3, 0.0, 16), "inputs"),
        (((1,), 65_537, 0.0, 16), "65537 segments"),
        (((1,), 3, 0.0, 8), "of 8 samples"),
        (((1,), 1000, 0.0, 100_001), "100001000 samples per channel"),
    ],
)
def test_what_it_cannot_record_is_refused_before_anything_is_sent(scripted, asked, message):
    with scripted(Infiniium, HELLO + CONFIGURE) as scope:
        scope.configure(ENTRY, None)
        with pytest.raises(InstrumentError, match=message):
            scope.arm(*asked)


def test_a_rate_that_it_does_not_have_is_refused(scripted):
    said = HELLO + ":TIMebase:REFClock 1" + OK
    with scripted(Infiniium, said) as scope, pytest.raises(InstrumentError, match="sample rate 3e"):
        scope.configure(InstrumentEntry(driver="", address="", sample_rate=3e9), None)


def test_it_is_safe_when_stopped(scripted):
    with scripted(Infiniium, HELLO + ":STOP" + OK) as scope:
        scope.make_safe(SafeEntry(action=SafeAction.OFF))


def test_a_trigger_level_that_reads_back_differently_is_refused(scripted):
    said = CONFIGURE.replace("5.00E-01", "0.0").split(":ACQuire:SRATe?")[0]
    with scripted(Infiniium, HELLO + said) as scope, pytest.raises(InstrumentError, match="trigger level 0 V"):
        scope.configure(ENTRY, None)
