import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctl.instruments.mock.infiniium import CLIPPED_HIGH, CLIPPED_LOW, CODE_STEP, convert


@given(volts=st.floats(-2, 2), full=st.sampled_from([0.1, 0.4, 1.0]), offset=st.sampled_from([0.0, 0.05]))
def test_the_adc_rounds_to_its_steps_and_marks_what_is_beyond(volts, full, offset):
    (code,) = convert(np.array([volts], np.float32), full, offset)
    step = full / 1024
    if code == CLIPPED_HIGH:
        assert volts - offset > 510.9 * step
    elif code == CLIPPED_LOW:
        assert volts - offset < -511.9 * step
    else:
        assert code % CODE_STEP == 0
        assert abs(code / CODE_STEP * step + offset - volts) < 0.501 * step


def record(client, n_segments=1, **settings):
    """Free-run, so that no trigger is needed."""
    client.send(":CHAN1:DISP ON;:ACQ:SRAT 1E9;:ACQ:POIN 64;:TRIG:SWE AUTO", *settings.values())
    if n_segments > 1:
        client.send(f":ACQ:MODE SEGM;SEGM:COUN {n_segments};:WAV:SEGM:ALL ON")
    assert client.ask(":DIG;*OPC?") == "1"


def test_the_preamble_says_where_and_when(start):
    _, _, clients = start()
    scope = clients["scope1"]
    record(scope, a=":TIM:REF LEFT;POS 3E-7;:CHAN1:RANG 0.4;OFFS 0.1;:WAV:SOUR CHAN1")
    fields = scope.ask(":WAV:PRE?").split(",")
    assert len(fields) == 24
    assert [float(fields[k]) for k in (0, 2, 4, 5, 7, 8)] == pytest.approx([2, 64, 1e-9, 3e-7, 0.4 / 1024 / 60, 0.1])
    codes = scope.ask_codes(":WAV:DATA?", 64)
    np.testing.assert_allclose(codes * float(fields[7]) + 0.1, 0, atol=0.4 / 2048 * 1.01)


@pytest.mark.parametrize(("reference", "origin"), [("LEFT", 0.0), ("CENT", -32e-9), ("RIGH", -64e-9)])
def test_the_record_lies_as_the_reference_says(start, reference, origin):
    _, _, clients = start()
    record(clients["scope1"], a=f":TIM:REF {reference}")
    assert float(clients["scope1"].ask(":WAV:XOR?")) == pytest.approx(origin)


def test_segments_come_together_or_one_by_one(start):
    _, world, clients = start()
    scope = clients["scope1"]
    record(scope, n_segments=3)
    assert scope.ask(":WAV:SEGM:COUN?") == "3"
    assert world.stages[-1][1] == 3
    assert len(scope.ask_codes(":WAV:DATA?", 192)) == 192
    scope.send(":WAV:SEGM:ALL OFF;:ACQ:SEGM:IND 2")
    assert len(scope.ask_codes(":WAV:DATA?", 64)) == 64
    assert len(scope.ask_codes(":WAV:DATA? 11,10", 10)) == 10
    scope.send(":ACQ:SEGM:IND 4;:WAV:DATA?")
    assert scope.ask(":SYST:ERR? STR").startswith("-222,")


def test_armed_and_done_are_told_once(start):
    _, _, clients = start()
    scope = clients["scope1"]
    scope.send(":CHAN1:DISP ON;:TRIG:SWE TRIG;:SING")
    assert [scope.ask(":AER?"), scope.ask(":AER?"), scope.ask(":ADER?"), scope.ask(":RST?")] == ["1", "0", "0", "SING"]
    scope.send(":STOP")
    assert [scope.ask(":RST?"), scope.ask(":WAV:SEGM:COUN?")] == ["STOP", "0"]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (":SING", -221),  # no channel is on
        (":ACQ:SRAT 3E9", -222),
        (":ACQ:POIN 15", -222),
        (":ACQ:SEGM:COUN 65537", -222),
        (":CHAN1:RANG 9", -222),
        (":CHAN1:DISP ON;:ACQ:MODE SEGM;SEGM:COUN 65536;:ACQ:POIN 2000;:SING", -222),  # memory
        (":CHAN1:DISP ON;:WAV:SOUR CHAN1;DATA?", -221),  # nothing recorded
        (":WAV:FORM BYTE", -224),
        (":CHAN5:RANG 1", -114),
    ],
)
def test_what_the_instrument_cannot_do_is_refused(start, sent, error):
    _, _, clients = start()
    clients["scope1"].send(sent)
    assert clients["scope1"].ask(":SYST:ERR?") == str(error)
