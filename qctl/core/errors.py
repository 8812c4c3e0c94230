"""Every error that qctl raises on purpose: what was asked, what is allowed, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable


class QctlError(Exception):
    """Root of the tree.

    Parameters
    ----------
    asked : what was read, asked or seen, as a sentence without its full stop
    allowed : what would have been accepted
    where : file:line:column, instrument, line or qubit
    remedy : what the reader can do about it
    """

    exit_code = 1

    def __init__(self, asked: str, *, allowed: str = "", where: str = "", remedy: str = "") -> None:
        self.asked, self.allowed, self.where, self.remedy = asked, allowed, where, remedy
        text = f"{where}: {asked}" if where else asked
        text = f"{text}; allowed: {allowed}" if allowed else text
        super().__init__(f"{text}; {remedy}" if remedy else text)

    def __str__(self) -> str:
        """Return the message; also where another root (KeyError) would show it differently."""
        return str(self.args[0])

    def __reduce__(self) -> tuple[object, ...]:
        """Cross process borders with all four fields."""
        return _rebuild, (type(self), self.asked, self.allowed, self.where, self.remedy)


def _rebuild(kind: type[QctlError], asked: str, allowed: str, where: str, remedy: str) -> QctlError:
    return kind(asked, allowed=allowed, where=where, remedy=remedy)


class UsageError(QctlError):
    """A command or call that cannot be understood."""

    exit_code = 2


class ConfigError(QctlError):
    """A laboratory, twin or snapshot file that does not say what it must; ``mistakes`` lists all of them."""

    exit_code = 3
    mistakes: tuple[ConfigError, ...] = ()

    @classmethod
    def of(cls, mistakes: Iterable[ConfigError]) -> ConfigError:
        """Return one error that says every mistake, a line each."""
        found = tuple(mistakes)
        error = cls("\n".join(map(str, found)))
        error.mistakes = found
        return error

    def __str__(self) -> str:
        """Return the message; also where another root (KeyError) would show it differently."""
        return str(self.args[0])

    def __reduce__(self) -> tuple[object, ...]:
        """Cross process borders with the list of mistakes."""
        return *super().__reduce__(), {"mistakes": self.mistakes}


class ProgramError(QctlError):
    """A program that cannot be read, or that uses what is not supported."""


class CompileError(QctlError):
    """A program that cannot run on this laboratory, whatever the instruments' settings."""


class LimitError(CompileError):
    """A number that an instrument or output does not allow, found before anything was sent."""


class TooLongError(LimitError):
    """A run that takes more machine time than it may; who cannot allow more for one run says another remedy."""


class ParameterError(QctlError, KeyError):
    """A parameter that is missing, not finite, or of the wrong unit; a mapping's ``get`` knows it as a KeyError."""


class InstrumentError(QctlError):
    """An instrument refused, answered wrongly, or could not be reached."""

    exit_code = 4


class TransportError(InstrumentError):
    """A reply that cannot be trusted: late, lost, doubled, malformed or cut off."""


class ReadoutError(QctlError):
    """Traces from which no state can be told."""


class FitError(QctlError):
    """Data in which the expected curve is not there."""


class SpecificationError(QctlError):
    """A result outside the bound that was stated for it."""

    exit_code = 5
