"""``qctl status``: what the machine is doing, in a few lines."""

from __future__ import annotations

import click

from .daemon import client_of, say, url_option
from .laboratory import json_option


@click.command("status")
@url_option
@json_option
@click.pass_context
def command(ctx: click.Context, url: str | None, as_json: bool) -> None:
    """Show what the daemon of this state folder is doing."""
    with client_of(ctx, url) as daemon:
        found = daemon.status()
    if as_json:
        say(found)
        return
    jobs = ", ".join(f"{number} {state.lower()}" for state, number in sorted(found["jobs"].items())) or "none"
    click.echo(f"{found['laboratory']} ({found['platform']}), qctl {found['version']}, up {found['up_s'] / 3600:.1f} h")
    click.echo(f"instruments {found['instruments']}, parameters {found['parameters']}")
    click.echo(f"jobs: {jobs}; playing: {' '.join(found['playing']) or 'nothing'}")
    if not found["accepting"]:
        click.echo("no new jobs are accepted: qctl jobs health says why")
    if found["alarms"]:
        click.echo(f"{found['alarms']} alarms (qctl jobs health), the newest: {found['alarm']}")
