"""``qctl capabilities``: what a laboratory can do, and which programs it refuses, without an instrument."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .laboratory import json_option, lab_option

if TYPE_CHECKING:
    from qctl.compile.capabilities import Capabilities


@click.command("capabilities")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@lab_option
@click.option("--shots", type=click.IntRange(1), default=4000, show_default=True, help="Of each program in FILES.")
@json_option
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...], lab: str, shots: int, as_json: bool) -> None:
    """Say what a laboratory can do, and whether it would run the programs in FILES; no instrument is needed."""
    from qctl.compile.capabilities import capabilities, refusal
    from qctl.core.errors import QctlError
    from qctl.frontends import as_program
    from qctl.run import Lab

    from .state import state_folder

    opened = Lab.open(lab, state=state_folder(ctx))
    able = capabilities(opened.parameters, opened.laboratory, opened.limits)
    refused: dict[str, str | None] = {}
    for file in files:
        try:
            program = as_program(file).with_shots(shots)
            refused[str(file)] = refusal(program, opened.parameters, opened.laboratory, opened.limits)
        except QctlError as reason:
            refused[str(file)] = str(reason)
    if as_json:
        figures = dataclasses.asdict(able) | {"all_to_all": able.all_to_all, "feedback": able.feedback}
        click.echo(json.dumps({"laboratory": opened.laboratory.name, **figures, "refused": refused}))
    else:
        click.echo("\n".join([*lines_of(able, opened.laboratory.name), *map(_verdict, refused, refused.values())]))
    if any(refused.values()):
        raise click.exceptions.Exit(1)


def lines_of(able: Capabilities, name: str) -> list[str]:
    """Return capabilities in words, one line each."""
    from qctl.core.units import format_quantity, spoken

    joined = "any two qubits" if able.all_to_all else f"{len(able.pairs)} pairs of {len(able.qubits)} qubits"
    decision, coherence = (format_quantity(float(f"{s:.3g}"), "s") for s in (able.decision, able.coherence))
    middle = f"yes: up to {able.at_once} qubits at a time, while others remember" if able.at_once else "yes"
    if able.measures_last and not able.at_once:
        middle = "no: measuring ends the shot of all qubits"
    if not able.feedback:
        feedback = f"no: {able.no_feedback}"
    elif able.at_once:
        feedback = f"yes: the host decides; a part of a shot takes {decision}, T2 is {coherence} at most"
    else:
        feedback = f"yes: a decision takes {decision}, T2 is {coherence} at most"
    return [
        f"{name}: {able.platform}, {len(able.qubits)} qubits",
        f"native gates            {', '.join(able.gates)}",
        f"joined by one of them   {joined}",
        f"mid-circuit measurement {middle}",
        f"feedback                {feedback}",
        f"shots                   {able.shots_per_second:g} per second of one sweep point; "
        f"a run of at most {spoken(able.longest_run)}",
        f"longest program         {format_quantity(float(f'{able.program_time:.3g}'), 's')}",
    ]


def _verdict(file: str, reason: str | None) -> str:
    return f"{file}: {f'refused: {reason}' if reason else 'runs'}"
