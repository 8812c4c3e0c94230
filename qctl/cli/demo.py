"""``qctl demo``: a simulated laboratory is calibrated from scratch; three programs on it are compared with theory."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from qctl.core.errors import SpecificationError

from .laboratory import DEFAULT, json_option
from .programs import CLAIMS, Claim, distance

if TYPE_CHECKING:
    from rich.console import Console

    from qctl.calibrate.report import Report
    from qctl.run import Lab

LEAST_SHOTS = 1000  # below, chance alone breaks the bounds


@dataclass(frozen=True, slots=True)
class Outcome:
    """One program of the demo: what it gave and what was promised."""

    name: str
    shots: int
    distance: float
    bound: float
    seconds: float

    @property
    def kept(self) -> bool:
        """Say whether the promise was kept."""
        return self.distance <= self.bound


@click.command("demo")
@click.option("--shots", type=click.IntRange(LEAST_SHOTS), default=4000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--as-committed", is_flag=True, help="Skip calibration: use the snapshot that comes with the laboratory.")
@json_option
@click.pass_context
def command(ctx: click.Context, shots: int, seed: int, as_committed: bool, as_json: bool) -> None:
    """Calibrate a simulated five-transmon laboratory from scratch, then run Bell, GHZ and Fourier programs on it."""
    from rich.console import Console

    from qctl.run import Lab

    from .state import keep_log

    keep_log(ctx)
    console = Console(stderr=True, quiet=as_json)
    with TemporaryDirectory() as state, Lab.open(DEFAULT, seed=seed, state=state) as lab:
        report = None if as_committed else _calibrated(lab, Path(state), console)
        outcomes = _outcomes(lab, shots, console)
    calibration = {"machine_seconds": report.seconds, "wall_seconds": report.wall} if report else None
    if as_json:
        programs = [{**asdict(o), "kept": o.kept} for o in outcomes]
        click.echo(json.dumps({"calibration": calibration, "programs": programs}))
    else:
        _print(outcomes, report)
    broken = [outcome for outcome in outcomes if not outcome.kept]
    if broken:
        raise SpecificationError(
            f"{broken[0].name} is {broken[0].distance:.3f} from its exact distribution",
            allowed=f"at most {broken[0].bound:g}",
            where=DEFAULT,
        )


def _calibrated(lab: Lab, state: Path, console: Console) -> Report:
    """Bring the laboratory up from the guesses of its file."""
    from qctl.calibrate.loop import calibrate
    from qctl.experiments.nodes import nodes_of
    from qctl.store import ParameterStore

    from .live import LiveTable

    described = lab.laboratory
    rows = (*described.qubits, *described.couplings)
    with ParameterStore.open(state, described.name) as store, LiveTable(rows, console) as table:
        return calibrate(lab, store, nodes_of(described), from_scratch=True, on_event=table)


def _outcomes(lab: Lab, shots: int, console: Console) -> list[Outcome]:
    from rich.progress import Progress

    outcomes = []
    with Progress(console=console, transient=True) as progress:
        whole = progress.add_task("demo", total=len(CLAIMS) + 1)
        step = progress.add_task(f"starting {len(lab.laboratory.instruments)} instruments", total=None)
        lab.station  # noqa: B018 (opens the instruments, so that the first program's time is its own)
        for claim in CLAIMS:
            progress.update(whole, advance=1)
            progress.update(step, description=f"{claim.name}, {shots} shots")
            outcomes.append(_outcome(lab, claim, shots))
    return outcomes


def _outcome(lab: Lab, claim: Claim, shots: int) -> Outcome:
    from qctl.readout import nearest_probabilities

    started = time.monotonic()
    result = lab.run(claim.text, shots=shots, mitigate=True)
    found = nearest_probabilities(dict(result.quasi[0]))
    return Outcome(claim.name, shots, distance(found, claim.exact), claim.bound, time.monotonic() - started)


def _print(outcomes: list[Outcome], report: Report | None) -> None:
    from rich.console import Console
    from rich.table import Table

    if report is not None:
        click.echo(
            f"calibrated from scratch in {len(report.steps)} steps: {report.seconds:.0f} s of machine time, "
            f"{report.wall:.0f} s on the clock"
        )
    table = Table(title=f"on {DEFAULT}, readout errors mitigated", box=None, pad_edge=False, title_justify="left")
    for heading in ("program", "shots", "distance from theory", "promised", "seconds", ""):
        table.add_column(heading, justify="left" if heading in ("program", "") else "right")
    for o in outcomes:
        kept = "[green]kept[/]" if o.kept else "[red]broken[/]"
        table.add_row(o.name, str(o.shots), f"{o.distance:.3f}", f"{o.bound:g}", f"{o.seconds:.1f}", kept)
    Console().print(table)
