"""``qctl explain``: the whole story of a job, from submission to result."""

from __future__ import annotations

import time
from typing import Any

import click

from .daemon import client_of, say, table, url_option
from .laboratory import json_option


@click.command("explain")
@click.argument("job")
@url_option
@json_option
@click.pass_context
def command(ctx: click.Context, job: str, url: str | None, as_json: bool) -> None:
    """Tell what happened to JOB, who did it, and why it is where it is."""
    with client_of(ctx, url) as daemon:
        found, events = daemon.job(job), daemon.get(f"/v1/jobs/{job}/events", limit=1000)
        why = daemon.why(job)
    if as_json:
        say({"job": found, "why": why, "events": events})
        return
    click.echo(f"{found['job']} {found['name']}: {found['state']}, {found['shots_done']} of {found['shots']} shots")
    click.echo(table([_row(event) for event in events], ("when", "who", "what", "why")))
    click.echo(why)


def _row(event: dict[str, Any]) -> tuple[str, str, str, str]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event["time"]))
    what = f"{event['before']} -> {event['after']}" if event["before"] else event["verb"]
    return when, event["actor"], what, str(event["detail"].get("reason", ""))
