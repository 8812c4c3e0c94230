"""The conversation with an R&S SGS100A."""

import pytest

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import Source
from qctl.core.units import GHz
from qctl.instruments.sgs100a import Sgs100a

HELLO = "*IDN? -> Rohde&Schwarz,SGS100A,1416.0505k02/101010,3.1\n"
OK = "\nSYST:ERR? -> 0,No error\n"
PLAIN = "SOUR:IQ:STAT 0" + OK + "SOUR:PULM:STAT 0" + OK
LIMIT = LimitEntry(min=-20.0, max=10.0)


def test_frequency_is_sent_in_hertz(scripted):
    with scripted(Sgs100a, HELLO + "SOUR:FREQ 5123000000" + OK) as source:
        source.frequency = 5.123 * GHz


@pytest.mark.parametrize("frequency", [20 * GHz, 0.0, float("nan"), float("inf")])
def test_frequency_beyond_the_range_is_refused_before_it_is_sent(scripted, frequency):
    with scripted(Sgs100a, HELLO, name="lo") as source, pytest.raises(InstrumentError, match="lo: frequency"):
        source.frequency = frequency


def test_settings_are_read_back(scripted):
    with scripted(Sgs100a, HELLO + "SOUR:FREQ? -> 5123000000.00\nOUTP:STAT? -> 1\nSOUR:ROSC:SOUR? -> EXT") as source:
        assert isinstance(source, Source)
        assert source.frequency == 5.123e9
        assert source.output is True
        assert source.reference == "EXTernal"


def test_configuring_switches_modulation_off_and_nothing_on(scripted):
    said = HELLO + PLAIN + "SOUR:ROSC:SOUR EXTernal" + OK + "SOUR:FREQ 6000000000" + OK + "SOUR:POW 7.5" + OK
    with scripted(Sgs100a, said) as source:
        source.configure(InstrumentEntry(driver="", address="", frequency=6e9, power=7.5), LIMIT)


@pytest.mark.parametrize("complaint", ['-241,"Hardware missing"', '-113,"Undefined header"'])
def test_a_modulator_that_is_not_fitted_need_not_be_off(scripted, complaint):
    said = f"SOUR:IQ:STAT 0\nSYST:ERR? -> {complaint}" + OK + "SOUR:PULM:STAT 0" + OK + "SOUR:ROSC:SOUR EXTernal" + OK
    with scripted(Sgs100a, HELLO + said) as source:
        source.configure(InstrumentEntry(driver="", address=""), LIMIT)


def test_a_modulator_that_stays_on_is_an_error(scripted):
    said = HELLO + 'SOUR:IQ:STAT 0\nSYST:ERR? -> -221,"Settings conflict"' + OK
    with scripted(Sgs100a, said) as source, pytest.raises(InstrumentError, match="-221"):
        source.configure(InstrumentEntry(driver="", address=""), LIMIT)


def test_power_beyond_the_limit_of_the_laboratory_is_refused(scripted):
    said = HELLO + PLAIN + "SOUR:ROSC:SOUR EXTernal" + OK
    with scripted(Sgs100a, said) as source, pytest.raises(InstrumentError, match="power 12 is beyond its limit"):
        source.configure(InstrumentEntry(driver="", address="", power=12.0), LIMIT)


def test_it_is_switched_on_and_made_safe(scripted):
    said = HELLO + "SOUR:POW? -> 7.5\nOUTP:STAT 1" + OK + "OUTP:STAT 0" + OK
    with scripted(Sgs100a, said) as source:
        source.on()
        source.make_safe(SafeEntry(action=SafeAction.HOLD))
        source.make_safe(SafeEntry(action=SafeAction.OFF))


def test_its_complaints_are_errors(scripted):
    said = HELLO + 'SOUR:POW 25\nSYST:ERR? -> -222,"Data out of range"\nSYST:ERR? -> 0,"No error"'
    with scripted(Sgs100a, said, name="lo") as source, pytest.raises(InstrumentError, match='lo: -222,"Data out of'):
        source.power_dbm = 25


def test_another_maker_is_refused(scripted):
    with pytest.raises(InstrumentError, match="says it is YOKOGAWA"), scripted(Sgs100a, "*IDN? -> YOKOGAWA,GS210,1,1"):
        pass


def test_a_query_cannot_be_set_and_declared_settings_are_seen_on_the_class():
    assert Sgs100a.frequency.high == 12.75e9
