"""``qctl conformance``: does a laboratory do what it says, on the same programs as every other one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qctl.core.errors import SpecificationError, UsageError

from .laboratory import json_option, lab_option, seed_option, twin_option

if TYPE_CHECKING:
    from qctl.conformance import Conformance

WIDTH = 112  # columns of the table; a narrower terminal wraps its lines
LEAST_SHOTS = 200  # below, no program could fail


@click.command("conformance")
@lab_option
@seed_option
@twin_option
@click.option("--shots", type=click.IntRange(LEAST_SHOTS), default=1000, show_default=True)
@click.option("--only", default="", metavar="NAMES", help="Programs, as bell,ghz5  [default: all]")
@json_option
@click.pass_context
def command(
    ctx: click.Context, lab: str, seed: int | None, twin: Path | None, shots: int, only: str, as_json: bool
) -> None:
    """Run 20 programs and compare with what the laboratory's own measured errors predict.

    Exit code 5 when anything does not conform.
    """
    from rich.console import Console
    from rich.progress import Progress

    from qctl.conformance import check, programs
    from qctl.run import Lab

    from .state import keep_log, state_folder

    keep_log(ctx)
    wanted = tuple(name.strip() for name in only.split(",") if name.strip())
    known = [entry.name for entry in programs()]
    for name in wanted:
        if name not in known:
            raise UsageError(f"a program {name!r}", allowed=", ".join(known), where="--only")
    with (
        Progress(console=Console(stderr=True, quiet=as_json), transient=True) as progress,
        Lab.open(lab, seed=seed, twin=twin, state=state_folder(ctx)) as laboratory,
    ):
        step = progress.add_task("opening instruments", total=len(wanted or known))
        found = check(
            laboratory,
            shots=shots,
            only=wanted,
            on_program=lambda name: progress.update(step, advance=1, description=name),
        )
    click.echo(json.dumps(as_document(found))) if as_json else _print(found)
    if found.reasons:
        name, reason = next(iter(found.reasons.items()))
        raise SpecificationError(
            f"{len(found.reasons)} programs or other checks do not conform, first {name}: {reason}",
            allowed="what the measured errors predict",
            where=found.laboratory,
            remedy="calibrate it; a program that still is off shows an error that no parameter knows of",
        )


def as_document(found: Conformance) -> dict[str, object]:
    """Return everything as plain data."""
    return {
        "laboratory": found.laboratory,
        "platform": found.platform,
        "programs": [{**asdict(row), "dropped": dict(row.dropped), "reason": row.reason} for row in found.rows],
        "skipped": dict(found.skipped),
        "refused": [asdict(one) for one in found.refused],
        "unsafe": found.unsafe,
        "read_back": list(found.read_back),
    }


def _print(found: Conformance) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("program", "qubits", "shots", "off predicted", "allowed", "p (Holm)", "off ideal", "bound", ""):
        table.add_column(title, justify="left" if title in ("program", "") else "right", no_wrap=bool(title))
    for row in found.rows:
        lost = sum(row.dropped.values())
        said = row.reason or (f"{lost} shots did not count" if lost else "")
        table.add_row(
            row.name, str(row.n_qubits), str(row.shots), f"{row.from_prediction:.3f}", f"{row.allowed:.3f}",
            f"{row.chance:.2g}", f"{row.from_ideal:.3f}", f"{row.bound:.3f}", said,
        )  # fmt: skip
    console = Console()
    console = console if console.width >= WIDTH else Console(width=WIDTH)
    console.print(table)
    for name, reason in found.skipped.items():
        console.print(f"not run: {name}: {reason}", highlight=False)
    for one in found.refused:
        console.print(f"refused: {one.asked}: {one.reason or 'yes'}", highlight=False)
    asked = f", read back from {', '.join(found.read_back)}" if found.read_back else ""
    console.print(f"outputs: {found.unsafe or f'all in their safe states{asked}'}", highlight=False)
