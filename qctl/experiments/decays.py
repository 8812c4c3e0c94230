"""Decays against a wait: which waits, in which order, and what the curve says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import fit_decay
from qctl.calibrate.outcome import Outcome
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate, Parameters

from .drawn import drawn

Floats = NDArray[np.float64]
ROOM = 0.9  # of the period, for waits


def waits_for(
    laboratory: Laboratory, known: Parameters, name: str, longest: float, n_points: int, step: float = 4e-9
) -> list[float]:
    """Return waits up to ``longest`` times what is believed of a time, more where it is a guess, s.

    They grow as squares: an exponential falls most where they are close, and all together they take a third less.
    All are multiples of ``step``, and the longest leaves room for pulses and readout within the period.
    """
    whole = longest * known[name] * (1.0 if np.isfinite(known.estimates[name].error) else 1.6)
    whole = min(whole, ROOM * laboratory.period)
    unit = max(whole / (n_points - 1) ** 2 / step, 1.0)
    return [round(unit * k * k) * step for k in range(n_points)]


def shuffled(n_points: int) -> list[int]:
    """Return the order in which waits are played: a short one follows a long one.

    What is left of a point when the next one starts (some per cent of T1) would bend a curve whose points come in
    order; like this it is the same for all.
    """
    return [*range(0, n_points, 2), *reversed(range(1, n_points, 2))]


def unshuffled(values: Floats) -> Floats:
    """Return points in the order of their waits."""
    found = np.empty_like(values)
    found[shuffled(len(values))] = values
    return found


def decay_outcome(
    experiment: str, quantity: str, title: str, targets: Sequence[str], waits: Sequence[Sequence[float]],
    signal: Floats, sigma: Floats,
) -> tuple[Outcome, ...]:  # fmt: skip
    """Fit an exponential for each target; ``signal`` and ``sigma`` have shape (n_targets, n_points)."""
    outcomes = []
    for target, fit in zip(targets, fit_decay(np.array(waits), signal, sigma), strict=True):
        figures = (drawn(f"{title} of {target}", fit, "wait (s)"),)
        if not fit.ok:
            outcomes.append(Outcome(target, fits=(fit,), figures=figures, reason=f"no decay seen: {fit.reason}"))
            continue
        found = Estimate(fit.value("tau"), fit.error("tau"), "s", run=experiment)
        outcomes.append(Outcome(target, {f"{target}.{quantity}": found}, (fit,), figures))
    return tuple(outcomes)
