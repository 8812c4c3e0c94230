"""``qctl twin``: draw hidden truths of simulated laboratories."""

from __future__ import annotations

import json

import click

from .laboratory import json_option, lab_option


@click.group("twin")
def command() -> None:
    """Draw hidden truths of simulated laboratories; --json puts one into a JSON document."""


@command.command()
@lab_option
@click.option("--seed", type=click.IntRange(0), required=True, help="Every seed is another chip.")
@click.option("--defect", "defects", multiple=True, metavar="KIND:TARGET", help="dead:LINE or swapped:LINE,LINE.")
@json_option
def draw(lab: str, seed: int, defects: tuple[str, ...], as_json: bool) -> None:
    """Print a random hidden truth for a laboratory file, for --twin: always one that can be calibrated."""
    from qctl.config import read_laboratory
    from qctl.config.find import find_laboratory
    from qctl.judge import draw_twin, twin_text, with_defects

    laboratory = read_laboratory(find_laboratory(lab))
    twin = with_defects(laboratory, draw_twin(laboratory, seed), defects, seed)
    asked = " ".join([f"--lab {lab} --seed {seed}", *(f"--defect {defect}" for defect in defects)])
    heading = f"A hidden truth of {laboratory.name}; only the mock rack reads it.\nMade by: qctl twin draw {asked}"
    text = twin_text(twin, heading)
    click.echo(json.dumps({"twin": text}) if as_json else text, nl=as_json)
