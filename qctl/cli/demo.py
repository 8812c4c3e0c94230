"""``qctl demo``: the same programs on three kinds of machines, each calibrated, compared with theory in one table."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from qctl.core.errors import SpecificationError

from .laboratory import json_option
from .programs import CLAIMS, Claim, distance

if TYPE_CHECKING:
    from rich.console import Console

    from qctl.calibrate.report import Report
    from qctl.run import Lab


@dataclass(frozen=True, slots=True)
class Stop:
    """One laboratory of the demo.

    Parameters
    ----------
    what : its qubits, in words
    share : of the shots that are asked for: what a second holds of this machine's shots differs
    scratch : it is brought up from the guesses of its file, also without ``--full``
    claims : what it runs
    """

    lab: str
    what: str
    share: float
    scratch: bool
    claims: tuple[Claim, ...] = CLAIMS[:2]  # the Bell pair and the GHZ state


STOPS = (
    Stop("transmon5", "5 transmons", 1.0, True, CLAIMS),
    Stop("ion8", "8 trapped ions", 0.125, False),
    Stop("atoms16", "16 neutral atoms", 0.025, False),
)
LEAST_SHOTS = 2000  # below, chance alone breaks the bounds
CHECKED = 20.0  # s of machine time for checks of a snapshot that comes with qctl, and for what they find


@dataclass(frozen=True, slots=True)
class Outcome:
    """One program on one laboratory: what it gave and what was promised.

    Parameters
    ----------
    shots : those that count
    distance : of what was found from theory, readout errors mitigated
    bound : what is promised, and how far chance goes with so many shots
    """

    lab: str
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
@click.option(
    "--shots", type=click.IntRange(LEAST_SHOTS), default=4000, show_default=True, help="On the fastest machine."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--full", is_flag=True, help="Bring each laboratory up from scratch; takes many minutes.")
@click.option("--as-committed", is_flag=True, help="Skip calibration: use the snapshots that come with qctl.")
@json_option
@click.pass_context
def command(ctx: click.Context, shots: int, seed: int, full: bool, as_committed: bool, as_json: bool) -> None:
    """Run the same Bell and GHZ programs on simulated transmons, ions and atoms.

    The transmons are calibrated from scratch; of the others, the snapshots that come with qctl are checked.
    """
    from rich.console import Console

    from .state import keep_log

    keep_log(ctx)
    console = Console(stderr=True, quiet=as_json)
    outcomes: list[Outcome] = []
    calibrations: dict[str, dict[str, object] | None] = {}
    for stop in STOPS:
        if not (full or stop.scratch or _measured(stop)):
            console.print(f"{stop.lab}: no snapshot comes with it; --full brings it up", highlight=False)
            continue
        report, found = _visit(stop, round(shots * stop.share), seed, None if as_committed else full, console)
        outcomes += found
        calibrations[stop.lab] = None if report is None else _figures(stop, report, full)
    if as_json:
        programs = [{**asdict(o), "kept": o.kept} for o in outcomes]
        click.echo(json.dumps({"calibrations": calibrations, "programs": programs}))
    else:
        _print(outcomes, calibrations)
    broken = [outcome for outcome in outcomes if not outcome.kept]
    if broken:
        raise SpecificationError(
            f"{broken[0].name} is {broken[0].distance:.3f} from its exact distribution",
            allowed=f"at most {broken[0].bound:.3f}",
            where=broken[0].lab,
        )


def _measured(stop: Stop) -> bool:
    """Say whether a snapshot comes with a laboratory."""
    from qctl.config import read_laboratory
    from qctl.config.find import find_laboratory

    return read_laboratory(find_laboratory(stop.lab)).parameters is not None


def _visit(
    stop: Stop, shots: int, seed: int, full: bool | None, console: Console
) -> tuple[Report | None, list[Outcome]]:
    """Calibrate one laboratory and run the programs on it; ``full`` None takes the snapshot as it is."""
    from qctl.run import Lab

    with TemporaryDirectory() as state, Lab.open(stop.lab, seed=seed, state=state) as lab:
        report = None if full is None else _calibrated(lab, Path(state), stop.scratch or full, console)
        return report, _outcomes(lab, stop, shots, console)


def _calibrated(lab: Lab, state: Path, scratch: bool, console: Console) -> Report:
    """Bring a laboratory up from the guesses of its file, or check what is believed of it."""
    from qctl.calibrate.loop import calibrate
    from qctl.experiments.nodes import nodes_of
    from qctl.store import ParameterStore

    from .live import LiveTable

    described, budget = lab.laboratory, float("inf") if scratch else CHECKED
    rows = (*described.qubits, *described.couplings)
    with ParameterStore.open(state, described.name) as store, LiveTable(rows, console) as table:
        return calibrate(lab, store, nodes_of(described), from_scratch=scratch, budget=budget, on_event=table)


def _outcomes(lab: Lab, stop: Stop, shots: int, console: Console) -> list[Outcome]:
    from rich.progress import Progress

    outcomes = []
    with Progress(console=console, transient=True) as progress:
        whole = progress.add_task(stop.lab, total=len(stop.claims) + 1)
        step = progress.add_task(f"starting {len(lab.laboratory.instruments)} instruments", total=None)
        lab.station  # noqa: B018 (opens the instruments, so that the first program's time is its own)
        for claim in stop.claims:
            progress.update(whole, advance=1)
            progress.update(step, description=f"{claim.name}, {shots} shots")
            outcomes.append(_outcome(lab, stop, claim, shots))
    return outcomes


def _outcome(lab: Lab, stop: Stop, claim: Claim, shots: int) -> Outcome:
    from qctl.conformance.statistics import sampling_noise
    from qctl.readout import nearest_probabilities

    started = time.monotonic()
    result = lab.run(claim.text, shots=shots, mitigate=True)
    found, kept = nearest_probabilities(dict(result.quasi[0])), sum(result.counts.values())
    bound = claim.bound + sampling_noise(claim.exact, kept)
    return Outcome(stop.lab, claim.name, kept, distance(found, claim.exact), bound, time.monotonic() - started)


def _figures(stop: Stop, report: Report, full: bool) -> dict[str, object]:
    return {
        "from_scratch": stop.scratch or full,
        "steps": len(report.steps),
        "machine_seconds": report.seconds,
        "wall_seconds": sum(step.wall for step in report.steps),
    }


def _print(outcomes: list[Outcome], calibrations: dict[str, dict[str, object] | None]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = "how far off theory (total-variation distance), readout errors mitigated"
    table = Table(title=title, box=None, pad_edge=False, title_justify="left")
    for heading in ("machine", "program"):
        table.add_column(heading)
    for heading in ("shots", "off", "at most", "s"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for stop in STOPS:
        # Under the name of a machine stands how it was calibrated: each runs two programs or more.
        first = iter((stop.what, _said(calibrations.get(stop.lab))))
        for o in (one for one in outcomes if one.lab == stop.lab):
            kept = "[green]kept[/]" if o.kept else "[red]broken[/]"
            row = (o.name, str(o.shots), f"{o.distance:.3f}", f"{o.bound:.3f}", f"{o.seconds:.1f}", kept)
            table.add_row(next(first, ""), *row)
    Console().print(table)


def _said(figures: dict[str, object] | None) -> str:
    if figures is None:
        return "as committed"
    how = "from scratch" if figures["from_scratch"] else "checked"
    return f"{how}, {figures['wall_seconds']:.0f} s"
