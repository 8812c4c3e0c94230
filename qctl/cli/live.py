"""What a calibration is doing now, as a table that keeps itself up to date; a line a step where nobody looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from qctl.calibrate.events import Alarmed, Event, Finished, Judged, Planned, Quarantined, Started
from qctl.core.shown import shown

DOING = {"measure": "measures", "probe": "checks", "verify": "verifies"}
MOST_ROWS = 40  # of targets; the others are counted


@dataclass
class Row:
    """What is known of one target."""

    doing: str = ""
    last: str = ""
    value: str = ""
    good: int = 0
    trouble: str = ""


@dataclass
class LiveTable:
    """Takes events and shows them; use in ``with``.

    Parameters
    ----------
    targets : rows, in this order
    console : where to; without a terminal every finished step is a line
    """

    targets: tuple[str, ...]
    console: Console
    _rows: dict[str, Row] = field(default_factory=dict)
    _now: Planned | None = None
    _total: float = 0.0
    _live: Live | None = None

    def __enter__(self) -> LiveTable:
        self._rows = {target: Row() for target in self.targets}
        if self.console.is_terminal:
            self._live = Live(self._drawn(), console=self.console, refresh_per_second=8)
            self._live.__enter__()
        return self

    def __exit__(self, *reason: object) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.update(self._drawn())
            live.__exit__(None, None, None)

    def __call__(self, event: Event) -> None:
        """Show one event."""
        match event:
            case Planned():
                self._now = event
            case Started():
                for row in self._of(event.targets):
                    row.doing = f"{DOING.get(event.kind, event.kind)} {event.node}"
            case Judged():
                self._judged(event)
            case Quarantined():
                for row in self._of([event.target]):
                    row.trouble = f"{event.node} given up: {event.reason}"
                self._line(f"[red]{event.target}: {event.node} given up[/]: ", event.reason)
            case Alarmed():
                self._line(f"[yellow]{event.name}[/]: ", event.reason)
            case Finished():
                self._finished(event)
        if self._live is not None:
            self._live.update(self._drawn())

    def _judged(self, event: Judged) -> None:
        for row in self._of([event.target]):
            row.last = event.node
            found = event.outcome.found
            if event.verdict.accepted:
                row.good, row.trouble = row.good + 1, ""
                parts = [f"{n.removeprefix(event.target + '.')} {shown(e)}" for n, e in list(found.items())[:2]]
                row.value = ", ".join(parts)
            else:
                row.trouble = event.verdict.reason

    def _finished(self, event: Finished) -> None:
        self._total = event.total
        for row in self._of(event.targets):
            row.doing = ""
        accepted = f"{len(event.accepted)} of {len(event.targets)} accepted"
        self._line(
            f"{event.step:3d}  {event.node:20s} ", f"{accepted}; {event.seconds:.1f} s of machine, {event.wall:.1f} s"
        )

    def _line(self, marked: str, plain: str) -> None:
        if self._live is None:
            self.console.print(Text.from_markup(marked) + Text(plain))

    def _of(self, targets: Iterable[str]) -> Iterable[Row]:
        return [self._rows[target] for target in targets if target in self._rows]

    def _drawn(self) -> Group:
        table = Table(box=None, pad_edge=False)
        for heading in ("target", "now", "last step", "found", "steps", "trouble"):
            table.add_column(heading, justify="right" if heading == "steps" else "left", no_wrap=heading != "trouble")
        for target, row in list(self._rows.items())[:MOST_ROWS]:
            trouble = Text(row.trouble, "red")
            table.add_row(target, Text(row.doing, "cyan"), row.last, row.value, str(row.good), trouble)
        hidden = len(self._rows) - MOST_ROWS
        return Group(table, Text(f"and {hidden} more" if hidden > 0 else ""), *self._plan())

    def _plan(self) -> Iterable[Text]:
        if self._now is None:
            return []
        now = self._now
        head = f"step {now.step}: {now.node}, because {now.why} ({self._total:.0f} s of machine time so far)"
        return [Text(head, "bold"), *(Text(f"  then {line}", "dim") for line in now.then[:3])]
