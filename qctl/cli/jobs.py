"""``qctl jobs``: list, hold, resume, replay; tokens, audit, copies and the health of the store."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from .daemon import client_of, say, table, url_option
from .laboratory import json_option


@click.group("jobs")
def command() -> None:
    """Look at the queue of a daemon, and keep it in order."""


@command.command("list")
@click.option("--state", "states", multiple=True, help="Only these, such as RUNNING; may be given several times.")
@click.option("--everybody", is_flag=True, help="Of all users; for operators.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--before", metavar="JOB", help="Only older ones than this.")
@url_option
@json_option
@click.pass_context
def list_(
    ctx: click.Context, states: tuple[str, ...], everybody: bool, limit: int, before: str | None, url: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """List jobs, newest first."""
    asked: dict[str, object] = {"limit": limit, "everybody": str(everybody).lower()}
    if states:
        asked["state"] = [state.upper() for state in states]
    if before:
        asked["before"] = before.removeprefix("j")
    with client_of(ctx, url) as daemon:
        found = daemon.jobs(**asked)
    if as_json:
        say(found)
        return
    titles = ("job", "user", "name", "state", "class", "shots", "submitted", "why")
    click.echo(table([_row(job) for job in found], titles))


@command.command("hold")
@click.argument("job")
@click.option("--reason", default="")
@url_option
@click.pass_context
def hold(ctx: click.Context, job: str, reason: str, url: str | None) -> None:
    """Keep JOB from running."""
    with client_of(ctx, url) as daemon:
        click.echo(daemon.hold(job, reason))


@command.command("resume")
@click.argument("job")
@url_option
@click.pass_context
def resume(ctx: click.Context, job: str, url: str | None) -> None:
    """Let a held JOB run again."""
    with client_of(ctx, url) as daemon:
        click.echo(daemon.resume(job))


@command.command("health")
@url_option
@click.pass_context
def health(ctx: click.Context, url: str | None) -> None:
    """Print what is wrong, by part."""
    with client_of(ctx, url) as daemon:
        found = daemon.get("/v1/health")
    for part, said in found.items():
        click.echo(f"{part}: {'; '.join(said) or 'well'}")


@command.command("replay")
@click.argument("job")
@click.option("--lab", metavar="FILE", help="Laboratory file  [default: the one that comes with qctl by its name]")
@url_option
@json_option
@click.pass_context
def replay(ctx: click.Context, job: str, lab: str | None, url: str | None, as_json: bool) -> None:
    """Compile JOB again, with the parameters it ran with; exit code 5 when its waveforms are not the same."""
    from qctl.core.errors import SpecificationError
    from qctl.jobs.replay import replayed

    from .state import state_folder

    with client_of(ctx, url) as daemon:
        document, program = daemon.get(f"/v1/jobs/{job}/result"), daemon.get(f"/v1/jobs/{job}/program")
    found = replayed(document, program["program"], lab or document["laboratory"]["name"], state_folder(ctx))
    if as_json:
        say(found)
    else:
        click.echo(
            f"{job}: waveforms {found['waveforms'][:16]}, {'the same' if found['same'] else 'others than it ran'}"
        )
    if not found["same"]:
        raise SpecificationError(
            f"waveforms {found['waveforms'][:16]}", allowed=found["ran"][:16], where=job, remedy="; ".join(found["why"])
        )


@command.command("token")
@click.argument("user")
@click.option("--role", type=click.Choice(["viewer", "user", "operator", "admin"]), default="user", show_default=True)
@click.option("--label", default="", help="What it is for.")
@click.option("--life", default="90d", show_default=True, metavar="TIME")
@url_option
@click.pass_context
def token(ctx: click.Context, user: str, role: str, label: str, life: str, url: str | None) -> None:
    """Make a token for USER and print it, once; for administrators."""
    from .quantities import span

    asked = {"user": user, "role": role, "label": label, "life_s": span(life)}
    with client_of(ctx, url) as daemon:
        click.echo(daemon.post("/v1/tokens", asked)["token"])


@command.command("tokens")
@click.option("--revoke", metavar="ID", help="End this one.")
@url_option
@click.pass_context
def tokens(ctx: click.Context, revoke: str | None, url: str | None) -> None:
    """List tokens, or end one."""
    with client_of(ctx, url) as daemon:
        if revoke:
            daemon.post(f"/v1/tokens/{revoke}/revoke", {})
        found = daemon.get("/v1/tokens")
    titles = ("id", "user", "role", "label", "ends", "revoked")
    click.echo(
        table([(t["id"], t["user"], t["role"], t["label"], _when(t["expires"]), t["revoked"]) for t in found], titles)
    )


@command.command("backup")
@url_option
@click.pass_context
def backup(ctx: click.Context, url: str | None) -> None:
    """Copy the job store now; print the name of the copy, which was read back."""
    with client_of(ctx, url) as daemon:
        click.echo(daemon.post("/v1/backups", {})["copy"])


@command.command("restore")
@click.argument("copy", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def restore(ctx: click.Context, copy: Path) -> None:
    """Put a COPY in the place of the job store; no daemon may run. The old one is kept beside it."""
    from qctl.jobs.backup import restore as put_back

    from .state import state_folder

    click.echo(f"the old one is kept as {put_back(state_folder(ctx), copy)}")


@command.command("verify")
@click.pass_context
def verify(ctx: click.Context) -> None:
    """Read every row and result of the job store; exit code 1 when one is not what was written."""
    from qctl.jobs.backup import scrub
    from qctl.jobs.errors import DamagedError

    from .state import state_folder

    found = list(scrub(state_folder(ctx)))
    for said in found:
        click.echo(said)
    if found:
        raise DamagedError(f"{len(found)} things are not what was written", remedy="qctl jobs restore COPY")
    click.echo("all is as it was written")


def _row(job: dict[str, Any]) -> tuple[object, ...]:
    progress = f"{job['shots_done']}/{job['shots']}"
    return (
        *(job["job"], job["user"], job["name"], job["state"], job["class"], progress),
        *(_when(job["submitted"]), job["reason"][:60]),
    )


def _when(seconds: float) -> str:
    return time.strftime("%m-%d %H:%M:%S", time.localtime(seconds))
