"""Bring every output into its safe state, whatever happened."""

from __future__ import annotations

from collections.abc import Mapping

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import SafeEntry
from qctl.core.protocols import Instrument

from .together import attempt_each, said


def make_safe(instruments: Mapping[str, Instrument], entries: Mapping[str, SafeEntry]) -> list[InstrumentError]:
    """Make all instruments safe, lowest ``order`` first, those of one order at once; return what failed.

    A failure stops nothing: every instrument is attempted. Instruments without an entry have no output.
    """
    failures = []
    for order in sorted({entry.order for entry in entries.values()}):
        now = {name: item for name, item in instruments.items() if name in entries and entries[name].order == order}
        answers = attempt_each(lambda name, instrument: instrument.make_safe(entries[name]), now)
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
