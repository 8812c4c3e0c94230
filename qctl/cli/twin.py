"""``qctl twin``: draw hidden truths of simulated laboratories."""

from __future__ import annotations

import click

from .laboratory import lab_option


@click.group("twin")
def command() -> None:
    """Draw hidden truths of simulated laboratories."""


@command.command()
@lab_option
@click.option("--seed", type=click.IntRange(0), required=True, help="Every seed is another chip.")
@click.option("--defect", "defects", multiple=True, metavar="KIND:TARGET", help="dead:LINE or swapped:LINE,LINE.")
def draw(lab: str, seed: int, defects: tuple[str, ...]) -> None:
    """Print a random hidden truth for a laboratory file, for --twin: always one that can be calibrated."""
    from qctl.config import read_laboratory
    from qctl.config.find import find_laboratory
    from qctl.judge import draw_twin, twin_text, with_defects

    laboratory = read_laboratory(find_laboratory(lab))
    twin = with_defects(laboratory, draw_twin(laboratory, seed), defects, seed)
    command_line = " ".join(["qctl twin draw", f"--lab {lab}", f"--seed {seed}", *(f"--defect {d}" for d in defects)])
    click.echo(
        twin_text(
            twin,
            f"A hidden truth of {laboratory.name}, drawn at random; only the mock rack reads it.\n"
            f"Made by: {command_line}",
        ),
        nl=False,
    )
