"""The conversation with a Yokogawa GS200, and the speed of its ramps."""

import re

import pytest

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import Bias
from qctl.instruments.gs200 import Gs200
from qctl.transport import Session

HELLO = "*IDN? -> YOKOGAWA,GS210,91T810991,2.02\n"
OK = '\nSYST:ERR? -> 0,"No error"\n'
LIMIT = LimitEntry(min=-2e-3, max=2e-3, rate=1e-3)
ENTRY = InstrumentEntry(driver="", address="")
READY = ":SOURce:FUNCtion? -> CURR\n:SOURce:RANGe? -> 10E-3\n"


def test_the_smallest_range_that_holds_the_limits_is_chosen(scripted):
    said = ":SOURce:FUNCtion? -> VOLT\n:OUTPut? -> 0\n:SOURce:FUNCtion CURRent" + OK + ":SOURce:RANGe 0.01" + OK
    with scripted(Gs200, HELLO + said) as source:
        source.configure(ENTRY, LIMIT)
        assert isinstance(source, Bias)


def test_what_is_right_already_is_left_alone(scripted):
    with scripted(Gs200, HELLO + READY) as source:
        source.configure(ENTRY, LIMIT)


def test_a_live_output_never_changes_its_range(scripted):
    said = HELLO + ":SOURce:FUNCtion? -> CURR\n:SOURce:RANGe? -> 100E-3\n:OUTPut? -> 1"
    with scripted(Gs200, said) as source, pytest.raises(InstrumentError, match="in another function or range"):
        source.configure(ENTRY, LIMIT)


@pytest.mark.parametrize("limit", [None, LimitEntry(min=0, max=1e-3), LimitEntry(min=0, max=1.0, rate=1.0)])
def test_no_ramp_without_limits(scripted, limit):
    with scripted(Gs200, HELLO) as source, pytest.raises(InstrumentError, match="limit"):
        source.configure(ENTRY, limit)
    with scripted(Gs200, HELLO) as source, pytest.raises(InstrumentError, match="no limits"):
        source.ramp_to(0.0)


def test_a_level_beyond_the_limits_is_refused(scripted):
    with scripted(Gs200, HELLO + READY) as source:
        source.configure(ENTRY, LIMIT)
        with pytest.raises(InstrumentError, match=r"level 0\.003 is beyond"):
            source.ramp_to(3e-3)


class Remembering:
    """A current source on a wire: keeps its level and when each level was set."""

    def __init__(self, clock, level=0.0, on=True):
        self.clock, self.level, self.on, self.history, self.said = clock, level, on, [], b""
        self.late = set()  # steps that take ten times as long

    def send(self, parts, deadline):
        for line in b"".join(parts).decode().splitlines():
            if found := re.fullmatch(r":SOURce:LEVel (\S+)", line):
                self.level = float(found[1])
                self.history.append((self.clock.monotonic(), self.level))
                if len(self.history) in self.late:
                    self.clock.pause(0.1)
            elif line.startswith(":OUTPut "):
                self.on = line.endswith("1")
            else:
                self.said += self.answer(line) + b"\n"

    def answer(self, line):
        return {
            "*IDN?": b"YOKOGAWA,GS210,91T810991,2.02",
            "SYST:ERR?": b'0,"No error"',
            ":SOURce:LEVel?": b"%.6E" % self.level,
            ":OUTPut?": b"%d" % self.on,
            ":SOURce:FUNCtion?": b"CURR",
            ":SOURce:RANGe?": b"10E-3",
        }[line]

    def receive(self, deadline):
        said, self.said = self.said, b""
        return said

    def pending(self):
        return self.said

    def clear(self):
        pass

    def close(self):
        pass


@pytest.fixture
def open_source(clock):
    def start(**state):
        wire = Remembering(clock, **state)
        source = Gs200(Session(lambda deadline: wire, name="bias", tagged=False), "bias", clock)
        source.configure(ENTRY, LIMIT)
        return source, wire

    return start


def fastest(history, start, began):
    times, levels = zip((began, start), *history, strict=True)
    steps = list(zip(times, times[1:], levels, levels[1:], strict=False))
    return max(abs(b - a) for _, _, a, b in steps), max(abs(b - start) / max(t - began, 1e-12) for _, t, _, b in steps)


@pytest.mark.parametrize(("start", "goal"), [(0.0, 1e-3), (1.5e-3, -0.5e-3), (-2e-3, 2e-3)])
def test_a_ramp_starts_at_the_level_read_back_and_is_never_too_fast(open_source, clock, start, goal):
    source, wire = open_source(level=start)
    wire.late = {5, 17}
    began = clock.monotonic()
    source.ramp_to(goal)
    assert wire.level == goal
    _, rate = fastest(wire.history, start, began)
    assert rate <= LIMIT.rate * (1 + 1e-9)
    assert clock.monotonic() - began >= abs(goal - start) / LIMIT.rate
    assert clock.pauses > 50


def test_an_output_that_was_off_is_switched_on_at_zero(open_source):
    source, wire = open_source(level=1.7e-3, on=False)
    source.ramp_to(1e-4)
    assert wire.history[0][1] == 0.0
    assert wire.on


def test_a_level_that_reads_back_differently_is_an_unknown_output(open_source):
    source, wire = open_source()
    wire.answer = lambda line, answer=wire.answer: b"5E-3" if line == ":SOURce:LEVel?" else answer(line)
    with pytest.raises(InstrumentError, match="its output is unknown"):
        source.ramp_to(1e-3)


@pytest.mark.parametrize(
    ("entry", "level", "on"),
    [
        (SafeEntry(action=SafeAction.HOLD), 1e-3, True),
        (SafeEntry(action=SafeAction.OFF), 1e-3, False),
        (SafeEntry(action=SafeAction.VALUE, value=0.5e-3), 0.5e-3, True),
        (SafeEntry(action=SafeAction.RAMP, value=0.0, rate=1e-2), 0.0, True),
    ],
)
def test_each_safe_state_is_reached(open_source, entry, level, on):
    source, wire = open_source(level=1e-3)
    source.make_safe(entry)
    assert (wire.level, wire.on) == (level, on)


def test_an_output_that_is_off_is_safe(open_source):
    source, wire = open_source(on=False)
    source.make_safe(SafeEntry(action=SafeAction.RAMP, value=0.0, rate=1e-2))
    assert wire.history == []
