"""Conversations with instruments that acknowledge each line: Novatech 409B and Quantum Composers 9528."""

from contextlib import contextmanager

import numpy as np
import pytest

from qctl.core.errors import InstrumentError, TransportError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import Dds, PulseGenerator
from qctl.instruments.novatech409b import Novatech409b
from qctl.instruments.qc9520 import Qc9520
from qctl.transport import LineSession

ENTRY = InstrumentEntry(driver="", address="")
ROW = "{} 0000 00000000 00000000 000301"
SILENT = "00000000 0000 0000"
LAST = "80 BC0000 0000 0102 21"


def table(*rows):
    rows = [*rows, *[SILENT] * (4 - len(rows))]
    return "QUE -> " + "|".join([*(ROW.format(row) for row in rows), LAST]) + "\n"


DDS_HELLO = "E d -> OK\nI a -> OK\n" + 2 * table()
PULSER_HELLO = 2 * "*IDN? -> QC,9528,01234,2.4.1\n"


class Wire:
    """Answers as the script says: ``line -> reply|reply``; a line without an arrow is not answered."""

    def __init__(self, script):
        parts = [line.partition(" ->") for line in script.strip().splitlines()]
        self.lines = [(sent, reply.strip()) for sent, _, reply in parts]
        self.replies = b""

    def send(self, parts, deadline):
        said = b"".join(parts).decode("ascii")
        sent, reply = self.lines.pop(0) if self.lines else ("nothing more", "")
        assert said == sent + "\r\n", f"sent {said!r}, the script says {sent!r}"
        self.replies += "".join(f"{part}\r\n" for part in reply.split("|") if part).encode("latin-1")

    def receive(self, deadline):
        if not self.replies:
            raise TransportError("no reply in time")
        said, self.replies = self.replies, b""
        return said

    def pending(self):
        said, self.replies = self.replies, b""
        return said

    def close(self):
        pass


@pytest.fixture
def said():
    """Return a context manager that opens a driver on a script and demands that all of it was said."""

    @contextmanager
    def run(driver, script):
        wire = Wire(script)
        with driver(LineSession(lambda deadline: wire, name="it", timeout=1.0), "it") as instrument:
            yield instrument
        assert not wire.lines, f"never said: {wire.lines}"

    return run


def test_a_tone_is_set_and_counts_once_it_was_read_back_twice(said):
    tuned = table(SILENT, "2FAF0800 0000 0200")
    script = 2 * table() + "F1 80.0000000 -> OK\nP1 0 -> OK\nV1 512 -> OK\n" + 2 * tuned
    with said(Novatech409b, DDS_HELLO + "M n -> OK\n" + script) as dds:
        dds.configure(ENTRY, LimitEntry(min=-60, max=0, unit="dBm"))
        assert isinstance(dds, Dds)
        dds.tune(2, 80e6, 512 / 1023)


def test_a_tone_that_is_right_already_is_not_sent_again(said):
    with said(Novatech409b, DDS_HELLO + 2 * table("00989680 2000 01F5")) as dds:
        dds.tune(1, 1e6, 501 / 1023, np.pi)


def test_a_line_that_set_another_channel_is_noticed_and_both_are_mended(said):
    first = "00989680 0000 01F5"
    tune = "F1 2.0000000 -> OK\nP1 0 -> OK\nV1 1023 -> OK\n"
    strayed = table("01312D00 0000 01F5", "00000000 0000 03FF")  # F1 became F0 on the way
    mend = "F0 1.0000000 -> OK\nP0 0 -> OK\nV0 501 -> OK\n"
    script = 2 * table(first) + 2 * table(first) + tune + 2 * strayed + mend + tune
    with said(Novatech409b, DDS_HELLO + script + 2 * table(first, "01312D00 0000 03FF")) as dds:
        dds.tune(1, 1e6, 501 / 1023)
        dds.tune(2, 2e6, 1.0)


@pytest.mark.parametrize("answer", ["?1", "K", "OK|OK", ""])
def test_what_is_no_acknowledgement_is_asked_again_and_in_the_end_said(said, answer):
    script = DDS_HELLO + 6 * f"M n -> {answer}\n"
    with said(Novatech409b, script) as dds, pytest.raises(InstrumentError, match="M n"):
        dds.configure(ENTRY, None)


def test_two_readings_that_differ_are_no_reading(said):
    script = table("00989680 0000 01F5") + 2 * table("00989681 0000 01F5")
    with said(Novatech409b, DDS_HELLO + script) as dds:
        assert dds.tones()[0].frequency == 0x989681
        assert dds.session.generation == 1


def test_all_amplitudes_go_to_zero_when_it_is_made_safe(said):
    on, off = "00989680 0000 01F5", "00989680 0000 0000"
    script = 2 * table(on) + 2 * table(on) + "F0 1.0000000 -> OK\nP0 0 -> OK\nV0 0 -> OK\n" + 8 * table(off)
    with said(Novatech409b, DDS_HELLO + script) as dds:
        dds.make_safe(SafeEntry(action=SafeAction.OFF))


def both(keyword, value):
    return f"{keyword} {value} -> ok\n{keyword}? -> {value}\n"


STOP = ":PULSE0:STATE 0 -> ok\n" + 2 * ":PULSE0:STATE? -> 0\n"


def test_pulses_get_timers_and_outputs_join_them(said):
    timers = both(":PULSE1:DEL", "0.00000100000") + both(":PULSE1:WIDT", "0.00000200000")
    timers += both(":PULSE2:DEL", "0.00001000000") + both(":PULSE2:WIDT", "0.00000050025")
    masks = {1: "1", 2: "3"}
    outputs = "".join(
        both(f":PULSE{k}:MUX", masks.get(k, "0")) + both(f":PULSE{k}:STATE", "1" if k in masks else "0")
        for k in range(1, 9)
    )
    pulses = {1: np.array([[1e-6, 3e-6]]), 2: np.array([[1e-6, 3e-6], [1e-5, 1.050025e-5]])}
    with said(Qc9520, PULSER_HELLO + STOP + timers + outputs + STOP) as pulser:
        assert isinstance(pulser, PulseGenerator)
        pulser.load(pulses)
        pulser.load(pulses)  # everything is known: only stopped


def test_a_burst_runs_on_its_own_clock_and_is_started_once(said):
    script = both(":PULSE0:PER", "0.01000000000") + both(":PULSE0:BCO", "250") + ":PULSE0:STATE 1 -> ok\n"
    with said(Qc9520, PULSER_HELLO + script) as pulser:
        pulser.arm(0.01, 250)
        pulser.start()


def test_a_start_that_is_not_acknowledged_is_not_said_twice(said):
    with said(Qc9520, PULSER_HELLO + ":PULSE0:STATE 1\n") as pulser, pytest.raises(TransportError):
        pulser.start()


def test_after_a_fault_everything_is_set_and_read_back_again(said):
    period, burst = both(":PULSE0:PER", "0.01000000000"), both(":PULSE0:BCO", "250")
    spoilt = ":PULSE0:BCO 250 -> ok\n:PULSE0:BCO? -> 251\n"
    with said(Qc9520, PULSER_HELLO + period + spoilt + period + burst) as pulser:
        pulser.arm(0.01, 250)


def test_it_does_not_rest_until_it_has_stopped(said):
    running = ":PULSE0:STATE 0 -> ok\n" + 2 * ":PULSE0:STATE? -> 1\n"
    with said(Qc9520, PULSER_HELLO + running + STOP) as pulser:
        pulser.make_safe(SafeEntry(action=SafeAction.OFF))


def test_a_refusal_is_told_with_its_reason(said):
    script, reason = PULSER_HELLO + ":PULSE0:STATE 1 -> ?8\n", "not available in the current state"
    with said(Qc9520, script) as pulser, pytest.raises(InstrumentError, match=reason):
        pulser.start()


def test_another_instrument_is_refused():
    wire = Wire(6 * "*IDN? -> ACME,1,2,3\n")
    with pytest.raises(TransportError, match="IDN"):
        Qc9520(LineSession(lambda deadline: wire, name="it"))
