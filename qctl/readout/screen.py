"""Shots that do not count: an ion that is gone or dark, light where none should be; and what to tell the operator."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Seq
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.kept import Kept
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.record import Counts, Record
from qctl.core.result import Result

from .image import EMPTY, SHORT, UNFILLED, screen_images

PRESENT, DARK = "present", "dark"
CHANCE = 1e-9  # of calling good shots bad
UNLIT = 0.02  # of the threshold: fewer photons per detection than this, and nothing shone
FEWEST = 90  # detections from which that can be told: one ion in a second of a queue, which spares some shots

STUCK_OPEN = "light shines where none should: a shutter or switch is stuck open"
NO_ION = "no ion scatters cooling light where it should: the light is blocked, or the trap has lost ions"
NO_ONE = "{} scatters no cooling light: the ion is dark, hot or lost"
UNDETECTED = "not a photon comes while ions are detected: the detection light is off or blocked"

Shots = NDArray[np.bool_]


def stop_if_lost(results: Seq[Result], where: str) -> None:
    """Raise InstrumentError when hardly a shot of a segment counts: to go on would measure nothing."""
    whole = sum(map(Kept.of, results), Kept())
    if whole.hardly_any:
        remedy = "look at the trap, its lights and its counters; then run it again"
        if EMPTY.format("") in whole.said or SHORT in whole.said:
            remedy = UNFILLED
        raise InstrumentError(whole.said, where=where, remedy=remedy)


def screen(record: Record, parameters: Parameters, laboratory: Laboratory) -> tuple[Shots | None, dict[str, int]]:
    """Return which shots count, shape (n_points, shots), and how many do not, by reason; None where nothing is checked.

    A shot counts when every ion scatters cooling light (more than ``readout.present`` photons) at its beginning and at
    that of the next one, and nothing but ``readout.stray`` photons a second comes while all lights are off: an ion that
    is missing moves all others. Where light shines in darkness over the whole run, or none while ions are detected, no
    shot counts. What explains more is said first.
    """
    checked = {
        name: record.counts[qubit.readout]
        for name, qubit in laboratory.qubits.items()
        if qubit.readout in record.counts and record.counts[qubit.readout].counting.checks
    }
    if not checked:
        return screen_images(record, parameters)
    lit, unlit = _lit(checked, parameters), _unlit(checked, parameters)
    missing = np.stack([_missing(one, parameters[f"{name}.readout.present"]) for name, one in checked.items()])
    nobody = missing.all(axis=0) & ~lit & (len(missing) > 1)
    alone = missing & ~lit & ~nobody
    bad = [(STUCK_OPEN, lit), (NO_ION, nobody)]
    bad += [(NO_ONE.format(name), one) for name, one in zip(checked, alone, strict=True)]
    some = np.any([shots for _, shots in bad], axis=0)
    bad.append((UNDETECTED, unlit & ~some))
    dropped = {reason: int(np.count_nonzero(shots)) for reason, shots in bad if np.any(shots)}
    return ~(some | unlit).T, dropped


def watched_in(record: Record) -> dict[tuple[str, str], NDArray[np.int64]]:
    """Return the photons that shots are judged by, by line and name of a window, shape (n_points, shots, n_windows)."""
    return {
        (line, what): counts.photons[:, :, windows].swapaxes(0, 1)
        for line, counts in record.counts.items()
        for what in dict.fromkeys(counts.counting.checks.values())
        if (windows := _windows(counts, what))
    }


def _missing(counts: Counts, least: float) -> Shots:
    """Return the shots, shape (shots, n_points), in which an ion scatters too little, and those just before.

    An ion that is missed at the beginning of a shot went, or was heated, during the one before.
    """
    faint = (counts.photons[:, :, _windows(counts, PRESENT)] <= least).any(axis=2)
    in_order = faint.ravel()  # sweep points are played one after the other, then the next shot of each
    return np.asarray((in_order | np.append(in_order[1:], False)).reshape(faint.shape))


def _lit(checked: Mapping[str, Counts], parameters: Parameters) -> Shots:
    """Return the shots in which more comes from the dark than chance explains; all, when it is so on average."""
    total, expected = np.zeros(1), 0.0
    for name, counts in checked.items():
        windows = _windows(counts, DARK)
        total = total + counts.photons[:, :, windows].sum(axis=2)
        seconds = float(np.diff(counts.counting.windows[windows], axis=1).sum())
        expected += parameters[f"{name}.readout.stray"] * seconds
    always = total.sum() > most_by_chance(expected * total.size)
    return np.asarray((total > most_by_chance(expected)) | always)


def _unlit(checked: Mapping[str, Counts], parameters: Parameters) -> Shots:
    """Return all shots, when hardly a photon comes while ions are detected; ions in 0 scatter a little light too."""
    photons = np.concatenate(
        [
            counts.photons[:, reads["point"], reads["window"]].ravel() / parameters[f"{name}.readout.counts"]
            for name, counts in checked.items()
            if len(reads := counts.counting.reads)
        ]
        or [np.zeros(0)]
    )
    shape = next(iter(checked.values())).photons.shape[:2]
    return np.full(shape, len(photons) >= FEWEST and float(photons.mean()) < UNLIT)


def _windows(counts: Counts, what: str) -> list[int]:
    return [number for number, check in counts.counting.checks.items() if check == what]


def most_by_chance(expected: float) -> float:
    """Return how many photons chance hardly exceeds, where ``expected`` come on average.

    Poisson's upper tail beyond ``m + x`` is at most ``exp(-x^2 / (2 (m + x / 3)))`` (Bernstein's inequality).
    """
    rare = -log(CHANCE)
    return expected + rare / 3 + sqrt(rare * rare / 9 + 2 * rare * expected)
