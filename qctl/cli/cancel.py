"""``qctl cancel``: end a job of a daemon."""

from __future__ import annotations

import click

from .daemon import client_of, url_option


@click.command("cancel")
@click.argument("job")
@click.option("--reason", default="", help="Why, for the journal.")
@url_option
@click.pass_context
def command(ctx: click.Context, job: str, reason: str, url: str | None) -> None:
    """Cancel JOB; one that runs ends at the border of its window."""
    with client_of(ctx, url) as daemon:
        click.echo(daemon.cancel(job, reason))
