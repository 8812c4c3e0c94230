"""``qctl cancel``: end a job of a daemon."""

from __future__ import annotations

import json

import click

from .daemon import client_of, url_option
from .laboratory import json_option


@click.command("cancel")
@click.argument("job")
@click.option("--reason", default="", help="Why, for the journal.")
@url_option
@json_option
@click.pass_context
def command(ctx: click.Context, job: str, reason: str, url: str | None, as_json: bool) -> None:
    """Cancel JOB; one that runs ends at the border of its window."""
    with client_of(ctx, url) as daemon:
        state = daemon.cancel(job, reason)
    click.echo(json.dumps({"job": job, "state": state}) if as_json else state)
