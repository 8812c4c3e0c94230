"""``qctl submit``: a program for the queue of a daemon."""

from __future__ import annotations

from pathlib import Path

import click

from .daemon import client_of, say, url_option
from .laboratory import json_option

CLASSES = ("urgent_calibration", "interactive", "batch", "background")


@click.command("submit")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shots", type=click.IntRange(1), default=4000, show_default=True)
@click.option(
    "--input", "inputs", multiple=True, metavar="NAME=VALUES", help="As of qctl run; rows are a sweep, one job."
)
@click.option("--name", default="", help="Shown in lists.")
@click.option("--class", "job_class", type=click.Choice(CLASSES), default="batch", show_default=True)
@click.option("--priority", type=click.IntRange(-100, 100), default=0, show_default=True, help="Within its class.")
@click.option("--solo", is_flag=True, help="Nobody else's program beside it.")
@click.option("--on-crash", type=click.Choice(["resume", "restart", "never"]), default="resume", show_default=True)
@click.option("--after", multiple=True, metavar="JOB", help="Run when this job is done; may be given several times.")
@click.option("--deadline", metavar="TIME", help="Cancel it when it is not finished by then, as 10min.")
@click.option("--key", help="The same key is the same job, however often this is called.")
@click.option("--wait", is_flag=True, help="Wait and print the counts.")
@url_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    file: Path,
    shots: int,
    inputs: tuple[str, ...],
    name: str,
    job_class: str,
    priority: int,
    solo: bool,
    on_crash: str,
    after: tuple[str, ...],
    deadline: str | None,
    key: str | None,
    wait: bool,
    url: str | None,
    as_json: bool,
) -> None:
    """Submit FILE, an OpenQASM program; print the job that it became."""
    asked: dict[str, object] = {"name": name or file.name, "job_class": job_class, "priority": priority}
    asked |= {"isolation": "solo" if solo else "shared", "on_crash": on_crash, "after": list(after)}
    if inputs:
        from .inputs import read_inputs

        asked["inputs"] = read_inputs(inputs)
    if deadline is not None:
        from .quantities import span

        asked["deadline_s"] = span(deadline)
    with client_of(ctx, url) as daemon:
        job = daemon.submit(file, shots, key=key, **asked)
        found = daemon.result(job) if wait else None
    if found is not None and as_json:
        say(dict(found.document))
    elif found is not None:
        from .results import show

        show(found.document)
    elif as_json:
        say({"job": job})
    else:
        click.echo(job)
