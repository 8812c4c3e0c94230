"""The conversation in which a Tektronix AWG5200 is configured, whatever its last user left."""

import pytest

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry
from qctl.instruments.tek_awg5200 import TekAwg5200

HELLO = "*IDN? -> TEKTRONIX,AWG5208,B010001,FV:6.0.0242.0\n"
OK = 'SYST:ERR? -> 0,"No error"\n'
STOP = "AWGControl:STOP\nAWGControl:RSTATe? -> 0\n"
ENTRY = InstrumentEntry(driver="", address="", sample_rate=2e9, full_scale=0.25)
LIMIT = LimitEntry(min=0, max=0.3)


def settings(*wanted):
    """Return how settings are sent, checked and asked for: (header, value sent, answer, input of a trigger)."""
    sent = "".join(f"{header} {value}{',' + of if of else ''}\n" for header, value, _, of in wanted)
    asked = ";".join(f":{header}?{' ' + of if of else ''}" for header, _, _, of in wanted)
    return f"{sent}{OK}{asked} -> {';'.join(answer for _, _, answer, _ in wanted)}\n"


def each(*wanted):
    return [(header.format(k), value, answer, "") for k in range(1, 9) for header, value, answer in wanted]


def conversation(state="0", mode="AWG", amplitude="0.5", offset="0.0", skew="0", level="0.5", all_off="0"):
    """Return (step, what is said) in order; an argument is what the instrument answers."""
    marker = "SOURce{}:MARKer1:VOLTage:LEVel:IMMediate"
    yield "state", STOP + settings(*each(("OUTPut{}:STATe", "0", state)))
    yield "mode", f"INSTrument:MODE AWG\n{OK}INSTrument:MODE? -> {mode}\n"
    yield "clock", f"CLOCk:SOURce EFIXed\n{OK}CLOCk:SRATe 2000000000\n{OK}"
    yield "amplitude", settings(*each(("SOURce{}:VOLTage", "0.5", amplitude)))
    yield "bits", "".join(f"SOURce{k}:DAC:RESolution 15\nSOURce{k}:RMODe CONTinuous\n" for k in range(1, 9)) + OK
    level_of = ("SOURce{}:VOLTage:LEVel:IMMediate:OFFSet", "0", offset)
    yield ("offset" if offset != "0.0" else "skew"), settings(*each(level_of, ("SOURce{}:SKEW", "0", skew)))
    yield (
        "level",
        "TRIGger:SLOPe POSitive,ATRigger\n"
        + settings(
            ("TRIGger:IMPedance", "50", "50", "ATRigger"),
            ("TRIGger:LEVel", "0.5", level, "ATRigger"),
            *each((f"{marker}:HIGH", "1", "1.0"), (f"{marker}:LOW", "0", "0.0")),
        ),
    )
    yield "all_off", settings(("OUTPut:OFF", "0", all_off, ""))


def test_configuring_switches_all_off_undoes_what_was_left_and_makes_markers_cross_the_trigger_level(scripted):
    with scripted(TekAwg5200, HELLO + "".join(said for _, said in conversation())) as awg:
        awg.configure(ENTRY, LIMIT)


@pytest.mark.parametrize(
    ("step", "answer", "message"),
    [
        ("state", "1", "OUTPut1:STATe"),
        ("mode", "FGEN", "function generator"),
        ("amplitude", "0.6", "SOURce1:VOLTage"),
        ("offset", "0.4", "OFFSet"),
        ("skew", "1e-10", "SKEW"),
        ("level", "1.4", "TRIGger:LEVel"),
        ("all_off", "1", "OUTPut:OFF"),
    ],
)
def test_what_reads_back_differently_is_refused(scripted, step, answer, message):
    said = HELLO
    for name, part in conversation(**{step: answer}):
        said += part
        if name == step:
            break
    with scripted(TekAwg5200, said) as awg, pytest.raises(InstrumentError, match=message):
        awg.configure(ENTRY, LIMIT)


@pytest.mark.parametrize(("full_scale", "message"), [(0.5, "beyond its limit"), (0.01, "outside the range")])
def test_a_full_scale_beyond_limits_is_refused(scripted, full_scale, message):
    entry = InstrumentEntry(driver="", address="", full_scale=full_scale)
    said = "".join(said for step, said in conversation() if step in ("state", "mode"))
    said += f"CLOCk:SOURce EFIXed\n{OK}"
    with scripted(TekAwg5200, HELLO + said) as awg, pytest.raises(InstrumentError, match=message):
        awg.configure(entry, LIMIT)
