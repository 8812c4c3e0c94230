"""Commands are built from typed tokens: no text of a user ever reaches the wire unchecked."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NewType

import numpy as np

from qctl.core.errors import InstrumentError

Command = NewType("Command", str)
"""A checked program message unit, without terminator. Only :func:`command` makes one."""

_HEADER = re.compile(r"\*[A-Z]{3,4}\??|:?[A-Za-z][A-Za-z0-9]*(?::[A-Za-z][A-Za-z0-9]*)*\??", re.ASCII)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_FORBIDDEN = re.compile(r"""[^ -~]|[;"']""")


class Word(str):
    """A bare mnemonic such as ``EFIXed`` or ``CHANnel1``; plain text would be sent in quotes."""

    __slots__ = ()

    def __new__(cls, text: str) -> Word:
        """Return the mnemonic; raise InstrumentError when it is more than letters, digits and underscores."""
        if not _WORD.fullmatch(text):
            raise InstrumentError(f"{text!r} is no mnemonic", allowed="letters, digits and underscores")
        return super().__new__(cls, text)


Argument = bool | int | float | str


def command(header: str, *arguments: Argument) -> Command:
    """Return one SCPI command or query.

    Parameters
    ----------
    header : ``SOURce1:VOLTage`` or ``*CLS``; a query ends in ``?``
    arguments : booleans become 1 and 0, numbers are written so that they read back to the same float, Words stand
        bare and any other text is put in double quotes

    Raises
    ------
    InstrumentError
        For numbers that are not finite, and text with control characters, ``;`` or quotes (G41).
    """
    _check_header(header)
    if not arguments:
        return Command(header)
    return Command(f"{header} {','.join(map(_token, arguments))}")


@lru_cache(maxsize=4096)
def _check_header(header: str) -> None:
    if not _HEADER.fullmatch(header):
        raise InstrumentError(f"{header!r} is no command header", allowed="mnemonics joined by colons")


def _token(value: Argument) -> str:
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, int | np.integer):
        return str(int(value))
    return number(value)


def number(value: float) -> str:
    """Return the shortest decimal text that reads back as ``value``; whole numbers are written without a point."""
    exact = float(value)
    if not math.isfinite(exact):
        raise InstrumentError(f"{exact} is no number to send", allowed="finite numbers")
    return str(int(exact)) if exact.is_integer() and abs(exact) < 1e16 else repr(exact)


def quoted(text: str) -> str:
    """Return ``text`` in double quotes; refuse what could end the string or the command."""
    if found := _FORBIDDEN.search(text):
        raise InstrumentError(
            f"{text!r} holds {found.group()!r}",
            allowed="printable ASCII without semicolon and quotes",
            remedy="rename it: names are sent to instruments inside quotes",
        )
    return f'"{text}"'
