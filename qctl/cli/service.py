"""``qctl service``: a unit that lets systemd start the daemon with the machine, and stop it safely."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .laboratory import lab_option

UNIT = """\
# Written by qctl service install.
[Unit]
Description=qctl: {name}
After=network.target

[Service]
Type=notify
NotifyAccess=main
WatchdogSec=10
TimeoutStartSec=120
ExecStart={python} -m qctl.cli --state {state} serve --lab {lab} --port {port}{calibrate}
ExecStopPost={python} -m qctl.cli --state {state} service safe --lab {lab}
Restart=always
RestartSec=1
StartLimitIntervalSec=0
KillMode=mixed
TimeoutStopSec=60
OOMScoreAdjust=-500
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={state}
PrivateTmp=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
TasksMax=512
MemoryMax=80%

[Install]
WantedBy={target}
"""


@click.group("service")
def command() -> None:
    """Let systemd run the daemon."""


@command.command("install")
@lab_option
@click.option("--system", is_flag=True, help="For the whole machine, as root; else for this account.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Loopback port of the API  [default: a free one]"
)
@click.option("--calibrate", is_flag=True, help="Keep the laboratory calibrated beside the jobs.")
@click.option("--print", "only_print", is_flag=True, help="Print the unit, write nothing.")
@click.pass_context
def install(ctx: click.Context, lab: str, system: bool, port: int, calibrate: bool, only_print: bool) -> None:
    """Write the unit; say how to start it."""
    from qctl.config import read_laboratory
    from qctl.config.find import find_laboratory
    from qctl.core.errors import UsageError

    from .state import state_folder

    path = Path(find_laboratory(lab)).absolute()
    laboratory = read_laboratory(path)
    places = {"python": sys.executable, "state": str(state_folder(ctx).absolute()), "lab": str(path)}
    odd = [place for place in places.values() if any(letter.isspace() or letter in "%\"'\\$" for letter in place)]
    if odd:
        raise UsageError(f"{odd[0]!r} in a unit", allowed="paths without blanks, quotes, % and $")
    target = "multi-user.target" if system else "default.target"
    said = " --calibrate" if calibrate else ""
    unit = UNIT.format(name=laboratory.name, port=port, target=target, calibrate=said, **places)
    if only_print:
        click.echo(unit, nl=False)
        return
    folder = Path("/etc/systemd/system") if system else Path.home() / ".config/systemd/user"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "qctl.service").write_text(unit, encoding="utf-8")
    except OSError as reason:
        raise UsageError(
            f"cannot write {folder / 'qctl.service'} ({reason})", remedy="--print shows the unit"
        ) from reason
    who = "systemctl" if system else "systemctl --user"
    click.echo(f"wrote {folder / 'qctl.service'}; start it: {who} daemon-reload && {who} enable --now qctl")


@command.command("safe")
@lab_option
def safe(lab: str) -> None:
    """Make every output of a laboratory safe, over links of our own; for when nothing else is left."""
    from qctl.config import read_laboratory
    from qctl.config.find import find_laboratory
    from qctl.control import open_station

    laboratory = read_laboratory(find_laboratory(lab))
    if any(entry.address == "mock" for entry in laboratory.instruments.values()):
        click.echo("simulated instruments ended with their rack")
        return
    with open_station(laboratory):  # leaving makes safe
        pass
    click.echo("all outputs are safe")
