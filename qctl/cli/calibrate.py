"""``qctl calibrate``: bring a laboratory up and keep it calibrated, with a live table and a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qctl.core.errors import SpecificationError, UsageError

from .laboratory import json_option, lab_option, seed_option, twin_option

if TYPE_CHECKING:
    from qctl.calibrate.report import Report


@click.command("calibrate")
@lab_option
@seed_option
@twin_option
@click.option(
    "--targets", default="", metavar="NAMES", help="Qubits, couplings or feedlines, as q0,q1,q0-q1  [default: all]"
)
@click.option(
    "--from-scratch", is_flag=True, help="Forget what was found; start from the guesses of the laboratory file."
)
@click.option(
    "--maintain", is_flag=True, help="Keep what is calibrated good while it drifts, in virtual time on a mock rack."
)
@click.option("--for", "duration", default="24h", show_default=True, metavar="TIME", help="How long to maintain.")
@click.option("--also", default="", metavar="STEPS", help="Steps that no bring-up needs, as rb1,rb2,leakage.")
@click.option(
    "--again", default="", metavar="STEPS", help="Steps to be measured once more, however good they still are."
)
@click.option("--budget", metavar="TIME", help="Begin no step after so much machine time, as 90s or 10min.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="HTML page to write  [default: calibration-NAME.html in the state folder]",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    lab: str,
    seed: int | None,
    twin: Path | None,
    targets: str,
    from_scratch: bool,
    maintain: bool,
    duration: str,
    also: str,
    again: str,
    budget: str | None,
    report_file: Path | None,
    as_json: bool,
) -> None:
    """Measure what is worth it, accept what is right, and store it. Exit code 5 when something was given up."""
    from rich.console import Console

    from qctl.calibrate.loop import calibrate
    from qctl.calibrate.maintain import maintain as keep
    from qctl.experiments.nodes import nodes_of
    from qctl.report.page import page
    from qctl.run import Lab
    from qctl.run.known import stored_as
    from qctl.store import ParameterStore

    from .live import LiveTable
    from .quantities import span
    from .state import keep_log, state_folder

    keep_log(ctx)
    folder = state_folder(ctx)
    most = float("inf") if budget is None else span(budget)
    if maintain and (from_scratch or budget is not None):
        raise UsageError(
            "--maintain together with --from-scratch or --budget", allowed="one of them", remedy="calibrate first"
        )
    names, more, once_more = _names(targets), _names(also), _names(again)
    if maintain and once_more:
        raise UsageError("--maintain together with --again", allowed="one of them", remedy="calibrate first")
    with Lab.open(lab, seed=seed, twin=twin, state=folder) as laboratory:
        described = laboratory.laboratory
        rows = names or (*described.qubits, *described.couplings)
        with (
            ParameterStore.open(folder, stored_as(described, twin)) as store,
            LiveTable(rows, Console(stderr=True, quiet=as_json)) as table,
        ):
            nodes = nodes_of(described, more + once_more)
            if maintain:
                report = keep(laboratory, store, nodes, names, seconds=span(duration), on_event=table)
            else:
                report = calibrate(
                    laboratory, store, nodes, names, from_scratch=from_scratch, budget=most, again=once_more,
                    on_event=table,
                )  # fmt: skip
    written = report_file or folder / f"calibration-{report.laboratory}.html"
    _write(written, page(report, described))
    click.echo(json.dumps(as_document(report, written)) if as_json else _said(report, written))
    given_up = report.quarantined()
    if given_up:
        node, target, reason = given_up[0]
        raise SpecificationError(
            f"{len(given_up)} given up, first {node} of {target}: {reason}",
            allowed="every step of every target",
            where=report.laboratory,
            remedy=f"read {written}",
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as reason:
        raise UsageError(f"cannot write {str(path)!r} ({reason})", remedy="name another file with --report") from reason


def as_document(report: Report, written: Path) -> dict[str, Any]:
    """Return a report as plain data; fits and figures are in the page and in the stored raw data."""
    return {
        "laboratory": report.laboratory,
        "snapshots": [report.first, report.last],
        "stopped": report.stopped,
        "machine_seconds": report.seconds,
        "wall_seconds": report.wall,
        "steps": [
            {
                "number": step.number,
                "node": step.node,
                "kind": step.kind,
                "why": step.why,
                "machine_seconds": step.seconds,
                "wall_seconds": step.wall,
                "raw_data": step.raw_data,
                "verdicts": {v.target: {"accepted": v.accepted, "reason": v.reason} for v in step.verdicts},
            }
            for step in report.steps
        ],
        "given_up": [{"node": node, "target": target, "reason": why} for node, target, why in report.quarantined()],
        "hints": list(report.hints),
        "report": str(written),
    }


def _said(report: Report, written: Path) -> str:
    given_up = "".join(f"\n  {target}: {node} given up: {why}" for node, target, why in report.quarantined())
    hints = "".join(f"\n  {hint}" for hint in report.hints)
    return (
        f"{report.laboratory}: snapshot {report.first} to {report.last} in {report.took}; "
        f"{report.stopped}{given_up}{hints}\n"
        f"report: {written}"
    )
