"""Links with instruments that acknowledge each line by lines of their own: no error queue, no tags, often no checksum.

Nothing in such a reply says what it answers, and a serial line can spoil any byte of it. So a setting counts only once
it was read back, a value only once two readings in a row agree, and whatever does not fit the declared grammar, comes
late or unasked is a fault: the line is listened to until it is silent, and the exchange begins anew. All lines that are
said twice must be absolute (``F0 80``, not ``up by one``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TypeVar

from qctl.core.errors import InstrumentError, TransportError

from .log import Fault, WireLog
from .visa import open_wire
from .wire import Wire

T = TypeVar("T")

ATTEMPTS = 6
SILENCE = 0.02  # s without a byte, after which a line counts as silent
MAX_REPLY = 4096  # bytes


class Refused(ValueError):  # noqa: N818 - an answer, not a failure of ours
    """The instrument answered that it will not; the sentence says why."""


class LineSession:
    """A strict link with one instrument, used by one thread at a time.

    Parameters
    ----------
    connect : opens the wire, before the given monotonic deadline
    name : what errors call the instrument
    timeout : s, for one exchange
    ending : what ends a line that is sent; replies may end in any mixture of CR and LF

    Attributes
    ----------
    generation : rises with every fault: what the instrument holds may be something else than what was sent
    faults : the last ones, each with the wire log up to it
    """

    def __init__(
        self, connect: Callable[[float], Wire], *, name: str, timeout: float = 1.0, ending: bytes = b"\r\n"
    ) -> None:
        self._connect, self.name, self.timeout, self._ending = connect, name, timeout, ending
        self.log = WireLog()
        self.faults: deque[Fault] = deque(maxlen=8)
        self.generation = 0
        self._wire: Wire | None = connect(monotonic() + timeout)

    def exchange(self, line: str, read: Callable[[tuple[str, ...]], T], n_lines: int = 1, *, retry: bool = True) -> T:
        """Say a line and return what ``read`` makes of the lines that answer it.

        Parameters
        ----------
        read : raises ValueError for what is no answer, `Refused` for a refusal
        n_lines : of the answer
        retry : say it again after a fault; False for what must happen once

        Raises
        ------
        TransportError
            When no attempt was answered as declared.
        InstrumentError
            When the instrument refused, each time.
        """
        reason: Exception = TransportError("not tried")
        for _ in range(ATTEMPTS if retry else 1):
            try:
                return self._once(line, read, n_lines)
            except (TransportError, ValueError) as error:
                reason = error
                self.suspect(f"{line}: {error}")
        if isinstance(reason, Refused):
            raise InstrumentError(f"{line!r} was refused: {reason}", where=self.name) from reason
        asked = reason.asked if isinstance(reason, TransportError) else f"{line!r} was answered otherwise: {reason}"
        told = TransportError(asked, where=self.name, remedy="check its cable, its baud rate, and that its echo is off")
        told.add_note("\n".join(map(str, self.log.entries()[-12:])))
        raise told from reason

    def agreed(self, line: str, read: Callable[[tuple[str, ...]], T], n_lines: int = 1) -> T:
        """Return what two exchanges in a row agree upon; raise TransportError when none do."""
        before = self.exchange(line, read, n_lines)
        for _ in range(ATTEMPTS):
            found = self.exchange(line, read, n_lines)
            if found == before:
                return found
            self.suspect(f"{line}: {before!r}, then {found!r}")
            before = found
        raise TransportError(f"{line!r} was answered otherwise each time", where=self.name, remedy="check its cable")

    def quiet(self) -> None:
        """Raise TransportError when something came that nobody asked for."""
        if self._wire is not None and (unasked := self._wire.pending()):
            self.suspect(f"unasked: {unasked!r}")
            raise TransportError(f"{len(unasked)} bytes that nobody asked for", where=self.name)

    def close(self) -> None:
        """Close the link; nothing is sent."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _once(self, line: str, read: Callable[[tuple[str, ...]], T], n_lines: int) -> T:
        deadline = monotonic() + self.timeout
        if self._wire is None:
            self._wire = self._connect(deadline)
        if unasked := self._wire.pending():
            raise TransportError(f"{unasked[:40]!r} came unasked")
        self.log.add(">", line.encode("ascii"))
        self._wire.send((line.encode("ascii") + self._ending,), deadline)
        reply = b""
        while len(found := _lines(reply)) < n_lines or not reply.endswith(b"\n"):
            if len(reply) > MAX_REPLY:
                raise TransportError(f"{len(reply)} bytes without an end")
            reply += self._wire.receive(deadline)
        self.log.add("<", reply)
        if len(found) != n_lines:
            raise TransportError(f"{len(found)} lines", allowed=f"{n_lines}")
        return read(tuple(part.decode("ascii", "backslashreplace") for part in found))

    def suspect(self, reason: str) -> None:
        """Note what went wrong, and listen until the line is silent; a line that is gone is opened anew."""
        self.generation += 1
        self.log.add("!", reason.encode("ascii", "replace"))
        self.faults.append(Fault(reason, self.log.entries()))
        end = monotonic() + self.timeout
        try:
            while self._wire is not None and monotonic() < end:
                self._wire.receive(monotonic() + SILENCE)
        except TransportError:
            self._reopen_if_gone()

    def _reopen_if_gone(self) -> None:
        try:
            if self._wire is not None:
                self._wire.pending()
        except TransportError:
            self.close()


def _lines(reply: bytes) -> list[bytes]:
    return [part for part in reply.replace(b"\r", b"\n").split(b"\n") if part]


def open_lines(
    address: str,
    *,
    name: str = "",
    library: str = "@py",
    timeout: float = 1.0,
    ending: bytes = b"\r\n",
    settings: Mapping[str, object] | None = None,
) -> LineSession:
    """Open a strict line-by-line session at a VISA address; see :func:`qctl.transport.open_link`."""

    def connect(deadline: float) -> Wire:
        return open_wire(address, library, deadline, settings or {})

    return LineSession(connect, name=name or address, timeout=timeout, ending=ending)
