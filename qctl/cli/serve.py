"""``qctl serve``: the daemon of one laboratory, with all processes that it needs, until told to stop. Linux."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from .laboratory import lab_option, seed_option, twin_option


@click.command("serve")
@lab_option
@seed_option
@twin_option
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Loopback port of the API  [default: a free one]"
)
@click.option(
    "--socket",
    "socket_path",
    type=click.Path(path_type=Path),
    help="Local socket  [default: run/qctl.sock in the state folder]",
)
@click.option("--compilers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that compile.")
@click.option(
    "--peers",
    type=click.Choice(["viewer", "user", "operator"]),
    default="user",
    show_default=True,
    help="Role of other accounts that may open the local socket.",
)
@click.option(
    "--calibrate/--no-calibrate",
    default=False,
    show_default=True,
    help="Keep the laboratory calibrated beside the jobs, in what they leave free.",
)
@click.option("--backup-every", default="1h", show_default=True, metavar="TIME", help="Between copies of the jobs.")
@click.option("--scrub-every", default="7d", show_default=True, metavar="TIME", help="Within which all is read once.")
@click.pass_context
def command(
    ctx: click.Context,
    lab: str,
    seed: int | None,
    twin: Path | None,
    port: int,
    socket_path: Path | None,
    compilers: int,
    peers: str,
    calibrate: bool,
    backup_every: str,
    scrub_every: str,
) -> None:
    """Run jobs of many users on one laboratory: durable queue, scheduler, HTTP API. Ctrl-C or SIGTERM stops all of it.

    What it does is printed, a line of JSON for each event. A second one on the same state folder exits with 73.
    """
    from qctl.config import read_laboratory
    from qctl.config.find import find_laboratory
    from qctl.core.errors import UsageError

    from .quantities import span
    from .state import state_folder

    if sys.platform != "linux":
        raise UsageError("the daemon on this platform", allowed="Linux", remedy="library, client and CLI run here")
    path = find_laboratory(lab)
    read_laboratory(path)  # every mistake is said here, before anything starts
    options: dict[str, object] = {
        "seed": seed,
        "twin": str(twin) if twin else None,
        "port": port,
        "compilers": compilers,
        "peers": peers,
    }
    options |= {"calibrate": calibrate, "backup_s": span(backup_every), "scrub_s": span(scrub_every)}
    options["socket"] = str(socket_path.absolute()) if socket_path else None
    settings = {"lab": str(Path(path).absolute()), "state": str(state_folder(ctx).absolute()), "options": options}
    arguments = [sys.executable, "-m", "qctl.daemon", "supervisor", json.dumps(settings)]
    os.execv(sys.executable, arguments)  # noqa: S606 (our own interpreter and module; signals go straight to it)
