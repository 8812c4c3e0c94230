"""``qctl show``: a picture of what will be played, from the very samples that would be uploaded."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .laboratory import json_option, lab_option


@click.command("show")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@lab_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="PNG, PDF or SVG to write.")
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path, lab: str, out: Path, as_json: bool) -> None:
    """Draw every line that the OpenQASM program in FILE uses; no instrument is needed."""
    from qctl.plot.figure import written
    from qctl.plot.samples import draw_samples, lines_of
    from qctl.run import Lab

    from .state import state_folder

    laboratory = Lab.open(lab, state=state_folder(ctx))
    sequence = laboratory.compile(file, 1)
    title = f"{file.name} on {laboratory.laboratory.name}"
    written(draw_samples(sequence, laboratory.playlists(sequence), title), out)
    lines = lines_of(sequence)
    if as_json:
        click.echo(json.dumps({"out": str(out), "lines": lines, "seconds": sequence.length}))
    else:
        click.echo(f"{out}: {len(lines)} lines, {sequence.length * 1e9:.0f} ns")
