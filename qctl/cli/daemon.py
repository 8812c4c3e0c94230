"""What commands share that talk to a daemon: where it is, and how its answers are shown."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from qctl.client import Client

Command = Callable[..., Any]
VARIABLE = "QCTL_URL"


def url_option(command: Command) -> Command:
    """Add ``--url``."""
    return click.option(
        "--url",
        envvar=VARIABLE,
        metavar="URL",
        help="http://127.0.0.1:PORT of a daemon, with QCTL_TOKEN  [default: the socket in the state folder]",
    )(command)


def client_of(ctx: click.Context, url: str | None) -> Client:
    """Return the daemon that an option names, or the one of the state folder."""
    from qctl.client import Client

    if url:
        return Client(url)
    named = (ctx.find_root().obj or {}).get("state") or os.environ.get("QCTL_STATE_DIR")
    if named is None:
        import platformdirs

        named = platformdirs.user_data_dir("qctl", appauthor=False)
    return Client(Path(named) / "run" / "qctl.sock")


def table(rows: Sequence[Sequence[object]], titles: Sequence[str]) -> str:
    """Return rows in columns, as wide as what stands in them; control characters are shown, not sent."""
    cells = [[_shown(cell) for cell in row] for row in (titles, *rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(titles))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def say(document: object) -> None:
    """Print a document as JSON."""
    click.echo(json.dumps(document))


def _shown(cell: object) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in str(cell))
