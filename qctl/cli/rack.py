"""``qctl rack``: the simulated instruments of a laboratory, on real links, until told to stop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from qctl.core.errors import UsageError

from .laboratory import json_option, seed_option, twin_option


@click.command("rack")
@click.argument("file")
@seed_option
@twin_option
@json_option
def command(file: str, seed: int | None, twin: Path | None, as_json: bool) -> None:
    """Serve the instruments of the laboratory FILE on free loopback ports, in the foreground.

    It ends with Ctrl-C or SIGTERM, or when a pipe at its standard input ends. Without --seed every start draws its own.
    """
    import secrets

    from qctl.config import read, read_laboratory
    from qctl.config.find import find_laboratory, twin_of
    from qctl.instruments.mock.rack import run_rack
    from qctl.physics.worlds import truth_kind, world_of

    path = find_laboratory(file)
    laboratory = read_laboratory(path)
    drawn = secrets.randbits(32) if seed is None else seed
    twin = twin or twin_of(path)
    if not twin.exists():
        raise UsageError(
            f"a simulated laboratory without its truth: there is no {twin}",
            remedy=f"draw one (qctl twin draw --lab {path} --seed 1 > {twin}), name one (--twin FILE), "
            "or give addresses of instruments",
        )
    truth = read(twin, truth_kind(laboratory.platform))
    world = world_of(laboratory, truth, drawn)

    def announce(served: dict[str, Any]) -> None:
        click.echo(_announcement(served, as_json))

    run_rack(laboratory, world, announce, seed=drawn, latencies=truth.latencies)


def _announcement(served: dict[str, Any], as_json: bool) -> str:
    if as_json:
        return json.dumps(served)
    lines = [f"{name}  {entry['model']}  {entry['address']}" for name, entry in served["instruments"].items()]
    return "\n".join([*lines, "serving; Ctrl-C ends it"])


def twin_kind(file: Path) -> type:
    """Return the dataclass of a hidden truth; this module is the only one here that may know it.

    The laboratory beside the folder ``twins`` says which platform it is; without one it is a superconducting one.
    """
    from qctl.config import read_laboratory
    from qctl.physics.worlds import truth_kind

    laboratory = file.parent.parent / file.name
    return truth_kind(read_laboratory(laboratory).platform if laboratory.is_file() else "superconducting")
