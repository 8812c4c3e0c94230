"""``qctl twin``: draw hidden truths of simulated laboratories, and score parameters against them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from qctl.core.parameters import Estimate

from .laboratory import json_option, lab_option

if TYPE_CHECKING:
    from qctl.judge import AtomTwin, IonTwin, Score, Twin


DEFECTS = "tls:QUBIT, dead:LINE, swapped:LINE,LINE"


@click.group("twin")
def command() -> None:
    """Draw hidden truths of simulated laboratories, and score parameters against them; both take --json."""


@command.command()
@lab_option
@click.option("--seed", type=click.IntRange(0), required=True, help="Every seed is another chip.")
@click.option("--defect", "defects", multiple=True, metavar="KIND:TARGET", help=f"One of {DEFECTS}.")
@click.option("--drift", is_flag=True, help="Let it move in virtual time.")
@json_option
def draw(lab: str, seed: int, defects: tuple[str, ...], drift: bool, as_json: bool) -> None:
    """Print a random hidden truth for a laboratory file, for --twin: always one that can be calibrated."""
    from qctl.config import read_laboratory
    from qctl.config.find import find_laboratory
    from qctl.judge import draw_truth, twin_text, with_defects

    laboratory = read_laboratory(find_laboratory(lab))
    twin = draw_truth(laboratory, seed, drifting=drift)
    if defects:
        twin = with_defects(laboratory, twin, defects, seed)
    asked = " ".join([f"--lab {lab} --seed {seed}", *(f"--defect {d}" for d in defects), *(["--drift"] * drift)])
    heading = f"A hidden truth of {laboratory.name}; only the mock rack reads it.\nMade by: qctl twin draw {asked}"
    text = twin_text(twin, heading)
    click.echo(json.dumps({"twin": text}) if as_json else text, nl=as_json)


@command.command("score")
@lab_option
@click.option(
    "--twin",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The truth  [default: twins/NAME.yaml beside the laboratory file]",
)
@click.option(
    "--snapshot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Parameters to judge  [default: the newest snapshot of the store for this laboratory and twin]",
)
@click.option("--at", type=click.FloatRange(0), default=0.0, help="Virtual time of a truth that moves, s.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Of the rack, for a truth that moves.")
@json_option
@click.pass_context
def score_(
    ctx: click.Context, lab: str, twin: Path | None, snapshot: Path | None, at: float, seed: int, as_json: bool
) -> None:
    """Compare parameters with the truth: every value, and every gate and readout that they would play."""
    from qctl.config import read, read_laboratory, read_parameters
    from qctl.config.find import find_laboratory, twin_of
    from qctl.judge import Readout, Upload, score, score_array, score_ions, truth_kind
    from qctl.run.known import known_parameters, stored_as
    from qctl.store import ParameterStore

    from .judged import gates_of, playable, played_gates, played_readout, weights_by_qubit
    from .state import state_folder

    path = find_laboratory(lab)
    laboratory = read_laboratory(path)
    if snapshot is None:
        with ParameterStore.open(state_folder(ctx), stored_as(laboratory, twin)) as store:
            known = known_parameters(laboratory, store.snapshot())
    else:
        known = known_parameters(laboratory, read_parameters(snapshot))
    gates, refused = playable(laboratory, known, gates_of(laboratory))
    played = Upload(*played_gates(laboratory, known, gates))
    truth = read(twin or twin_of(path), truth_kind(laboratory.platform))
    if laboratory.platform == "trapped_ion":
        found = score_ions(laboratory, cast("IonTwin", truth), known, gates, played, at=at, seed=seed)
    elif laboratory.platform == "neutral_atom":
        found = score_array(laboratory, cast("AtomTwin", truth), known, gates, played, at=at, seed=seed)
    else:
        measured = Upload(*played_readout(laboratory, known))
        readout = Readout(measured, weights_by_qubit(laboratory, known, measured.sequence))
        found = score(laboratory, cast("Twin", truth), known, gates, played, readout, at=at, seed=seed)
    if as_json:
        click.echo(json.dumps(as_document(found) | {"parameters": known.id, "not_playable": refused}))
    else:
        show(found, f"{laboratory.name}, parameters {known.id}")
        for name, reason in refused.items():
            click.echo(f"{name} cannot be played: {reason}")


def as_document(found: Score) -> dict[str, object]:
    """Return a score as plain data; errors that nobody claimed are null."""
    values = [
        {"name": v.name, "value": v.value, "error": v.error if v.sigmas is not None else None, "truth": v.truth}
        | {"off": v.off, "sigmas": v.sigmas, "unit": v.unit}
        for v in found.values
    ]
    readouts = [asdict(r) | {"fidelity": r.fidelity} for r in found.readouts]
    return {"values": values, "gates": [asdict(gate) for gate in found.gates], "readouts": readouts}


def show(found: Score, title: str) -> None:
    """Print a score as three tables."""
    from qctl.core.shown import shown

    from .cal_documents import print_table

    rows = [
        (v.name, shown(Estimate(v.value, v.error, v.unit)), shown(Estimate(v.truth, unit=v.unit)),
         shown(Estimate(v.off, unit=v.unit)), "" if v.sigmas is None else f"{v.sigmas:+.1f}")
        for v in found.values
    ]  # fmt: skip
    print_table(title, ("parameter", "value", "truth", "off", "sigma"), rows)
    gates = [
        (g.target, g.kind, f"{g.error:.2e}", f"{g.limit:.2e}", f"{g.leakage:.1e}", f"{g.duration * 1e9:g} ns")
        for g in found.gates
    ]
    print_table("gates, average infidelity", ("target", "gate", "error", "coherence limit", "leakage", "time"), gates)
    readouts = [
        (r.target, f"{r.fidelity:.4f}", f"{r.p01:.4f}", f"{r.p10:.4f}", f"{r.best:.4f}",
         (f"{r.frequency / 1e9:.5f} GHz, {r.amplitude:.3f}, " if r.frequency else "") + f"{r.duration * 1e9:.0f} ns")
        for r in found.readouts
    ]  # fmt: skip
    print_table("readout", ("qubit", "fidelity", "p01", "p10", "best", "with"), readouts)
