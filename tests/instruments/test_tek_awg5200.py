"""The conversation with a Tektronix AWG5200."""

import numpy as np
import pytest

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import SafeAction, SafeEntry
from qctl.core.protocols import Awg
from qctl.core.sequence import Playlist, Waveform
from qctl.instruments.tek_awg5200 import TekAwg5200, name_of

HELLO = "*IDN? -> TEKTRONIX,AWG5208,B010001,FV:6.0.0242.0\n"
OK = '\nSYST:ERR? -> 0,"No error"\n'
STOP = "\nAWGControl:STOP\nAWGControl:RSTATe? -> 0\n"
WIPE = "\nSLISt:SEQuence:DELete ALL\nWLISt:WAVeform:DELete ALL" + OK
N = 2400


def constant(code, marker=0):
    return Waveform(np.full(N, code, np.int16), np.full(N, marker, np.uint8))


HIGH, LOW = constant(32767, marker=1), constant(-32767)


def upload(waveform, value, marker=""):
    name = name_of(waveform)
    data, flags = f"#49600{{{value}*2400}}", f"#42400{{{marker}*2400}}"
    said = f"""
        WLISt:WAVeform:NEW "{name}",2400,REAL
        WLISt:WAVeform:DATA "{name}",0,2400,{data}
        WLISt:WAVeform:DATA? "{name}",0,2400 -> {data}
        """
    if marker:
        said += f"""
        WLISt:WAVeform:MARKer:DATA "{name}",0,2400,{flags}
        WLISt:WAVeform:MARKer:DATA? "{name}",0,2400 -> {flags}
        """
    return said


LENGTHS = f':WLISt:WAVeform:LENGth? "{name_of(HIGH)}";:WLISt:WAVeform:LENGth? "{name_of(LOW)}" -> 2400;2400'
UPLOADS = upload(HIGH, "0000803f", marker="40") + upload(LOW, "000080bf") + LENGTHS + OK
SEQUENCE = f"""
    SLISt:SEQuence:NEW "qctl",2,8
    SLISt:SEQuence:STEP1:WINPut "qctl",ATRigger
    SLISt:SEQuence:STEP1:TASSet1:WAVeform "qctl","{name_of(HIGH)}"
    SLISt:SEQuence:STEP1:TASSet3:WAVeform "qctl","{name_of(LOW)}"
    SLISt:SEQuence:STEP2:WINPut "qctl",ATRigger
    SLISt:SEQuence:STEP2:TASSet1:WAVeform "qctl","{name_of(LOW)}"
    SLISt:SEQuence:STEP2:GOTO "qctl",FIRSt
    SOURce1:CASSet:SEQuence "qctl",1
    SOURce3:CASSet:SEQuence "qctl",3
    SYST:ERR? -> 0,"No error"
    SLISt:SEQuence:LENGth? "qctl" -> 2
    """
ASKED = ";".join(
    f':SLISt:SEQuence:STEP{step}:TASSet{track}:WAVeform? "qctl"' for step, track in [(1, 1), (1, 3), (2, 1)]
)
VERIFIED = f'{ASKED} -> "{name_of(HIGH)}";"{name_of(LOW)}";"{name_of(LOW)}"\n'
FLOW = ";".join(f':SLISt:SEQuence:STEP{s}? "qctl"' for s in ("1:WINPut", "2:WINPut", "2:GOTO")) + " -> {}\n"
LOAD = STOP + WIPE + UPLOADS + SEQUENCE + VERIFIED + FLOW.format("ATR;ATRIGGER;FIRS")


@pytest.fixture
def playlist():
    steps = np.full((2, 8), -1, np.int32)
    steps[0, 0], steps[0, 2], steps[1, 0] = 0, 1, 1
    return Playlist((HIGH, LOW), steps)


def test_a_playlist_is_uploaded_read_back_and_verified(scripted, playlist):
    with scripted(TekAwg5200, HELLO + LOAD) as awg:
        assert isinstance(awg, Awg)
        awg.load(playlist)


def test_a_playlist_that_is_there_already_is_not_sent_again(scripted, playlist):
    with scripted(TekAwg5200, HELLO + LOAD + STOP) as awg:
        awg.load(playlist)
        awg.load(playlist)


def test_a_waveform_that_is_there_already_is_not_sent_again(scripted, playlist):
    again = STOP + f'SLISt:SEQuence:DELete "qctl"\nWLISt:WAVeform:DELete "{name_of(HIGH)}"\n'
    new = (
        """
        SLISt:SEQuence:NEW "qctl",1,8
        SLISt:SEQuence:STEP1:WINPut "qctl",ATRigger
        SLISt:SEQuence:STEP1:TASSet1:WAVeform "qctl","LOW"
        SLISt:SEQuence:STEP1:GOTO "qctl",FIRSt
        SOURce1:CASSet:SEQuence "qctl",1
        SYST:ERR? -> 0,"No error"
        SLISt:SEQuence:LENGth? "qctl" -> 1
        :SLISt:SEQuence:STEP1:TASSet1:WAVeform? "qctl" -> "LOW"
        """.replace("LOW", name_of(LOW))
        + FLOW.replace("STEP2", "STEP1").format("ATR;ATR;FIRS")
    )
    with scripted(TekAwg5200, HELLO + LOAD + again + new) as awg:
        awg.load(playlist)
        awg.load(Playlist((LOW,), np.array([[0, -1]], np.int32)))


def test_it_runs_on_its_own_trigger_or_on_anothers(scripted, playlist, clock):
    own = "TRIGger:INTerval 0.0002" + OK
    own += 'SLISt:SEQuence:STEP1:WINPut "qctl",ITRigger\nSLISt:SEQuence:STEP2:WINPut "qctl",ITRigger\n'
    on = "OUTPut1:STATe 1\nOUTPut3:STATe 1" + OK
    run = "AWGControl:RUN\nAWGControl:RSTATe? -> 0\nAWGControl:RSTATe? -> 1" + OK
    with scripted(TekAwg5200, HELLO + LOAD + on + run + STOP + own + on + run, clock=clock) as awg:
        awg.load(playlist)
        awg.arm(None)
        awg.start()
        awg.stop()
        awg.arm(200e-6)
        awg.start()


def test_a_waveform_that_reads_back_differently_stops_the_upload(scripted, playlist):
    said = (
        upload(HIGH, "0000803f").split("WLISt:WAVeform:LENGth?")[0].replace("-> #49600{0000803f", "-> #49600{00000000")
    )
    with scripted(TekAwg5200, HELLO + STOP + WIPE + said) as awg, pytest.raises(InstrumentError, match="2400 of 2400"):
        awg.load(playlist)


def test_after_a_fault_it_does_not_play_what_it_may_have_lost(scripted, playlist):
    with scripted(TekAwg5200, HELLO + LOAD) as awg:
        with pytest.raises(InstrumentError, match="load it"):
            awg.arm(None)
        awg.load(playlist)
        awg.session.generation += 1
        with pytest.raises(InstrumentError, match="not known to hold"):
            awg.arm(None)
        with pytest.raises(InstrumentError, match="not known to hold"):
            awg.start()


def test_after_a_fault_or_a_load_that_broke_off_everything_is_loaded_again(scripted, playlist):
    wrong = VERIFIED.replace(f'"{name_of(LOW)}"\n', '"old"\n')
    broken = STOP + WIPE + UPLOADS + SEQUENCE + wrong
    with scripted(TekAwg5200, HELLO + LOAD + broken + LOAD) as awg:
        awg.load(playlist)
        awg.session.generation += 1
        with pytest.raises(InstrumentError, match="step 2 channel 1"):
            awg.load(playlist)
        awg.load(playlist)


@pytest.mark.parametrize("flow", ["OFF;ATR;FIRS", "ATR;ITR;FIRS", "ATR;ATR;NEXT"])
def test_a_sequence_that_would_not_wait_or_not_begin_again_is_refused(scripted, playlist, flow):
    said = HELLO + STOP + WIPE + UPLOADS + SEQUENCE + VERIFIED + FLOW.format(flow)
    with scripted(TekAwg5200, said) as awg, pytest.raises(InstrumentError, match="is answered"):
        awg.load(playlist)


def test_safe_is_silence(scripted):
    said = "AWGControl:STOP\n" + "".join(f"OUTPut{k}:STATe 0\n" for k in range(1, 9)) + OK
    with scripted(TekAwg5200, HELLO + said) as awg:
        awg.make_safe(SafeEntry(action=SafeAction.HOLD))
        awg.make_safe(SafeEntry(action=SafeAction.OFF))


@pytest.mark.parametrize(
    ("waveforms", "steps", "message"),
    [
        ((Waveform(np.zeros(2399, np.int16), np.zeros(2399, np.uint8)),), [[0]], "2399 samples"),
        ((LOW,), np.zeros((16_384, 1)), "16384 steps"),
        ((LOW,), np.zeros((0, 1)), "0 steps"),
        ((LOW,), np.zeros((1, 9)), "9 channels"),
        ((LOW,), [[-1]], "plays nothing"),
    ],
)
def test_what_it_cannot_play_is_refused_before_anything_is_sent(scripted, waveforms, steps, message):
    with scripted(TekAwg5200, HELLO) as awg, pytest.raises(InstrumentError, match=message):
        awg.load(Playlist(waveforms, np.asarray(steps, np.int32)))
