"""One open link: a message goes out, exactly one attributed reply comes back, or it is a fault.

A late, doubled or swapped reply of the right type looks like a good one. So each query carries a tag:
``*ESE 37;*ESE?;:SOUR:FREQ?;*ESE?`` must be answered ``37;5.1E9;37``. The tag in front attributes the reply; the one
behind shows that nothing is missing or was glued to it. The event status enable register holds eight bits, every
IEEE 488.2 instrument has it (IEEE 488.2-1992, chapters 10.10 and 10.11), and it changes nothing but which events are
summarised in the status byte, which qctl does not use. Replies that must end their message (``*IDN?``, chapter
10.14.3, and blocks) carry the tag in front only. An instrument without the register is opened with ``tagged=False``;
what is promised then is weaker: a doubled reply that arrives after the next query was sent passes for its answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import cycle
from typing import NamedTuple

from qctl.core.errors import InstrumentError, TransportError

from .block import block_span, payload_start
from .command import Command
from .log import WireLog
from .wire import Wire

MAX_REPLY = 1 << 20  # bytes of a reply that is no block
_NEWLINE = 10
_LAST_WORDS = ("*IDN?", "*OPT?")  # arbitrary ASCII responses: nothing may be asked behind them


class Tag(NamedTuple):
    """One number, ready to be sent and compared."""

    question: bytes  # goes in front of a query
    front: bytes  # of the reply
    back: bytes  # of the reply, where something was asked behind the query


UNTAGGED = Tag(b"", b"", b"\n")
TAGS = tuple(Tag(b"*ESE %d;*ESE?;" % k, b"%d;" % k, b";%d\n" % k) for k in range(256))


def tags(start: int) -> Iterator[Tag]:
    """Return all tags in turn, for ever, from number ``start`` (modulo 256) on."""
    first = (start + 1) % 256
    return cycle(TAGS[first:] + TAGS[:first])


class Link:
    """Exchanges over one wire; every method raises TransportError when the link can no longer be trusted.

    Parameters
    ----------
    wire : the open channel
    log : gets the head of everything
    tag : where the next tag comes from; None for instruments without ``*ESE``
    """

    def __init__(self, wire: Wire, log: WireLog, tag: Iterator[Tag] | None) -> None:
        self.wire, self._log, self._tags = wire, log, tag

    def send(self, parts: Sequence[bytes | memoryview], deadline: float) -> None:
        """Send a message that has no reply."""
        self._log.add(">", bytes(parts[0]), sum(map(len, parts)))
        self.wire.send(parts, deadline)

    def line(self, query: Command, deadline: float) -> str:
        """Return the one line that answers ``query``, without tags and newline."""
        closed = query not in _LAST_WORDS
        tag = self._ask(query, deadline, closed)
        reply = self.wire.receive(deadline)
        while reply[-1] != _NEWLINE and b"\n" not in reply and len(reply) <= MAX_REPLY:
            reply += self.wire.receive(deadline)
        self._log.add("<", reply)
        if reply.endswith(b"\r\n"):
            reply = reply[:-2] + b"\n"
        if reply.find(b"\n") != len(reply) - 1:
            raise TransportError(f"{query} was answered by {len(reply)} bytes", allowed="one line and nothing more")
        front, back = tag.front, tag.back if closed else b"\n"
        begin, end = len(front), len(reply) - len(back)
        # One tag must not serve as both front and back: the one has to end where the other begins, or before.
        if begin > end or not reply.startswith(front) or not reply.endswith(back):
            raise _strange(reply, tag, query)
        return reply[begin:end].decode("ascii", "backslashreplace")

    def block(self, query: Command, out: memoryview, deadline: float, *, indefinite: bool) -> None:
        """Fill ``out`` with the one block that answers ``query``."""
        tag = self._ask(query, deadline, False)
        front, head, start = tag.front, b"", None
        while start is None:
            head += self.wire.receive(deadline)
            if not head.startswith(front[: len(head)]):
                raise _strange(head, tag, query)
            start = payload_start(head[len(front) :], len(out), indefinite=indefinite)
        rest = head[len(front) + start :]
        self._log.add("<", head, len(head) - len(rest) + len(out) + 1)
        early = min(len(rest), len(out))
        out[:early] = rest[:early]
        self.wire.receive_into(out[early:], deadline)
        end = rest[early:] or self.wire.receive(deadline)
        if end == b"\r":
            end += self.wire.receive(deadline)
        if end not in (b"\n", b"\r\n"):
            raise TransportError(f"a block of {len(out)} bytes went on with {end[:16]!r}", allowed="a newline")

    def blocks(self, query: Command, n_blocks: int, most: int, deadline: float) -> list[bytes]:
        """Return the definite blocks that answer ``query``, each behind the other and of at most ``most`` bytes."""
        tag = self._ask(query, deadline, False)
        data, found = bytearray(), list[bytes]()
        while not data.startswith(tag.front):
            data += self.wire.receive(deadline)
            if not tag.front.startswith(data[: len(tag.front)]):
                raise _strange(bytes(data), tag, query)
        place = len(tag.front)
        for _ in range(n_blocks):
            while (span := block_span(bytes(data[place : place + 11]), most)) is None:
                data += self.wire.receive(deadline)
            start, length = span
            while len(data) < place + start + length:
                data += self.wire.receive(deadline)
            found.append(bytes(data[place + start : place + start + length]))
            place += start + length
        while bytes(data[place:]) in (b"", b"\r"):
            data += self.wire.receive(deadline)
        self._log.add("<", bytes(data[:64]), len(data))
        if bytes(data[place:]) not in (b"\n", b"\r\n"):
            raise TransportError(f"{n_blocks} blocks went on with {bytes(data[place:][:16])!r}", allowed="a newline")
        return found

    def _ask(self, query: Command, deadline: float, closed: bool) -> Tag:
        """Send ``query`` into silence; return how its reply must begin and end."""
        if unasked := self.wire.pending():
            self._log.add("<", unasked)
            raise TransportError(f"{len(unasked)} bytes that nobody asked for", allowed="silence before a query")
        if self._tags is None:
            tag, message = UNTAGGED, f"{query}\n".encode("ascii")
        else:
            tag = next(self._tags)
            message = tag.question + _framed(query, closed)
        self._log.add(">", message)
        self.wire.send((message,), deadline)
        return tag


def rooted(query: Command) -> str:
    """Return ``query`` so that it means the same after a semicolon."""
    return query if query[0] in ":*" else f":{query}"


@lru_cache(maxsize=256)
def _framed(query: Command, closed: bool) -> bytes:
    return f"{rooted(query)}{';*ESE?' if closed else ''}\n".encode("ascii")


def _strange(reply: bytes, tag: Tag, query: Command) -> InstrumentError:
    number = tag.front[:-1]
    if reply.rstrip(b"\r\n") in (number, tag.front + number):  # attributed, but empty: the instrument refused the query
        return InstrumentError(f"{query} was not answered", remedy="its error queue says why")
    return TransportError(f"{query} was answered {reply[:80]!r}", allowed=f"a reply tagged {number.decode()}")
