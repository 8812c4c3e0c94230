"""Trials of light that no image shows, as a bench makes and reads them: the same as behind a run at hand."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from pathlib import Path
from typing import Any

from qctl.compile import GATED, TURNED, Trial, compile_program, trial_of, unpumped
from qctl.core.parameters import Parameters
from qctl.core.result import shots_in_a_row
from qctl.readout import read_out
from qctl.run.trying import UNTURNED, told, told_dim

from . import codec
from .bench import Bench
from .claims import claims_of, conditions, pinned
from .request import Candidate


def make_trial(bench: Bench, *, lights: Seq[str], parameters: int, dim: bool, out: Path) -> int:
    """Write a trial's waveforms to ``out`` and its place beside it, as for a step of calibration; return its shots.

    Parameters
    ----------
    lights : what the shots behind which it plays needed, as `Bench.compile` says
    dim : hardly pump, to tell which light it is that leaves atoms in 0
    """
    lab, limits = bench.laboratory, bench.limits
    trial, known = _trial(bench, lights, parameters, dim)
    sequence = compile_program(trial.program, known, lab, limits)
    used = [qubit for qubit in sequence.placement if qubit >= 0]
    claims = claims_of(sequence, used, known, lab, limits)
    place = Candidate(placement=tuple(used), claims=claims, expected_success=1.0, duration_s=sequence.period)
    codec.write(out, {"sequence": sequence, "registers": (), "known": known})
    out.with_suffix(".places").write_bytes(codec.encode((pinned(place, conditions(known, lab)),)))
    return sequence.shots


def read_trial(
    bench: Bench, *, lights: Seq[str], parameters: int, dim: bool, records: Seq[str]
) -> dict[str, Any]:  # fmt: skip
    """Return what a trial says: which light fails, if one does, and whether a dim one would know better."""
    trial, known = _trial(bench, lights, parameters, dim)
    result = shots_in_a_row([read_out(codec.read(Path(one)), known, bench.laboratory) for one in records])
    said = told_dim(result, known) if dim else told(trial, result, known)
    return {"said": said or "", "again": said == UNTURNED and not dim}


def _trial(bench: Bench, lights: Seq[str], parameters: int, dim: bool) -> tuple[Trial, Parameters]:
    known = bench.parameters(parameters)
    trial = trial_of(bench.laboratory, known, GATED if GATED in lights else TURNED)
    return trial, known.replaced(unpumped(known)) if dim else known
