"""What happens after a fault: the link is opened anew, the same instrument is found, the memory counts as dirty."""

import numpy as np
import pytest

from qctl.core.errors import InstrumentError, TransportError
from qctl.transport import command, grammar
from qctl.transport.log import WireLog

VALUE = command("VAL?", 1)


class Once:
    """Loses one reply, the ``n``-th."""

    def __init__(self, n):
        self.n = n

    def apply(self, reply):
        if reply:
            self.n -= 1
        return (b"" if reply and self.n == -1 else reply), False


def test_a_lost_reply_is_asked_for_again_over_a_new_link(open_session, number):
    session = open_session(faults=Once(1), timeout=0.02)
    assert session.ask(VALUE, grammar.nr3) == float(number(1))
    assert session.generation == 1


def test_each_fault_keeps_the_wire_log_up_to_it(open_session):
    session = open_session(faults=Once(1), timeout=0.02)
    session.ask(VALUE, grammar.nr3)
    (fault,) = session.faults
    assert fault.reason == "no reply in time"
    assert "VAL? 1" in fault.log


def test_settings_are_not_sent_twice_and_their_loss_is_told(open_session, toy):
    session = open_session(toy, Once(1), timeout=0.02)
    session.write(command("VOLT", 0.5))
    with pytest.raises(TransportError, match="configure again") as caught:
        session.ask(VALUE, grammar.nr3)
    assert "VOLT 0.5" in caught.value.__notes__[0]
    assert session.ask(VALUE, grammar.nr3)


def test_settings_that_an_empty_error_queue_confirmed_do_not_stop_a_retry(open_session):
    session = open_session(faults=Once(2), timeout=0.02)
    session.write(command("VOLT", 0.5))
    assert session.errors() == []
    assert session.ask(VALUE, grammar.nr3)
    assert session.generation == 1


def test_a_query_that_changes_what_it_asks_for_is_not_repeated(open_session):
    session = open_session(faults=Once(1), timeout=0.02)
    with pytest.raises(TransportError, match="no reply in time"):
        session.ask(VALUE, grammar.nr3, retry=False)


def test_another_serial_number_after_a_fault_is_refused(open_session, toy):
    session = open_session(toy, Once(1), timeout=0.02)
    toy.idn = "MAKER,TOY,124,1.0"
    for _ in range(2):  # and stays refused
        with pytest.raises(InstrumentError, match="another instrument answers: MAKER,TOY,124"):
            session.ask(VALUE, grammar.nr3)
    with pytest.raises(InstrumentError, match="another instrument"):
        session.write(command("OUTP", True))
    assert toy.settings == {}


def test_another_firmware_after_a_fault_is_refused(open_session, toy):
    session = open_session(toy, Once(1), timeout=0.02)
    toy.idn = "MAKER,TOY,123,1.1"
    with pytest.raises(InstrumentError, match=r"another instrument answers: MAKER,TOY,123,1\.1"):
        session.ask(VALUE, grammar.nr3)


def test_a_stuck_operation_ends_at_its_deadline_and_leaves_the_memory_dirty(open_session, toy):
    session = open_session(toy, timeout=0.2)
    toy.mute.add("*OPC?")
    for k in range(20):
        with pytest.raises(TransportError, match="no reply in time"):
            session.ask(command("*OPC?"), grammar.boolean, timeout=0.002, retry=False)
        assert session.generation == k + 1
    assert session.ask(VALUE, grammar.nr3)


def test_an_error_queue_that_never_empties_is_read_64_times(open_session, toy):
    session = open_session(toy)
    toy.said["SYST:ERR?"] = b'-222,"Data out of range"'
    before = len(session.log.entries())
    with pytest.raises(InstrumentError, match="not empty after 64 reads"):
        session.errors()
    assert len(session.log.entries()) - before == 2 * 64


def test_a_queue_overflow_makes_the_memory_dirty(open_session, toy):
    session = open_session(toy)
    toy.queue.append(b'-350,"Queue overflow"')
    assert session.errors() == [(-350, "Queue overflow")]
    assert session.generation == 1


@pytest.mark.parametrize("reply", [b"", b"No error", b"+0;0", b"0,", b"0x0", b'0,"No', b"nan", b'"0"', b"0 0"])
def test_a_malformed_error_queue_is_no_empty_one(open_session, toy, reply):
    session = open_session(toy, timeout=0.05)
    toy.said["SYST:ERR?"] = reply
    if reply == b"0,":
        assert session.errors() == []  # an empty message is allowed
    else:
        with pytest.raises(InstrumentError):
            session.errors()


@pytest.mark.parametrize(
    "reply",
    [b"5;6", b"5\n6", b"5;*RST", b"5 6", b"5,6", b"", b"nan", b"INF", b"9.91E37", b"-9.9E+37", b"1e400", b"0x5"],
)
def test_a_reply_that_somebody_altered_does_not_pass_the_grammar(open_session, toy, reply):
    session = open_session(toy, timeout=0.05)
    toy.said["VAL?"] = reply
    with pytest.raises(InstrumentError):
        session.ask(VALUE, grammar.nr3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e-45])
def test_floats_in_a_block_must_be_finite_and_normal(open_session, toy, value):
    session = open_session(toy)
    toy.said["DATA?"] = b"#18" + np.array([1.0, value], "<f4").tobytes()
    with pytest.raises(TransportError, match="NaN, infinity or subnormal"):
        session.ask_block(command("DATA?"), np.empty(2, "<f4"))


def test_a_device_clear_that_fails_is_followed_by_a_new_link(open_session):
    session = open_session(faults=Once(1), timeout=0.02)

    def clear():
        raise TransportError("device clear is not supported")

    session._link.wire.clear = clear
    assert session.ask(VALUE, grammar.nr3)
    assert b"device clear is not supported" in [entry.head for entry in session.log.entries()]


def test_a_server_that_is_gone_is_tried_three_times_and_found_again(serve, open_session, toy):
    attempts = []
    session = open_session(toy, timeout=0.02)
    working = session._connect

    def refuse(deadline):
        attempts.append(deadline)
        raise TransportError("no connection")

    session._connect = refuse
    toy.mute.add("VAL?")
    with pytest.raises(TransportError, match="no connection"):
        session.ask(VALUE, grammar.nr3)
    assert len(attempts) == 3
    session._connect = working
    toy.mute.clear()
    assert session.ask(VALUE, grammar.nr3)


def test_an_interrupted_exchange_is_not_taken_up_again(open_session, number):
    session = open_session()

    def interrupt(reply):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.ask(VALUE, interrupt)
    assert session.ask(command("VAL?", 2), grammar.nr3) == float(number(2))
    assert session.generation == 1


def test_opening_sends_nothing_but_a_query_and_the_greeting(open_session, toy):
    session = open_session(toy, greeting=(command("HEAD", False),))
    session.ask(VALUE, grammar.nr3)
    assert toy.settings == {"HEAD": "0"}


def test_the_wire_log_forgets_what_is_oldest():
    log = WireLog(capacity=1000)
    for k in range(100):
        log.add(">", b"%03d" % k)
    kept = log.entries()
    assert kept[-1].head == b"099"
    assert len(kept) < 100


def test_blocks_of_any_length_are_read_one_behind_the_other(open_session, toy):
    session = open_session(toy, timeout=0.2)
    toy.said["DATA?"] = b"#15hello#206\n1;2#3"
    assert session.ask_blocks(command("DATA?"), 2, 6) == [b"hello", b"\n1;2#3"]


@pytest.mark.parametrize(
    ("said", "n", "most"), [(b"#15hello", 1, 4), (b"#15hello", 2, 9), (b"#15hello!", 1, 9), (b"hello", 1, 9)]
)
def test_blocks_that_are_longer_fewer_or_none_are_refused(open_session, toy, said, n, most):
    session = open_session(toy, timeout=0.05)
    toy.said["DATA?"] = said
    with pytest.raises(TransportError):
        session.ask_blocks(command("DATA?"), n, most)
