"""The strict session: after any fault the link is opened anew, and nothing doubtful is kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic, monotonic_ns, sleep
from typing import TypeVar, TypeVarTuple, Unpack

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError, TransportError

from . import grammar
from .block import header_of
from .command import Command, command
from .link import Link, rooted, tags
from .log import Fault, WireLog
from .wire import Wire

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MAX_ERRORS = 64  # reads of the error queue
ATTEMPTS = 3
_IDN, _CLS, _ERRORS = command("*IDN?"), command("*CLS"), command("SYST:ERR?")


class Session:
    """A strict link with one instrument, used by one thread at a time.

    Parameters
    ----------
    connect : opens the wire anew, before the given monotonic deadline
    name : what errors call the instrument
    timeout : s, for one exchange unless said otherwise
    tagged : each query carries a sequence tag, see :mod:`qctl.transport.link`
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
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self._connect, self._pause = connect, pause
        self.name, self.timeout = name, timeout
        self._greeting, self._error_query = tuple(greeting), error_query
        self._tags = tags(monotonic_ns()) if tagged else None
        self._link: Link | None = None
        self._midway = False  # an exchange was begun and not finished (Ctrl-C)
        self._unconfirmed = False  # settings were sent since the error queue was last seen empty
        self.log = WireLog()
        self.faults: deque[Fault] = deque(maxlen=8)
        self.generation = 0
        self.idn = ""
        self._reopen()

    def write(self, *commands: Command) -> None:
        """Send settings. They are never sent twice: a fault raises, and what the instrument holds is uncertain."""
        self._send_settings((("\n".join(commands) + "\n").encode("ascii"),))

    def write_block(self, head: Command, data: NDArray[np.generic]) -> None:
        """Send ``head`` with ``data`` as a definite block, straight from the caller's memory."""
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
        return self._attempt(timeout, retry, _line, query, read)

    def ask_many(self, queries: Sequence[Command], read: Callable[[str], T]) -> list[T]:
        """Return the answers to several queries that travel in one message."""
        joined = Command(";".join(rooted(query) for query in queries))
        return self.ask(joined, grammar.several(read, len(queries)))

    def ask_block(
        self, query: Command, out: NDArray[np.generic], *, indefinite: bool = False, timeout: float | None = None
    ) -> None:
        """Fill ``out`` with the block that answers ``query``: exactly its bytes, not one more or less.

        ``indefinite`` declares ``#0``, payload, newline instead of a header with a length. Floats must be finite and
        normal. The memory is the caller's; after an error its content means nothing.
        """
        self._attempt(timeout, True, _block, query, out, _bytes_of(out), indefinite)

    def ask_blocks(self, query: Command, n_blocks: int, most: int, *, timeout: float | None = None) -> list[bytes]:
        """Return ``n_blocks`` definite blocks that answer ``query`` one right behind the other, each of its own length.

        ``most`` bounds the bytes of each. For answers whose length only the instrument knows; `ask_block` is stricter.
        """
        return self._attempt(timeout, True, _blocks, query, n_blocks, most)

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
        if self._link is not None:
            self._link.wire.close()
            self._link = None

    def _send_settings(self, parts: Sequence[bytes | memoryview]) -> None:
        link = self._ready()
        self._unconfirmed = self._midway = True
        try:
            link.send(parts, monotonic() + self.timeout)
            self._midway = False
        except TransportError as error:
            self._unconfirmed = False  # the caller learns of it now
            self._recover(error.asked)
            raise self._told(error, lost_settings=True) from error

    def _attempt(
        self, timeout: float | None, retry: bool, once: Callable[[Link, float, Unpack[Ts]], T], *arguments: *Ts
    ) -> T:
        """Run one exchange; after a fault reopen, and repeat it where that can neither hide nor double anything."""
        patience = self.timeout if timeout is None else timeout
        left = ATTEMPTS if retry else 1
        while True:
            left -= 1
            link = self._link
            if link is None or self._midway:
                link = self._ready()
            self._midway = True
            try:
                answer = once(link, monotonic() + patience, *arguments)
                self._midway = False
                return answer
            except TransportError as error:
                lost_settings, self._unconfirmed = self._unconfirmed, False
                self._recover(error.asked)
                if not left or lost_settings:
                    raise self._told(error, lost_settings) from error
            except InstrumentError as error:
                self._midway = False
                raise InstrumentError(error.asked, where=self.name, remedy=error.remedy) from error

    def _ready(self) -> Link:
        if self._link is None or self._midway:
            self._recover("the last exchange was interrupted" if self._midway else "the link is down")
        assert self._link is not None
        return self._link

    def _recover(self, reason: str) -> None:
        """Close, reopen, compare identity, clear, drain: after it the link is clean and the memory dirty."""
        self.generation += 1
        self.log.add("!", reason.encode("ascii", "replace"))
        self.faults.append(Fault(reason, self.log.entries()))
        if self._link is not None:
            try:
                self._link.wire.clear()
            except TransportError as error:  # closing does what clearing could not
                self.log.add("!", error.asked.encode("ascii", "replace"))
        self._reopen()

    def _reopen(self) -> None:
        """Try to open the link a bounded number of times, with pauses that double."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(self.timeout * 2**attempt / 16)
            self.close()
            try:
                self._midway = True
                self._greet(monotonic() + self.timeout)
                self._midway = False
                return
            except TransportError as error:
                last = error
            except InstrumentError:
                self.close()
                raise
        self.close()
        raise self._told(last) from last

    def _greet(self, deadline: float) -> None:
        """Open the link and make sure that the same instrument answers (G15); no output changes (G23)."""
        self._link = link = Link(self._connect(deadline), self.log, self._tags)
        if self.idn:
            link.wire.pending()  # on a serial line a reply can outlive the link that asked for it
        found = _read(grammar.identity, link.line(_IDN, deadline), _IDN)
        if self.idn and found != self.idn:
            raise InstrumentError(
                f"another instrument answers: {found}",
                allowed=self.idn,
                where=self.name,
                remedy="check cabling and firmware, then open the laboratory again",
            )
        reopened, self.idn = bool(self.idn), found
        for setting in (_CLS, *self._greeting) if reopened else self._greeting:
            link.send((setting.encode("ascii") + b"\n",), deadline)
        if reopened:
            self._drain(link, deadline)

    def _drain(self, link: Link, deadline: float) -> None:
        for _ in range(MAX_ERRORS):
            entry = _read(grammar.error_entry, link.line(self._error_query, deadline), self._error_query)
            if entry.code == 0:
                return
        raise TransportError(f"the error queue is not empty after {MAX_ERRORS} reads", allowed="an end of the queue")

    def _told(self, error: TransportError, lost_settings: bool = False) -> TransportError:
        remedy = "settings sent before it are uncertain: configure again" if lost_settings else error.remedy
        told = TransportError(error.asked, allowed=error.allowed, where=self.name, remedy=remedy)
        told.add_note("\n".join(map(str, self.log.entries()[-12:])))
        return told


def _line(link: Link, deadline: float, query: Command, read: Callable[[str], T]) -> T:
    return _read(read, link.line(query, deadline), query)


def _block(
    link: Link, deadline: float, query: Command, out: NDArray[np.generic], view: memoryview, indefinite: bool
) -> None:
    link.block(query, view, deadline, indefinite=indefinite)
    if out.dtype.kind == "f":
        _check_floats(query, out)


def _blocks(link: Link, deadline: float, query: Command, n_blocks: int, most: int) -> list[bytes]:
    return link.blocks(query, n_blocks, most, deadline)


def _read(read: Callable[[str], T], reply: str, query: Command) -> T:
    try:
        return read(reply)
    except ValueError as error:
        raise TransportError(f"{query} was answered {reply[:80]!r}", allowed=str(error)) from error


def _bytes_of(data: NDArray[np.generic]) -> memoryview:
    if not data.flags.c_contiguous:
        raise TransportError("a block whose memory has gaps", allowed="a C-contiguous array")
    return data.reshape(-1).view(np.uint8).data


def _check_floats(query: Command, values: NDArray[np.generic]) -> None:
    size, smallest = np.abs(values), np.finfo(str(values.dtype)).tiny
    if not bool(np.all(np.isfinite(size) & ((size == 0) | (size >= smallest)))):
        raise TransportError(f"{query} was answered with NaN, infinity or subnormal numbers", allowed="finite numbers")
