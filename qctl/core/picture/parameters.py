"""Parameters as a table: a row for each qubit, coupling or line, with errors where they are known."""

from __future__ import annotations

from ..parameters import Parameters
from ..shown import shown
from . import svg

MOST_ROWS = 400


def drawn(known: Parameters) -> str:
    """Return name and value of each parameter, by what it belongs to; folded, because there are many."""
    groups: dict[str, list[str]] = {}
    for name in known:
        groups.setdefault(name.partition(".")[0], []).append(name)
    parts = [svg.note(f"parameters {known.id}: {len(known)} values{', ' + known.note if known.note else ''}")]
    for owner, names in groups.items():
        rows = [(name.partition(".")[2] or name, shown(known.estimates[name])) for name in names[:MOST_ROWS]]
        summary = svg.text_of(f"{owner} ({len(names)})")
        parts.append(f"<details><summary>{summary}</summary>{svg.table(('parameter', 'value'), rows)}</details>")
    return "".join(parts)
