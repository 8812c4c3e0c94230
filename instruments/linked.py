"""What every driver has: a link that it opens and closes, and a name for errors."""

from __future__ import annotations

from types import TracebackType
from typing import ClassVar, Generic, Self, TypeVar

from qctl.transport import LineSession, Session, open_lines

AnySession = TypeVar("AnySession", bound=Session | LineSession)


class Linked(Generic[AnySession]):
    """An instrument behind one open link.

    Parameters
    ----------
    session : open link; the instrument closes it
    name : what errors call the instrument
    """

    def __init__(self, session: AnySession, name: str = "") -> None:
        self.session = session
        self.name = name or type(self).__name__.lower()

    def close(self) -> None:
        """Close the link; outputs stay as they are."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SerialInstrument(Linked[LineSession]):
    """An instrument on a serial port that acknowledges line after line."""

    baud_rate: ClassVar[int]

    @classmethod
    def open(cls, address: str, *, name: str = "", library: str = "@py", timeout: float = 1.0) -> Self:
        """Open the instrument on a serial port: ``ASRL/dev/ttyUSB0::INSTR``."""
        session = open_lines(
            address, name=name, library=library, timeout=timeout, settings={"baud_rate": cls.baud_rate}
        )
        try:
            return cls(session, name)
        except BaseException:
            session.close()
            raise
