"""``qctl rack``: the simulated instruments of a laboratory, on real links, until told to stop."""

from __future__ import annotations

from pathlib import Path

import click

from .laboratory import json_option, seed_option, twin_option


@click.command("rack")
@click.argument("file")
@seed_option
@twin_option
@json_option
def command(file: str, seed: int | None, twin: Path | None, as_json: bool) -> None:
    """Serve the instruments of the laboratory FILE on free loopback ports, in the foreground.

    It ends with Ctrl-C or SIGTERM; with --json also when its standard input ends.
    """
    from qctl.config import read_laboratory
    from qctl.config.find import find_laboratory
    from qctl.instruments.mock.rack import run_rack

    run_rack(read_laboratory(find_laboratory(file)), seed=seed, twin=twin, as_json=as_json)


def twin_kind() -> type:
    """Return the dataclass of a hidden truth; this module is the only one here that may know it."""
    from qctl.physics.twin import Twin

    return Twin
