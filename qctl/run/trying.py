"""Tries the lights that no image shows, behind a segment of shots: what fails is why these cannot count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Seq
from dataclasses import replace

import numpy as np

from qctl.compile import Trial, light_of, trial_of, unpumped
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program
from qctl.core.record import Timing
from qctl.core.result import Result
from qctl.core.sequence import Sequence
from qctl.readout.image import UNPUMPED
from qctl.readout.trial import Looks

UNTURNED = "atoms that are to be turned stay in 0: Raman light, or what points it at them, is off or blocked"
PUMPED = "atoms that are to be turned stay in 0: the pumping light is stuck on"
UNGATED = "gates do nothing to pairs of atoms: Rydberg light is off or blocked, or no atoms with dark traps come to it"

HALF = 0.5  # of the atoms that should be in 1, or of the contrast of gates; light that works gives more than 0.9
SOME = 0.25  # of the atoms in 1 that should not be
FEW = 0.08  # of the atoms in 1 where hardly any are pumped: fewer, and pumping light is on nevertheless

Play = Callable[[Program, Parameters], Result]


def tried(
    results: Seq[Result], lab: Laboratory, known: Parameters, sequence: Sequence, play: Play, now: Callable[[], float]
) -> tuple[list[Result], Timing]:
    """Return what was just played, without a shot that counts where light does not work, and how long trying took."""
    begun = now()
    if not light_of(lab, known, sequence):
        return list(results), Timing()
    reason = failing(lab, known, sequence, play)
    spent = Timing(seconds={"trial": now() - begun})
    return [result if reason is None else without(result, reason) for result in results], spent


def failing(lab: Laboratory, known: Parameters, sequence: Sequence, play: Play) -> str | None:
    """Return which light that a sequence needs does not work, in words for a person; None when all of it does.

    Parameters
    ----------
    play : plays a program on physical qubits, with the atoms that are loaded
    """
    light = light_of(lab, known, sequence)
    if not light:
        return None
    trial = trial_of(lab, known, light)
    said = told(trial, play(trial.program, known), known)
    if said == UNTURNED:
        dim = known.replaced(unpumped(known))
        return told_dim(play(trial.program, dim), dim)
    return said


def told(trial: Trial, result: Result, known: Parameters) -> str | None:
    """Return which light fails by what came of a trial; where atoms stay in 0, `told_dim` may know better."""
    looks = Looks.of(result, known)
    turned, left = looks.share(trial.turned), looks.share(trial.left)
    if left is not None and left > SOME:
        return UNPUMPED
    if turned is not None and turned < HALF:
        return UNTURNED
    contrast = looks.contrast(trial.pairs, trial.turned) if trial.pairs else None
    return UNGATED if contrast is not None and contrast < HALF else None


def told_dim(result: Result, dim: Parameters) -> str:
    """Return why atoms stay in 0: without pumping about half of all are in 1, whatever Raman light does.

    Parameters
    ----------
    dim : what the trial was played with: `unpumped`
    """
    ones = Looks.of(result, dim).share(range(len(result.measured)))
    return PUMPED if ones is not None and ones < FEW else UNTURNED


def without(result: Result, reason: str) -> Result:
    """Return a result of which no shot counts, those that did for this reason; unless images told it shot by shot."""
    if reason in result.dropped:
        return result
    whole = np.ones(result.bits.shape[:2], bool)
    kept = whole if result.kept is None else result.kept
    dropped: Mapping[str, int] = {**result.dropped, reason: result.dropped.get(reason, 0) + int(kept.sum())}
    return replace(result, kept=~whole, dropped=dropped)
