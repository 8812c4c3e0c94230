"""Laboratories as tables: their qubits and couplings, with what is known of them now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..laboratory import Laboratory
from ..parameters import Parameters
from ..shown import shown
from . import svg

QUBITS = (
    ("frequency", "frequency"), ("T1", "t1"), ("T2", "t2"), ("gate error", "error"), ("read 1 for 0", "readout.p01"),
    ("read 0 for 1", "readout.p10"),
)  # fmt: skip
COUPLINGS = (("error of CZ", "cz.error"), ("duration of CZ", "cz.duration"), ("error of XX", "xx.error"))
MOST_ROWS = 100


def drawn(laboratory: Laboratory, known: Parameters) -> str:
    """Return what a person wants to know before writing a program."""
    instruments = ", ".join(f"{name} ({role.value})" for name, role in laboratory.roles().items())
    head = f"{laboratory.name}: {laboratory.platform}, parameters {known.id}; {instruments}"
    tables = [*_table(laboratory.qubits, QUBITS, known), *_table(laboratory.couplings, COUPLINGS, known)]
    return svg.note(head) + "".join(tables)


def _table(names: Iterable[str], columns: tuple[tuple[str, str], ...], known: Parameters) -> Iterator[str]:
    kept = [(head, what) for head, what in columns if any(f"{name}.{what}" in known for name in names)]
    rows = [
        (name, *(shown(known.estimates.get(f"{name}.{what}")) for _, what in kept)) for name in list(names)[:MOST_ROWS]
    ]
    if rows and kept:
        yield svg.table(("", *(head for head, _ in kept)), rows)
        more = len(list(names)) - MOST_ROWS
        yield svg.note(f"and {more} more") if more > 0 else ""
