"""``qctl why``: one sentence about where a job is."""

from __future__ import annotations

import click

from .daemon import client_of, url_option


@click.command("why")
@click.argument("job")
@url_option
@click.pass_context
def command(ctx: click.Context, job: str, url: str | None) -> None:
    """Say why JOB is where it is."""
    with client_of(ctx, url) as daemon:
        click.echo(daemon.why(job))
