"""Options that several commands share: which laboratory, which seed, which truth behind a simulated one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

DEFAULT = "transmon5"
Command = Callable[..., Any]


def lab_option(command: Command) -> Command:
    """Add ``--lab``."""
    return click.option(
        "--lab",
        default=DEFAULT,
        show_default=True,
        metavar="FILE",
        help="Its file, or one that comes with qctl.",
    )(command)


def seed_option(command: Command) -> Command:
    """Add ``--seed``."""
    return click.option("--seed", type=click.IntRange(0), help="Make a simulated laboratory repeat itself.")(command)


def twin_option(command: Command) -> Command:
    """Add ``--twin``."""
    return click.option(
        "--twin",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Hidden truths of a simulated laboratory, instead of twins/NAME.yaml beside it.",
    )(command)


def json_option(command: Command) -> Command:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(command)
