"""``qctl run``: a program in, its counts out."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .laboratory import json_option, lab_option, seed_option, twin_option

if TYPE_CHECKING:
    from qctl.core.result import Result

MOST_BARS = 32


@click.command("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@lab_option
@click.option("--shots", type=click.IntRange(1), default=4000, show_default=True)
@seed_option
@twin_option
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=VALUES",
    help="Value of an input of the program; a,b,c or first:last:count sweeps it. Several sweep together.",
)
@click.option(
    "--each-way",
    is_flag=True,
    help="Play every way through decisions for itself; on the average as many shots count as asked for.",
)
@click.option("--mitigate", is_flag=True, help="Also undo known readout errors.")
@click.option(
    "--longest", metavar="TIME", help="Machine time that this run may take, as 90min  [default: the file's longest_run]"
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    file: Path,
    lab: str,
    shots: int,
    seed: int | None,
    twin: Path | None,
    inputs: tuple[str, ...],
    each_way: bool,
    mitigate: bool,
    longest: str | None,
    as_json: bool,
) -> None:
    """Run the OpenQASM program in FILE and print how often each answer came."""
    from qctl.core.units import spoken
    from qctl.run import Lab

    from .inputs import read_inputs
    from .quantities import span
    from .state import keep_log, state_folder

    keep_log(ctx)
    with Lab.open(lab, seed=seed, twin=twin, state=state_folder(ctx)) as laboratory:
        values, most = read_inputs(inputs), None if longest is None else span(longest)

        def tell(seconds: float) -> None:
            click.echo(f"{shots} shots take {spoken(seconds)} of {laboratory.laboratory.name}'s time", err=True)

        result = laboratory.run(
            file, shots=shots, inputs=values, mitigate=mitigate, each_way=each_way, longest=most, tell=tell
        )
    if as_json:
        click.echo(json.dumps(as_document(result)))
        return
    for point in range(len(result.bits)):
        which = f", point {point}" if len(result.bits) > 1 else ""
        show(result.points(point, point + 1), f"{file.name} on {laboratory.laboratory.name}{which}")
    if laboratory.laboratory.parameters is None and result.parameters_id.startswith("0-"):
        click.echo(
            f"{laboratory.laboratory.name} was never calibrated: these are its file's guesses at work. "
            f"qctl calibrate --lab {lab} --from-scratch finds what is true of it.",
            err=True,
        )


def as_document(result: Result) -> dict[str, object]:
    """Return a result as plain data; ``qubits`` names the physical qubit behind each logical one.

    Where there are several sweep points, counts and outputs are lists over them.
    """
    from qctl.core.outputs import tallied

    n_points = len(result.bits)
    counts = [result.counts_of(point) for point in range(n_points)]
    document: dict[str, object] = {
        "counts": counts if n_points > 1 else counts[0],
        "shots": result.shots,
        "qubits": [result.qubits[index] if index >= 0 else None for index in result.placement],
        "parameters_id": result.parameters_id,
        "timing": dataclasses.asdict(result.timing),
    }
    if result.kept is not None:
        document["kept"] = _listed([len(result.kept_shots(point)) for point in range(n_points)])
        document["dropped"] = dict(result.dropped)
    if result.quasi:
        mitigated = [dict(quasi) for quasi in result.quasi]
        document["mitigated"] = mitigated if n_points > 1 else mitigated[0]
    if result.outputs:
        document["outputs"] = {
            name: _listed([tallied(values[point, result.kept_shots(point)]) for point in range(n_points)])
            for name, values in result.outputs.items()
        }
    return document


def _listed(points: list[Any]) -> object:
    return points if len(points) > 1 else points[0]


def show(result: Result, title: str) -> None:
    """Print counts as bars, most frequent first."""
    from rich.bar import Bar
    from rich.console import Console
    from rich.table import Table

    from qctl.core.outputs import tallied
    from qctl.core.record import DECISION
    from qctl.core.units import format_quantity

    from .results import outputs_as_lines

    counts, kept = result.counts, len(result.kept_shots(0))
    quasi = result.quasi[0] if result.quasi else {}
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("key")
    table.add_column("counts", justify="right")
    table.add_column("share", justify="right")
    if quasi:
        table.add_column("mitigated", justify="right")
    table.add_column("", min_width=10, ratio=1)
    # Mitigation can give weight to keys that never came.
    keys = sorted(counts.keys() | quasi.keys(), key=lambda key: (-counts.get(key, 0), -quasi.get(key, 0.0), key))
    for key in keys[:MOST_BARS]:
        count = counts.get(key, 0)
        cells = [key or "(no bits)", str(count), f"{count / max(1, kept):.2%}"]
        cells += [f"{quasi.get(key, 0.0):.2%}"] if quasi else []
        table.add_row(*cells, Bar(counts[keys[0]], 0, count))
    console = Console()
    console.print(table)
    if len(keys) > MOST_BARS:
        console.print(f"... and {len(keys) - MOST_BARS} more keys; --json prints all")
    shots = result.kept_shots(0)
    for line in outputs_as_lines({name: tallied(values[0, shots]) for name, values in result.outputs.items()}):
        console.print(line, markup=False, highlight=False)
    if kept < result.shots:
        console.print(f"{result.shots - kept} of {result.shots} shots do not count:")
        for reason, number in result.dropped.items():
            console.print(f"  {number}: {reason}")
    latency = result.timing.seconds.get(DECISION)
    seconds = sum(result.timing.seconds.values())
    qubits = " ".join(result.qubits[index] for index in result.placement if index >= 0)
    console.print(
        f"{result.shots} shots on {qubits}; parameters {result.parameters_id}; {seconds:.2f} s at the instruments"
    )
    if latency is not None:
        console.print(f"decided within the shot, at most {format_quantity(round(latency, 10), 's')} after the readout")
