"""Bring every output into its safe state, whatever happened."""

from __future__ import annotations

from collections.abc import Mapping

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import SafeAction, SafeEntry
from qctl.core.protocols import Instrument, ReadBack

from .together import attempt_each, said


def make_safe(instruments: Mapping[str, Instrument], entries: Mapping[str, SafeEntry]) -> list[InstrumentError]:
    """Make all instruments safe, lowest ``order`` first, those of one order at once; return what failed.

    A failure stops nothing: every instrument is attempted, and those of one order are told as ``entries`` has them.
    Instruments without an entry have no output. One that is switched off and can be asked is asked whether it is.
    """
    failures = []
    for order in sorted({entry.order for entry in entries.values()}):
        now = {name: instruments[name] for name, of in entries.items() if name in instruments and of.order == order}
        answers = attempt_each(lambda name, instrument: _make_safe(instrument, entries[name]), now)
        for name, answer in answers.items():
            if isinstance(answer, Exception):
                failed = InstrumentError(
                    f"could not be made safe ({said(answer)})",
                    where=name,
                    remedy="check its outputs by hand before going on",
                )
                failed.__cause__ = answer
                failures.append(failed)
    return failures


def _make_safe(instrument: Instrument, entry: SafeEntry) -> None:
    instrument.make_safe(entry)
    if entry.action is SafeAction.OFF and isinstance(instrument, ReadBack) and (live := instrument.live()):
        raise InstrumentError(f"{', '.join(live)} still on", allowed="all outputs off")


def asked_when_off(instruments: Mapping[str, Instrument], entries: Mapping[str, SafeEntry]) -> tuple[str, ...]:
    """Return the instruments that are switched off to be safe, and can be asked whether they are."""
    off = (name for name, entry in entries.items() if entry.action is SafeAction.OFF)
    return tuple(name for name in off if isinstance(instruments.get(name), ReadBack))
