"""``qctl results``: what a job counted, and how that came to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from .daemon import client_of, say, table, url_option
from .laboratory import json_option

MOST_ROWS = 20


@click.command("results")
@click.argument("job")
@click.option("--follow", is_flag=True, help="Print each segment as it is stored, a line of JSON each.")
@url_option
@json_option
@click.pass_context
def command(ctx: click.Context, job: str, follow: bool, url: str | None, as_json: bool) -> None:
    """Wait for JOB and print its counts."""
    with client_of(ctx, url) as daemon:
        if follow:
            for line in daemon.segments(job, follow=True):
                say(line)
            return
        document = daemon.result(job).document
    if as_json:
        say(dict(document))
    else:
        show(document)


def show(document: Mapping[str, Any]) -> None:
    """Print counts, most frequent first, and what they rest on."""
    for point, counts in enumerate(document["counts"] or ()):
        if len(document["counts"]) > 1:
            click.echo(f"sweep point {point}")
        rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        kept = max(1, sum(counts.values()))
        shown = [(key or "(no bits)", number, f"{number / kept:.2%}") for key, number in rows[:MOST_ROWS]]
        click.echo(table(shown, ("key", "counts", "share")))
        if len(rows) > MOST_ROWS:
            click.echo(f"... and {len(rows) - MOST_ROWS} more keys; --json prints all")
        for line in outputs_as_lines({name: each[point] for name, each in document.get("outputs", {}).items()}):
            click.echo(line)
    for reason, number in document.get("dropped", {}).items():
        click.echo(f"{number} of {document['shots']} shots do not count: {reason}")
    compiled = document["compiled"]
    qubits = " ".join(compiled["qubits"][k] for k in compiled["placement"] if k >= 0)
    beside = ", ".join(document["co_runners"]) or "nobody"
    click.echo(f"{document['shots']} shots on {qubits}; parameters {document['parameters_id']}; beside: {beside}")
    misses = document["timing"]["misses"]
    if misses:
        click.echo(f"{misses} deadlines were missed; what they spoiled was played again")


def outputs_as_lines(outputs: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield a line for each output beside bits: its values, most frequent first."""
    for name, tally in outputs.items():
        rows = sorted(tally.items(), key=lambda item: -item[1])
        more = f", and {len(rows) - MOST_ROWS} more values" if len(rows) > MOST_ROWS else ""
        yield f"{name}: {', '.join(f'{value} ({number} times)' for value, number in rows[:MOST_ROWS])}{more}"
