"""Framing: what is accepted as the one reply to a query, on a wire whose bytes are known."""

import socket
import time
import tracemalloc

import numpy as np
import pytest

from qctl.core.errors import InstrumentError, TransportError
from qctl.transport import command
from qctl.transport.link import TAGS, Link
from qctl.transport.log import WireLog
from qctl.transport.wire import SocketWire

QUERY = command("SOUR:FREQ?")
DATA = command("DATA?")


class PairWire(SocketWire):
    """A wire with its far end in reach: ``says`` arrives after each message that is sent."""

    def __init__(self, says=b"", then_close=False):
        near, self.far = socket.socketpair()
        self.says, self.then_close = says, then_close
        self.sent = b""
        near_tcp = TcpLike(near)
        super().__init__(near_tcp, near_tcp)

    def send(self, parts, deadline):
        super().send(parts, deadline)
        self.sent += b"".join(parts)
        self.far.sendall(self.says)
        if self.then_close:
            self.far.shutdown(socket.SHUT_WR)

    def close(self):
        super().close()
        self.far.close()


class TcpLike:
    """A local socket that does not mind being told about Nagle's algorithm."""

    def __init__(self, link):
        self.link = link

    def setsockopt(self, level, option, value):
        if level == socket.SOL_SOCKET:
            self.link.setsockopt(level, option, value)

    def __getattr__(self, name):
        return getattr(self.link, name)


@pytest.fixture
def make_link():
    wires = []

    def make(says=b"", tagged=True, **options):
        wires.append(PairWire(says, **options))
        return Link(wires[-1], WireLog(), iter(TAGS[37:39]) if tagged else None)

    yield make
    for wire in wires:
        wire.close()


def soon(seconds=0.005):
    return time.monotonic() + seconds


def test_a_tagged_query_is_answered_between_two_tags(make_link):
    link = make_link(b"37;5.1E9;37\n")
    assert link.line(QUERY, soon(1)) == "5.1E9"
    assert link.wire.sent == b"*ESE 37;*ESE?;:SOUR:FREQ?;*ESE?\n"


def test_nothing_is_asked_behind_an_identity(make_link):
    link = make_link(b"37;MAKER,TOY,1,2\n")
    assert link.line(command("*IDN?"), soon(1)) == "MAKER,TOY,1,2"
    assert link.wire.sent == b"*ESE 37;*ESE?;*IDN?\n"


def test_carriage_returns_are_no_part_of_a_reply(make_link):
    assert make_link(b"5\r\n", tagged=False).line(QUERY, soon(1)) == "5"


@pytest.mark.parametrize(
    "says",
    [
        b"36;5.1E9;36\n",  # late, swapped or doubled
        b"5.1E9\n",
        b"37;5.1E9\n",  # its end is missing
        b"37;5.1E9;37\n37;5.1E9;37\n",
        b"37;5.1E9;37\nx",
        b"37;5.1E9;37",
        b"37;5.1E9;38\n",
        b"\n",
        b"",
        b"\xff\xfe\n",
        b"137;5.1E9;37\n",
        b"37;5.1E9;137\n",
    ],
)
def test_anything_else_is_a_fault(make_link, says):
    with pytest.raises(TransportError):
        make_link(says).line(QUERY, soon())


def test_an_attributed_but_empty_answer_is_the_instruments_refusal(make_link):
    with pytest.raises(InstrumentError, match="not answered") as caught:
        make_link(b"37;37\n").line(QUERY, soon(1))
    assert not isinstance(caught.value, TransportError)


def test_bytes_that_nobody_asked_for_are_found_before_the_query_is_sent(make_link):
    link = make_link(b"37;1;37\n")
    link.wire.far.sendall(b"6\n")
    with pytest.raises(TransportError, match="2 bytes that nobody asked for"):
        link.line(QUERY, soon(1))
    assert link.wire.sent == b""


@pytest.mark.parametrize("n_bytes", [0, 2, 4096, 200_000])
def test_a_block_fills_the_callers_memory(make_link, n_bytes):
    payload = np.random.default_rng(1).bytes(n_bytes)
    link = make_link(b"37;#6%06d" % n_bytes + payload + b"\n")
    room = bytearray(n_bytes)
    link.block(DATA, memoryview(room), soon(1), indefinite=False)
    assert room == payload


def test_an_indefinite_block_needs_its_declaration(make_link):
    room = bytearray(4)
    make_link(b"37;#0abcd\n").block(DATA, memoryview(room), soon(1), indefinite=True)
    assert room == b"abcd"
    with pytest.raises(TransportError, match="block header"):
        make_link(b"37;#0abcd\n").block(DATA, memoryview(room), soon(1), indefinite=False)


def test_a_block_cut_off_at_any_byte_is_dropped_whole(make_link):
    whole = b"37;#44096" + np.random.default_rng(2).bytes(4096) + b"\n"
    room = memoryview(bytearray(4096))
    for length in range(len(whole)):
        link = make_link(whole[:length], then_close=True)
        with pytest.raises(TransportError):
            link.block(DATA, room, soon(0.5), indefinite=False)
        link.wire.close()


@pytest.mark.parametrize(
    "says",
    [
        b"37;#15abcd\n",  # one too many
        b"37;#13abcd\n",
        b"37;#240abcd\n",
        b"37;#10\n",
        b"37;#14abcde\n",
        b"37;#14abcd\n37;1\n",
        b"37;#14abcd;37\n",
        b"37; #14abcd\n",
        b"37;#A4abcd\n",
        b"37;#(4)abcd\n",
        b"37;#2 4abcd\n",
        b"37;#2+4abcd\n",
        b"37;#2_4abcd\n",
        b"37;#2-4abcd\n",
        b"37;x#14abcd\n",
        b"36;#14abcd\n",
        b"#14abcd\n",
    ],
)
def test_a_block_that_is_not_exactly_what_was_declared_is_refused(make_link, says):
    with pytest.raises(TransportError):
        make_link(says).block(DATA, memoryview(bytearray(4)), soon(), indefinite=False)


def test_a_claimed_length_of_a_gigabyte_allocates_nothing(make_link):
    link = make_link(b"37;#9999999999" + b"x" * 1000)
    tracemalloc.start()
    with pytest.raises(TransportError, match="exactly 8 bytes"):
        link.block(DATA, memoryview(bytearray(8)), soon(1), indefinite=False)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_an_endless_line_is_cut_short(make_link):
    class Endless(PairWire):
        def receive(self, deadline):
            return b"7" * 65536

    wire = Endless()
    with pytest.raises(TransportError, match="one line"):
        Link(wire, WireLog(), None).line(QUERY, soon(1))
    wire.close()
