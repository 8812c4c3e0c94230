"""The conversation with a Keysight 53230A that counts photons."""

import struct

import numpy as np
import pytest

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, SafeAction, SafeEntry
from qctl.core.protocols import Counter
from qctl.instruments.counter53230a import Counter53230a

HELLO = "*IDN? -> Keysight Technologies,53230A,MY50000001,02.05\n"
OK = '\nSYST:ERR? -> +0,"No error"\n'
ENTRY = InstrumentEntry(driver="", address="")
ARM = 'ABOR\nSENS:FUNC "TOT 1"\nOUTP 0\nSENS:TOT:GATE:SOUR EXT\nSENS:TOT:GATE:POL POS\nSAMP:COUN 3' + OK + "INIT" + OK


def block(*values):
    return "#224{" + struct.pack("<3d", *values).hex() + "}"


def test_inputs_are_fast_and_readings_are_binary(scripted):
    inputs = "".join(f"INP{k}:COUP DC\nINP{k}:IMP 50\nINP{k}:LEV:AUTO 0\nINP{k}:LEV 1\n" for k in (1, 2))
    said = f"ABOR\n{inputs}TRIG:SOUR IMM\nTRIG:COUN 1\nFORM REAL,64\nFORM:BORD SWAP"
    with scripted(Counter53230a, HELLO + said + OK) as counter:
        counter.configure(ENTRY, None)
        assert isinstance(counter, Counter)


def test_every_pulse_at_the_gate_is_one_reading(scripted, clock):
    said = ARM + "DATA:POIN? -> +1\nDATA:POIN? -> +3\n" + f"DATA:REM? 3 -> {block(0, 12, 3)}" + OK
    with scripted(Counter53230a, HELLO + said, clock=clock) as counter:
        counter.arm((1,), 3)
        counter.wait(1.0)
        out = np.zeros((3, 1), np.int64)
        counter.fetch(out)
    assert out.ravel().tolist() == [0, 12, 3]
    assert clock.pauses == 1


def test_the_deadline_says_how_many_gates_are_missing(scripted, clock):
    said = ARM + "DATA:POIN? -> +2\n" * 2 + "ABOR"
    with scripted(Counter53230a, HELLO + said, clock=clock) as counter:
        counter.arm((1,), 3)
        with pytest.raises(InstrumentError, match="1 of 3 gates did not come"):
            counter.wait(0.0)


@pytest.mark.parametrize("value", [0.5, -1.0, 1e17])
def test_a_reading_that_is_no_number_of_photons_is_refused(scripted, value):
    with scripted(Counter53230a, HELLO + ARM + f"DATA:REM? 3 -> {block(1, value, 2)}" + OK) as counter:
        counter.arm((1,), 3)
        with pytest.raises(InstrumentError, match="no count"):
            counter.fetch(np.zeros((3, 1), np.int64))


@pytest.mark.parametrize(("inputs", "n"), [((1, 2), 3), ((3,), 3), ((1,), 0), ((1,), 1_000_001)])
def test_what_it_cannot_count_is_refused_before_anything_is_sent(scripted, inputs, n):
    with scripted(Counter53230a, HELLO) as counter, pytest.raises(InstrumentError, match="readings of channels"):
        counter.arm(inputs, n)


def test_it_is_safe_when_it_does_not_count(scripted):
    with scripted(Counter53230a, HELLO + "ABOR" + OK) as counter:
        counter.make_safe(SafeEntry(action=SafeAction.HOLD))
