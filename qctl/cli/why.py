"""``qctl why``: one sentence about where a job is."""

from __future__ import annotations

import json

import click

from .daemon import client_of, url_option
from .laboratory import json_option


@click.command("why")
@click.argument("job")
@url_option
@json_option
@click.pass_context
def command(ctx: click.Context, job: str, url: str | None, as_json: bool) -> None:
    """Say why JOB is where it is."""
    with client_of(ctx, url) as daemon:
        said = daemon.why(job)
    click.echo(json.dumps({"job": job, "why": said}) if as_json else said)
