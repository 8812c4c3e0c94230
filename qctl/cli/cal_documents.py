"""Findings and snapshots as tables for people, and as plain data for scripts."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from qctl.core.parameters import Estimate
from qctl.core.shown import shown
from qctl.store import Change, Finding

COLUMNS = (
    *("name", "value", "error", "unit", "time", "run", "status", "reason", "judge", "raw_data", "code", "snapshot"),
    "covariance",
)


def as_document(finding: Finding) -> dict[str, object]:
    """Return one finding as plain data; what is not finite is null."""
    row = {"name": finding.name, **estimate_document(finding.estimate), "covariance": dict(finding.covariance)}
    row |= {"status": finding.status.value, "reason": finding.reason, "judge": finding.judge}
    row |= {"raw_data": finding.raw_data, "code": finding.code, "snapshot": finding.snapshot or None}
    return {column: row[column] for column in COLUMNS}


def estimate_document(known: Estimate) -> dict[str, object]:
    """Return one estimate as plain data."""
    numbers = {"value": known.value, "error": known.error, "time": known.time}
    plain = {name: number if math.isfinite(number) else None for name, number in numbers.items()}
    return {**plain, "unit": known.unit, "run": known.run}


def change_document(change: Change) -> dict[str, object]:
    """Return one change as plain data; null where the parameter is not known."""
    sides = {"before": change.before, "after": change.after}
    return {"name": change.name, **{side: known and estimate_document(known) for side, known in sides.items()}}


def as_csv(findings: Iterable[Finding]) -> str:
    """Return a table with a heading; cells that are not finite are empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS[:-1], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(as_document(finding) for finding in findings)
    return out.getvalue()


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table without lines; words in brackets are no markup."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=heading != headings[-1], overflow="fold")
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    Console().print(table)


def when(seconds: float) -> str:
    """Return date and time (UTC) for people; times nobody gave stay empty."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") if seconds else ""


def change_row(change: Change) -> tuple[str, str, str, str]:
    """Return name, both values, and how many standard deviations lie between them."""
    before, after = change.before, change.after
    sigma = ""
    if before and after:
        error = math.hypot(before.error, after.error)
        sigma = f"{(after.value - before.value) / error:+.1f}" if 0 < error < math.inf else ""
    return change.name, shown(before), shown(after), sigma
