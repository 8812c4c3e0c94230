"""One strict conversation: a reply is attributed to its query or it is refused.

A late, doubled or swapped reply of the right type looks like a good one. So each query carries a tag:
``*ESE 37;*ESE?;:SOUR:FREQ?`` must be answered ``37;5.1E9``. The event status enable register holds eight bits, every
IEEE 488.2 instrument has it (IEEE 488.2-1992, chapters 10.10 and 10.11), and it changes nothing but which events are
summarised in the status byte, which qctl does not use. An instrument without it is opened with ``tagged=False``; what
is promised then is weaker: a doubled reply that arrives after the next query was sent cannot be told from its answer.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError, TransportError

from . import grammar
from .block import header_of, payload_start
from .command import Command, command
from .log import WireLog
from .wire import Wire

T = TypeVar("T")

MAX_REPLY = 1 << 20  # bytes of a reply that is no block
MAX_ERRORS = 64  # reads of the error queue
ATTEMPTS = 3
_IDN, _CLS, _ERRORS = command("*IDN?"), command("*CLS"), command("SYST:ERR?")


class Fault(NamedTuple):
    """One thing that went wrong, and what was on the wire up to then."""

    reason: str
    log: str


class Session:
    """A strict link with one instrument, used by one thread at a time.

    Parameters
    ----------
    connect : opens the link anew, before the given monotonic deadline
    name : what errors call the instrument
    timeout : s, for one exchange unless said otherwise
    tagged : each query carries a sequence tag in ``*ESE``
    greeting : protocol settings sent after each opening; must change no output
    error_query : how this instrument is asked for its oldest error
    pause : waits between attempts to reopen

    Attributes
    ----------
    idn : answer to ``*IDN?`` at the first opening; later ones must be the same
    generation : rises whenever what the instrument holds became uncertain (after any fault)
    faults : the last faults, each with the wire log up to it
    """

    def __init__(
        self,
        connect: Callable[[float], Wire],
        *,
        name: str,
        timeout: float = 5.0,
        tagged: bool = True,
        greeting: Sequence[Command] = (),
        error_query: Command = _ERRORS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connect, self._pause = connect, pause
        self.name, self.timeout = name, timeout
        self._tagged, self._greeting, self._error_query = tagged, tuple(greeting), error_query
        self._tag = time.monotonic_ns() % 256 if tagged else 0
        self._wire: Wire | None = None
        self._midway = False  # an exchange was begun and not finished
        self._unconfirmed = False  # settings were sent since the error queue was last seen empty
        self.log = WireLog()
        self.faults: deque[Fault] = deque(maxlen=8)
        self.generation = 0
        self.idn = ""
        self._reopen()

    # --- what drivers say ---

    def write(self, *commands: Command) -> None:
        """Send settings. They are never sent twice: a fault raises, and what the instrument holds is uncertain."""
        text = "\n".join(commands) + "\n"
        self._send_settings((text.encode("ascii"),))

    def write_block(self, head: Command, data: NDArray[np.generic]) -> None:
        """Send ``head`` with ``data`` as a definite block, from the caller's memory."""
        view = _bytes_of(data)
        separator = b"," if " " in head else b" "
        self._send_settings((head.encode("ascii") + separator + header_of(len(view)), view, b"\n"))

    def ask(self, query: Command, read: Callable[[str], T], *, timeout: float | None = None, retry: bool = True) -> T:
        """Return what ``read`` makes of the one reply to ``query``.

        Parameters
        ----------
        read : a reader of :mod:`qctl.transport.grammar`
        timeout : s, for the whole exchange
        retry : ask again after a fault; False for queries that change what they ask for

        Raises
        ------
        TransportError
            When no attempt gave a reply that can be attributed and read.
        InstrumentError
            When the instrument answered that it has no answer, or when another one answers at this address.
        """

        def exchange(deadline: float) -> T:
            reply = self._exchange(query, deadline)
            try:
                return read(reply)
            except ValueError as error:
                raise TransportError(f"{query} was answered {reply[:80]!r}", allowed=str(error)) from error

        return self._attempt(exchange, timeout, retry)

    def ask_many(self, queries: Sequence[Command], read: Callable[[str], T]) -> list[T]:
        """Return the answers to several queries that travel in one message."""
        joined = Command(";".join(_rooted(query) for query in queries))
        return self.ask(joined, grammar.several(read, len(queries)))

    def ask_block(
        self,
        query: Command,
        out: NDArray[np.generic],
        *,
        indefinite: bool = False,
        timeout: float | None = None,
        retry: bool = True,
    ) -> None:
        """Fill ``out`` with the block that answers ``query``: exactly its bytes, not one more or less.

        ``indefinite`` declares ``#0``, payload, newline instead of a header with a length. Floats must be finite and
        normal. The memory is the caller's; after an error its content means nothing.
        """
        view = _bytes_of(out)

        def exchange(deadline: float) -> None:
            self._exchange_block(query, view, indefinite, deadline)
            if out.dtype.kind == "f":
                _check_floats(query, out)

        self._attempt(exchange, timeout, retry)

    def errors(self) -> list[grammar.ErrorEntry]:
        """Drain the error queue; an empty list confirms every setting sent so far.

        Raises
        ------
        InstrumentError
            When the queue does not end within ``MAX_ERRORS`` reads.
        """
        found: list[grammar.ErrorEntry] = []
        for _ in range(MAX_ERRORS):
            entry = self.ask(self._error_query, grammar.error_entry, retry=False)
            if entry.code == 0:
                self._unconfirmed = False
                return found
            found.append(entry)
            if entry.code == -350:  # queue overflow: nobody knows what else was refused
                self.generation += 1
        raise InstrumentError(
            f"the error queue is not empty after {MAX_ERRORS} reads, the last was {found[-1]}", where=self.name
        )

    def close(self) -> None:
        """Close the link; nothing is sent."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    # --- one exchange ---

    def _send_settings(self, parts: Sequence[bytes | memoryview]) -> None:
        if self._wire is None or self._midway:
            self._recover("the link was left in the middle of an exchange" if self._midway else "the link is down")
        self._unconfirmed = True
        try:
            self._midway = True
            self._send(parts, time.monotonic() + self.timeout)
            self._midway = False
        except TransportError as error:
            self._recover(error.asked)
            self._unconfirmed = False  # the caller learns of it now
            raise self._told(error) from error

    def _send(self, parts: Sequence[bytes | memoryview], deadline: float) -> None:
        self.log.add(">", parts[0], sum(map(len, parts)))
        assert self._wire is not None
        self._wire.send(parts, deadline)

    def _attempt(self, once: Callable[[float], T], timeout: float | None, retry: bool) -> T:
        """Run one exchange; after a fault reopen, and repeat it when that can neither hide nor double anything."""
        for left in reversed(range(ATTEMPTS if retry else 1)):
            if self._wire is None or self._midway:
                self._recover("the link was left in the middle of an exchange" if self._midway else "the link is down")
            try:
                self._midway = True
                answer = once(time.monotonic() + (timeout or self.timeout))
                self._midway = False
                return answer
            except TransportError as error:
                lost_settings, self._unconfirmed = self._unconfirmed, False
                self._recover(error.asked)
                if not left or lost_settings:
                    raise self._told(error, lost_settings) from error
            except InstrumentError:
                self._midway = False
                raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _exchange(self, query: Command, deadline: float) -> str:
        """Send one query and return its one reply, without tag and newline."""
        wire = self._quiet()
        message, tag = self._tagged_message(query)
        self.log.add(">", message)
        wire.send((message,), deadline)
        reply = wire.receive(deadline)
        while reply[-1] != 10:  # newline
            if len(reply) > MAX_REPLY or b"\n" in reply:
                break
            reply += wire.receive(deadline)
        self.log.add("<", reply)
        line = reply[:-2] if reply.endswith(b"\r\n") else reply[:-1]
        if reply[-1] != 10 or b"\n" in line:
            raise TransportError(f"{len(reply)} bytes that are not one reply", allowed="one line")
        return self._untagged(line, tag, query).decode("ascii", "backslashreplace")

    def _exchange_block(self, query: Command, out: memoryview, indefinite: bool, deadline: float) -> None:
        wire = self._quiet()
        message, tag = self._tagged_message(query)
        self.log.add(">", message)
        wire.send((message,), deadline)
        head, start = b"", None
        while start is None:
            head += wire.receive(deadline)
            payload = head[len(tag) :] if head.startswith(tag) else b""
            if (len(head) >= len(tag) and not head.startswith(tag)) or head == tag[:-1] + b"\n":
                raise self._unanswered(head, tag, query)
            start = payload_start(payload, len(out), indefinite=indefinite)
        rest = payload[start:]
        self.log.add("<", head, len(tag) + start + len(out) + 1)
        early = min(len(rest), len(out))
        out[:early] = rest[:early]
        wire.receive_into(out[early:], deadline)
        end = rest[early:] or wire.receive(deadline)
        if end != b"\n":
            raise TransportError(f"a block of {len(out)} bytes ended with {end[:16]!r}", allowed="a newline")

    def _quiet(self) -> Wire:
        """Return the wire after making sure that nothing lies in it."""
        assert self._wire is not None
        if unasked := self._wire.pending():
            self.log.add("<", unasked)
            raise TransportError(f"{len(unasked)} bytes that nobody asked for", allowed="silence before a query")
        return self._wire

    def _tagged_message(self, query: Command) -> tuple[bytes, bytes]:
        """Return the message to send, and how its reply must begin."""
        if not self._tagged:
            return query.encode("ascii") + b"\n", b""
        self._tag = tag = (self._tag + 1) % 256
        return f"*ESE {tag};*ESE?;{_rooted(query)}\n".encode("ascii"), b"%d;" % tag

    def _untagged(self, line: bytes, tag: bytes, query: Command) -> bytes:
        if line.startswith(tag):
            return line[len(tag) :]
        raise self._unanswered(line, tag, query)

    def _unanswered(self, line: bytes, tag: bytes, query: Command) -> InstrumentError:
        if line.rstrip(b"\r\n") == tag[:-1]:  # attributed, but empty: the instrument refused the query
            return InstrumentError(f"{query} was not answered", where=self.name, remedy="its error queue says why")
        return TransportError(f"{query} was answered {line[:80]!r}", allowed=f"a reply tagged {tag.decode()!r}")

    # --- faults ---

    def _told(self, error: TransportError, lost_settings: bool = False) -> TransportError:
        remedy = "settings sent before it are uncertain: configure again" if lost_settings else error.remedy
        told = TransportError(error.asked, allowed=error.allowed, where=self.name, remedy=remedy)
        told.add_note(self.log.text(last=12))
        return told

    def _recover(self, reason: str) -> None:
        """Close, reopen, compare identity, clear, drain: after it the link is clean and the memory dirty."""
        self.generation += 1
        self.log.add("!", reason.encode("ascii", "replace"))
        self.faults.append(Fault(reason, self.log.text()))
        if self._wire is not None:
            try:
                self._wire.clear()
            except TransportError as error:  # closing does what clearing could not
                self.log.add("!", error.asked.encode("ascii", "replace"))
        self._reopen()

    def _reopen(self) -> None:
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(self.timeout * 2**attempt / 16)
            self.close()
            try:
                self._midway = True
                self._greet(time.monotonic() + self.timeout)
                self._midway = False
                return
            except TransportError as error:
                last = error
        self.close()
        raise self._told(last) from last

    def _greet(self, deadline: float) -> None:
        """Open the link and make sure that the same instrument answers (G15, G23)."""
        self._wire = self._connect(deadline)
        try:
            found = grammar.identity(self._exchange(_IDN, deadline))
        except ValueError as error:
            raise TransportError("*IDN? was answered wrongly", allowed=str(error)) from error
        if self.idn and found != self.idn:
            self.close()
            raise InstrumentError(
                f"another instrument answers: {found}",
                allowed=self.idn,
                where=self.name,
                remedy="check cabling and firmware, then open the laboratory again",
            )
        if self.idn:
            self._send((_CLS.encode("ascii") + b"\n",), deadline)
        for setting in self._greeting:
            self._send((setting.encode("ascii") + b"\n",), deadline)
        if self.idn:
            self._drain(deadline)
        self.idn = found

    def _drain(self, deadline: float) -> None:
        for _ in range(MAX_ERRORS):
            reply = self._exchange(self._error_query, deadline)
            try:
                if grammar.error_entry(reply).code == 0:
                    return
            except ValueError as error:
                raise TransportError(f"the error queue answered {reply[:80]!r}", allowed=str(error)) from error
        raise TransportError(f"the error queue is not empty after {MAX_ERRORS} reads", allowed="an end of the queue")


def _rooted(query: Command) -> str:
    """Return ``query`` so that it means the same after a semicolon."""
    return query if query[0] in ":*" else f":{query}"


def _bytes_of(data: NDArray[np.generic]) -> memoryview:
    if not data.flags.c_contiguous:
        raise TransportError("a block whose memory has gaps", allowed="a C-contiguous array")
    return data.reshape(-1).view(np.uint8).data


def _check_floats(query: Command, values: NDArray[np.generic]) -> None:
    size, smallest = np.abs(values), np.finfo(str(values.dtype)).tiny
    if not bool(np.all(np.isfinite(size) & ((size == 0) | (size >= smallest)))):
        raise TransportError(f"{query} was answered with NaN, infinity or subnormal numbers", allowed="finite numbers")
