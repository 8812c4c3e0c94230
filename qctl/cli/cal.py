"""``qctl cal``: what calibration found, what is believed, and how to go back."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qctl.core.errors import UsageError

from .laboratory import json_option, lab_option

if TYPE_CHECKING:
    from qctl.core.parameters import Parameters
    from qctl.store import ParameterStore


@click.group("cal")
def command() -> None:
    """Look at the parameter store of a laboratory, and change what is believed.

    Every command takes --lab and --json. Snapshots have numbers; nothing is ever overwritten.
    """


@command.command()
@click.argument("name")
@lab_option
@click.option("--since", help="Leave out what was measured before, such as 7d or 12h.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw it into FILE.", metavar="FILE")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@json_option
@click.pass_context
def history(
    ctx: click.Context, name: str, lab: str, since: str | None, plot: Path | None, as_csv: bool, as_json: bool
) -> None:
    """Show everything found of parameter NAME, such as q3.t1, rejected or not."""
    from qctl.core.shown import shown

    from . import cal_documents as documents
    from .quantities import span

    if sum((plot is not None, as_csv, as_json)) > 1:
        raise UsageError("several of --plot, --csv and --json", allowed="one of them")
    start = None if since is None else time.time() - span(since)
    with opened(ctx, lab) as store:
        found = store.history(name, start)
    title = f"{name} of {store.laboratory}" + (f", last {since}" if since else "")
    if as_json:
        click.echo(json.dumps([documents.as_document(one) for one in found]))
    elif as_csv:
        click.echo(documents.as_csv(found), nl=False)
    elif plot is not None:
        from .trend import draw

        click.echo(f"{plot}: {draw(found, title, plot)} values")
    else:
        rows = [
            (documents.when(one.estimate.time), shown(one.estimate), one.status.value, str(one.snapshot or ""),
             one.estimate.run, one.reason)
            for one in found
        ]  # fmt: skip
        documents.print_table(title, ("measured (UTC)", "value", "status", "snapshot", "run", "reason"), rows)


@command.command()
@click.argument("targets", nargs=-1)
@lab_option
@json_option
@click.pass_context
def status(ctx: click.Context, targets: tuple[str, ...], lab: str, as_json: bool) -> None:
    """Show what is believed now, of all or some TARGETS (q3, q0-q1, feedline)."""
    from qctl.core.shown import shown

    from . import cal_documents as documents
    from .quantities import age

    with opened(ctx, lab) as store:
        known, findings, commits = store.snapshot(), store.findings(), store.commits()
    kept = [one for name, one in sorted(findings.items()) if not targets or name.startswith(_prefixes(targets))]
    if as_json:
        head = {"laboratory": store.laboratory, "snapshot": known.number, "id": known.id, "note": known.note}
        click.echo(json.dumps({**head, "parameters": [documents.as_document(one) for one in kept]}))
    elif not commits:
        click.echo(f"{store.laboratory}: nothing was stored yet; runs use the snapshot that the laboratory file names")
    else:
        last, now = commits[-1], time.time()
        by = f" by {last.author}" if last.author else ""
        title = f"{store.laboratory}, snapshot {known.id} of {documents.when(last.time)}{by}: {last.note}"
        rows = [
            (one.name, shown(one.estimate), age(now - one.estimate.time) if one.estimate.time else "",
             one.status.value, str(one.snapshot))
            for one in kept
        ]  # fmt: skip
        documents.print_table(title, ("parameter", "value", "age", "status", "from snapshot"), rows)


@command.command()
@click.argument("before", type=click.IntRange(0), metavar="A")
@click.argument("after", type=click.IntRange(0), metavar="B", required=False)
@lab_option
@json_option
@click.pass_context
def diff(ctx: click.Context, before: int, after: int | None, lab: str, as_json: bool) -> None:
    """Show what changed from snapshot A to snapshot B (by default the newest)."""
    from . import cal_documents as documents

    with opened(ctx, lab) as store:
        after = store.newest if after is None else after
        changes = store.diff(before, after)
    if as_json:
        click.echo(json.dumps([documents.change_document(change) for change in changes]))
    elif not changes:
        click.echo(f"snapshots {before} and {after} of {store.laboratory} hold the same")
    else:
        title = f"{store.laboratory}, from snapshot {before} to {after}"
        rows = [documents.change_row(change) for change in changes]
        documents.print_table(title, ("parameter", "before", "after", "sigma"), rows)


@command.command()
@click.argument("what", metavar="FILE|N")
@lab_option
@click.option("--note", default="", help="Why; it stays with the snapshot.")
@json_option
@click.pass_context
def apply(ctx: click.Context, what: str, lab: str, note: str, as_json: bool) -> None:
    """Lay the values of a file or of snapshot N over the newest ones; all others stay."""
    with opened(ctx, lab) as store:
        if what.isdecimal():
            number = store.apply(int(what), note=note, author=_person())
        else:
            now, read = store.snapshot(), _read(Path(what))
            both = now.replaced(read.estimates)
            number = _replace(store, both, now.number, f"applied from {what}", note or read.note)
        _tell(store, number, as_json)


@command.command()
@click.argument("number", type=click.IntRange(0), metavar="N")
@lab_option
@click.option("--note", default="", help="Why; it stays with the snapshot.")
@json_option
@click.pass_context
def revert(ctx: click.Context, number: int, lab: str, note: str, as_json: bool) -> None:
    """Make a new snapshot that holds exactly what snapshot N does."""
    with opened(ctx, lab) as store:
        _tell(store, store.revert(number, note=note, author=_person()), as_json)


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@lab_option
@click.option("--note", default="", help="Why; it stays with the snapshot  [default: the note of the file]")
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Path, lab: str, note: str, as_json: bool) -> None:
    """Make a new snapshot that holds exactly what FILE does; what is new is marked as set by hand."""
    with opened(ctx, lab) as store:
        parent, read = store.newest, _read(file)
        _tell(store, _replace(store, read, parent, f"imported from {file.name}", note or read.note), as_json)


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@lab_option
@click.option("--snapshot", "number", type=click.IntRange(0), help="Which one  [default: the newest]")
@json_option
@click.pass_context
def export(ctx: click.Context, file: Path, lab: str, number: int | None, as_json: bool) -> None:
    """Write a snapshot to FILE, as laboratory files name it and as import reads it."""
    from qctl.config import write_parameters

    with opened(ctx, lab) as store:
        known = store.snapshot(number)
    try:
        write_parameters(file, known, known.note)
    except OSError as reason:
        raise UsageError(f"cannot write {str(file)!r} ({reason})") from reason
    document = {"file": str(file), "snapshot": known.number, "id": known.id, "parameters": len(known)}
    click.echo(json.dumps(document) if as_json else f"{file}: snapshot {known.id}, {len(known)} parameters")


def opened(ctx: click.Context, lab: str) -> ParameterStore:
    """Return the store in the state folder, for the laboratory that ``--lab`` names."""
    from qctl.config.find import find_laboratory
    from qctl.store import ParameterStore

    from .state import state_folder

    return ParameterStore.open(state_folder(ctx), find_laboratory(lab).stem)


def _read(file: Path) -> Parameters:
    from qctl.config import read_parameters

    if not file.is_file():
        raise UsageError(f"no file {str(file)!r}", allowed="a snapshot as export writes it, or a number")
    return read_parameters(file)


def _replace(store: ParameterStore, parameters: Parameters, parent: int, reason: str, note: str) -> int:
    return store.replace(parameters, parent=parent, reason=reason, note=note or reason, author=_person())


def _tell(store: ParameterStore, number: int, as_json: bool) -> None:
    known, changes = store.snapshot(number), store.diff(number - 1, number)
    document = {"snapshot": number, "id": known.id, "changed": [change.name for change in changes]}
    text = f"{store.laboratory}: snapshot {known.id}, {len(changes)} parameters changed"
    click.echo(json.dumps(document) if as_json else text)


def _prefixes(targets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{target}." for target in targets)


def _person() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this number: a container
        return "unknown"
