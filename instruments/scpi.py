"""What SCPI drivers are made of: declared settings, the error queue, and a checked identity.

Each setting is one line of a driver: ``frequency = Number("SOUR:FREQ", low=1e6, high=12.75e9)``. Reading asks the
instrument; writing checks the range, sends the command and drains the error queue.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, Self, TypeVar, overload

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import LimitEntry
from qctl.transport import Command, Session, Word, command, grammar, open_link
from qctl.transport.command import Argument

from .linked import Linked

T = TypeVar("T")


class ScpiInstrument(Linked[Session]):
    """An instrument that speaks SCPI. Opening asks ``*IDN?`` and sends ``greeting``; no output changes.

    Parameters
    ----------
    session : open link; the instrument closes it
    name : what errors call the instrument
    """

    identity: ClassVar[str]
    greeting: ClassVar[tuple[Command, ...]] = ()  # protocol settings only, sent at each opening
    error_query: ClassVar[Command] = command("SYST:ERR?")
    tagged: ClassVar[bool] = True  # queries carry a tag in *ESE

    def __init__(self, session: Session, name: str = "") -> None:
        super().__init__(session, name)
        self.idn = session.idn
        if not _begins_with(session.idn, self.identity):
            session.close()
            raise InstrumentError(
                f"the instrument says it is {session.idn}",
                allowed=self.identity,
                where=self.name,
                remedy="check its address in the laboratory file",
            )

    @classmethod
    def open(cls, address: str, *, name: str = "", library: str = "@py", timeout: float = 5.0) -> Self:
        """Open the instrument at a VISA address; see :func:`qctl.transport.open_link`."""
        session = open_link(
            address,
            name=name or cls.__name__.lower(),
            library=library,
            timeout=timeout,
            tagged=cls.tagged,
            greeting=cls.greeting,
            error_query=cls.error_query,
        )
        return cls(session, name)

    def write(self, header: str, *arguments: Argument) -> None:
        """Send one setting."""
        self.session.write(command(header, *arguments))

    def ask(self, read: Callable[[str], T], header: str, *arguments: Argument, retry: bool = True) -> T:
        """Return the answer to one query, as read by a reader of :mod:`qctl.transport.grammar`."""
        return self.session.ask(command(header, *arguments), read, retry=retry)

    def check(self) -> None:
        """Drain the error queue; raise InstrumentError on any entry."""
        found = self.session.errors()
        if found:
            lost = any(entry.code == -350 for entry in found)
            raise InstrumentError(
                "; ".join(f'{entry.code},"{entry.message}"' for entry in found),
                where=self.name,
                remedy="its error queue overflowed: configure it again" if lost else "",
            )


def refuse_beyond(limit: LimitEntry | None, value: float, what: str, where: str) -> None:
    """Raise InstrumentError when ``value`` lies outside the limits of the laboratory file (G22)."""
    if limit is not None and not limit.min <= value <= limit.max:
        raise InstrumentError(
            f"{what} {value:g} is beyond its limit", allowed=f"{limit.min:g} to {limit.max:g}", where=where
        )


def _begins_with(idn: str, identity: str) -> bool:
    # Some makers put a space after the commas.
    return idn.replace(", ", ",").upper().startswith(identity.upper())


class _Setting(Generic[T]):
    """A descriptor: reading asks, writing checks, sends and drains the error queue."""

    def __init__(self, header: str, read: Callable[[str], T]) -> None:
        self._header, self._read = header, read

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name.replace("_dbm", "")

    @overload
    def __get__(self, instrument: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instrument: ScpiInstrument, owner: type) -> T: ...
    def __get__(self, instrument: ScpiInstrument | None, owner: type) -> T | Self:
        if instrument is None:
            return self
        return instrument.ask(self._read, f"{self._header}?")

    def __set__(self, instrument: ScpiInstrument, value: T) -> None:
        instrument.write(self._header, self._argument(value, instrument.name))
        instrument.check()

    def _argument(self, value: T, where: str) -> Argument:
        raise NotImplementedError

    def _refuse(self, value: object, allowed: str, where: str) -> InstrumentError:
        return InstrumentError(f"{self._name} {value} is outside the range", allowed=allowed, where=where)


class Query(_Setting[T]):
    """Something that can only be asked: ``temperature = Query("DIAG:TEMP", grammar.nr3)``."""

    def __set__(self, instrument: ScpiInstrument, value: T) -> None:
        """Refuse."""
        raise AttributeError(f"{self._name} can only be read")


class Number(_Setting[float]):
    """A number with a range, in the unit of the instrument."""

    def __init__(self, header: str, low: float = -math.inf, high: float = math.inf) -> None:
        super().__init__(header, grammar.nr3)
        self.low, self.high = low, high

    def _argument(self, value: float, where: str) -> Argument:
        if not self.low <= value <= self.high:
            raise self._refuse(f"{value:g}", f"{self.low:g} to {self.high:g}", where)
        return value


class Switch(_Setting[bool]):
    """On or off."""

    def __init__(self, header: str) -> None:
        super().__init__(header, grammar.boolean)

    def _argument(self, value: bool, where: str) -> Argument:
        return bool(value)


class Choice(_Setting[str]):
    """One of a few mnemonics, written in SCPI's long form: ``Choice("SOUR:FUNC", "CURRent", "VOLTage")``.

    Reads back as the long form, whichever form the instrument answers with.
    """

    def __init__(self, header: str, *options: str) -> None:
        super().__init__(header, self._known)
        self.options = options

    def _known(self, reply: str) -> str:
        for option in self.options:
            if reply.upper() in (option.upper(), "".join(c for c in option if not c.islower())):
                return option
        raise ValueError(f"expected one of {', '.join(self.options)}")

    def _argument(self, value: str, where: str) -> Argument:
        if value not in self.options:
            raise self._refuse(repr(value), ", ".join(self.options), where)
        return Word(value)


class Text(_Setting[str]):
    """A quoted string."""

    def __init__(self, header: str) -> None:
        super().__init__(header, grammar.quoted)

    def _argument(self, value: str, where: str) -> Argument:
        return str(value)


def commands(*rows: Sequence[Argument]) -> tuple[Command, ...]:
    """Return several commands, each given as header and arguments."""
    return tuple(command(str(row[0]), *row[1:]) for row in rows)
