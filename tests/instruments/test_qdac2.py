"""The conversation with a QDAC-II, and the speed of its ramps."""

import pytest

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import Supply
from qctl.instruments.qdac2 import N_CHANNELS, Qdac2

HELLO = "*IDN? -> QDevil, QDAC-II, A001234, 13-1.57\n"
OK = '\nSYST:ERR? -> 0, "No error"\n'
LIMIT = LimitEntry(min=-1.0, max=1.0, rate=10.0, unit="V")
ENTRY = InstrumentEntry(driver="", address="")


def test_a_ramp_is_made_of_steps_that_keep_to_the_rate(scripted, clock):
    steps = "".join(f"SOUR3:VOLT {v}{OK}" for v in ("0", "0.1", "0.2", "0.25"))
    said = "SOUR3:VOLT:MODE FIX" + OK + "SOUR3:VOLT? -> 0.0\n" + steps + "SOUR3:VOLT? -> 2.5E-1"
    clock.now = 0.0
    with scripted(Qdac2, HELLO + said, clock=clock) as supply:
        supply.configure(ENTRY, LIMIT)
        assert isinstance(supply, Supply)
        supply.ramp_to(3, 0.25)
    assert clock.now == pytest.approx(0.025)


def test_a_channel_that_does_not_follow_is_said(scripted, clock):
    said = "SOUR1:VOLT:MODE FIX" + OK + "SOUR1:VOLT? -> 0\nSOUR1:VOLT 0" + OK + "SOUR1:VOLT? -> 0.5"
    with scripted(Qdac2, HELLO + said, clock=clock) as supply:
        supply.configure(ENTRY, LIMIT)
        with pytest.raises(InstrumentError, match=r"channel 1 reads back as 0\.5 V"):
            supply.ramp_to(1, 0.0)


@pytest.mark.parametrize(
    ("channel", "level", "said"), [(0, 0.1, "channel 0"), (25, 0.1, "channel 25"), (1, 1.1, "level of channel 1 1.1")]
)
def test_what_is_not_allowed_is_refused_before_anything_is_sent(scripted, channel, level, said):
    with scripted(Qdac2, HELLO) as supply:
        supply.configure(ENTRY, LIMIT)
        with pytest.raises(InstrumentError, match=said):
            supply.ramp_to(channel, level)


@pytest.mark.parametrize("limit", [None, LimitEntry(min=-1, max=1), LimitEntry(min=-11, max=1, rate=1.0)])
def test_no_ramp_without_limits_that_it_can_keep(scripted, limit):
    with scripted(Qdac2, HELLO) as supply, pytest.raises(InstrumentError, match="limits"):
        supply.configure(ENTRY, limit)


def test_what_is_at_its_safe_level_is_left_alone(scripted, clock):
    said = "".join(f"SOUR{k}:VOLT? -> 0\n" for k in range(1, N_CHANNELS + 1))
    with scripted(Qdac2, HELLO + said, clock=clock) as supply:
        supply.make_safe(SafeEntry(action=SafeAction.RAMP, value=0.0, rate=1.0))


def test_holding_says_nothing(scripted):
    with scripted(Qdac2, HELLO) as supply:
        supply.make_safe(SafeEntry(action=SafeAction.HOLD))
