"""``qctl top``: the queue as it moves."""

from __future__ import annotations

import click

from .daemon import client_of, table, url_option


@click.command("top")
@click.option("--once", is_flag=True, help="Print it once.")
@url_option
@click.pass_context
def command(ctx: click.Context, once: bool, url: str | None) -> None:
    """Show what plays and what waits, again whenever something changes. Ctrl-C ends it."""
    with client_of(ctx, url) as daemon, client_of(ctx, url) as news:
        click.echo(_screen(daemon))
        if once:
            return
        last = daemon.get("/v1/status")["windows"]
        for _ in news.events(follow=True):
            now = daemon.get("/v1/status")["windows"]
            if now != last:
                click.clear()
                click.echo(_screen(daemon))
            last = now


def _screen(daemon: object) -> str:
    from qctl.client import Client

    assert isinstance(daemon, Client)
    found = daemon.status()
    wanted = ["RUNNING", "PREPARING", "FINALIZING", "CANCELLING", "QUEUED", "HELD"]
    jobs = daemon.jobs(state=wanted, limit=50, everybody="true")
    rows = [
        (job["job"], job["user"], job["state"], job["class"], f"{job['shots_done']}/{job['shots']}", job["name"])
        for job in reversed(jobs)
    ]
    head = f"{found['laboratory']}: window {found['windows']}, playing {' '.join(found['playing']) or 'nothing'}"
    return f"{head}\n{table(rows, ('job', 'user', 'state', 'class', 'shots', 'name'))}"
