"""``qctl schema``: what an editor needs to help with laboratory files."""

from __future__ import annotations

import json

import click

from .laboratory import json_option


@click.command("schema")
@json_option
def command(as_json: bool) -> None:
    """Print the JSON Schema of laboratory files; --json puts it on one line."""
    from qctl.config import json_schema
    from qctl.core.laboratory import Laboratory

    click.echo(json.dumps(json_schema(Laboratory), indent=None if as_json else 2))
