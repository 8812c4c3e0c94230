"""``qctl check``: every mistake of a file, with its place."""

from __future__ import annotations

import json
from pathlib import Path

import click

from qctl.core.errors import ConfigError

from .laboratory import json_option


@click.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def command(files: tuple[Path, ...], as_json: bool) -> None:
    """Check FILES and report every mistake as file:line:column.

    A .json file is a snapshot of parameters, a file in a folder called twins is a hidden truth; others are
    laboratories, whose drivers must be there as well, and able to do what the file asks of their instruments.
    """
    found = {str(file): [str(mistake) for mistake in mistakes_of(file)] for file in files}
    if as_json:
        click.echo(json.dumps(found))
    else:
        for name, mistakes in found.items():
            click.echo("\n".join(mistakes) if mistakes else f"{name}: ok")
    if any(found.values()):
        raise click.exceptions.Exit(ConfigError.exit_code)


def mistakes_of(file: Path) -> tuple[ConfigError, ...]:
    """Return every mistake of one file."""
    from qctl.config import check_file
    from qctl.core.parameters import Parameters
    from qctl.run.check import check_laboratory

    if file.suffix == ".json":
        return check_file(file, Parameters)
    if file.parent.name == "twins":
        from .rack import twin_kind

        return check_file(file, twin_kind(file))
    return check_laboratory(file)
