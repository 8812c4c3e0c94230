"""Whether a candidate may replace what is believed: everything that can be asked before it is tried out.

A candidate passes when all of these hold (the rules of `qctl/calibrate/verification.py` come after them):

1. something was found, every fit settled and believes itself, no parameter of a fit ended at a bound;
2. all values, errors and covariances are finite;
3. residuals look like noise: reduced chi^2 in [0.3, 3], or a runs test with p > 0.01 (either alone is brittle);
4. the curve swings by at least ``least_contrast`` standard deviations of a point;
5. the value lies inside what is physically possible, and its error is below ``largest_error``;
6. the step from the old value is no larger than ``floor``, or five standard deviations of drift and both errors; a
   larger one needs a second, independent run that agrees within three.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from qctl.core.parameters import Estimate, Parameters
from qctl.core.units import format_quantity

from .drift import Drift
from .fits import Fit
from .innovation import difference
from .node import Node, Quantity
from .outcome import Outcome

CHI2 = (0.3, 3.0)
RUNS_P = 0.01
JUMP = 5.0  # standard deviations from which a step is a jump
AGREE = 3.0  # standard deviations within which two runs agree
WORSE = 2.0  # standard errors by which new values may look worse than old ones
EDGE = 1e-9  # share of what is possible that counts as its edge


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one outcome.

    Parameters
    ----------
    target : as in the outcome
    accepted : the candidates replace what was believed
    reason : why not, in words that a physicist would use; or what made an unusual one acceptable
    jump : the only objection is a step that drift does not explain; a second run may confirm it
    old, new : share of wrong answers with the old and the new values and their standard errors, where that was played
    """

    target: str
    accepted: bool
    reason: str = ""
    jump: bool = False
    old: tuple[float, float] | None = None
    new: tuple[float, float] | None = None


def judge(outcome: Outcome, node: Node, known: Parameters, drift: Drift, now: float) -> Verdict:
    """Return the verdict on one outcome before verification.

    Parameters
    ----------
    known : what is believed, with the times at which it was measured
    drift : how far each parameter may have moved since
    now : time of the candidates, s since 1970
    """
    objection = next(_objections(outcome, node), "")
    if objection:
        return Verdict(outcome.target, False, objection)
    for name, new in outcome.found.items():
        if text := _jump(name, new, node, outcome, known, drift, now):
            return Verdict(outcome.target, False, text, jump=True)
    return Verdict(outcome.target, True)


def confirmed(first: Outcome, second: Outcome, verdict: Verdict, again: Verdict) -> Verdict:
    """Return the verdict on a second run, after a first one that found a jump.

    Parameters
    ----------
    verdict, again : what `judge` said of both, against the same old values
    """
    target = second.target
    if not (again.accepted or again.jump):
        return Verdict(target, False, f"{verdict.reason}; a second run says: {again.reason}")
    for name, new in second.found.items():
        old = first.found.get(name)
        if old is None or not _agree(old, new):
            before = said(old.value, old.unit) if old else "nothing"
            found = f"a first run found {name} = {before}, a second {said(new.value, new.unit)}"
            return Verdict(target, False, f"{found}: it changes from run to run, or one of them was misled")
    return Verdict(target, True, "" if again.accepted else f"{again.reason}; a second run agrees")


def worse(old: tuple[float, float], new: tuple[float, float], limit: float = WORSE) -> bool:
    """Say whether the new share of wrong answers is above the old one by more than ``limit`` standard errors.

    Parameters
    ----------
    old, new : share and standard error
    """
    if not (math.isfinite(new[0]) and math.isfinite(new[1])):
        return True
    return bool(new[0] - old[0] > limit * math.hypot(old[1], new[1]))


def said(value: float, unit: str, digits: int = 6) -> str:
    """Return ``5.1023 GHz``."""
    if not math.isfinite(value):
        return str(value)
    short = float(f"{value:.{digits}g}")
    try:
        return format_quantity(short, unit) if unit else f"{short:g}"
    except KeyError:  # a unit that no file writes
        return f"{short:g} {unit}"


def _objections(outcome: Outcome, node: Node) -> Iterator[str]:
    """Yield what speaks against an outcome, the most telling first."""
    if outcome.reason:
        yield outcome.reason
    for fit in outcome.fits:
        yield from _objections_to_fit(fit, node.least_contrast)
    if not outcome.found:
        yield "nothing was found"
    if not all(map(math.isfinite, outcome.covariances.values())):
        yield "the points do not determine all parameters: a covariance is not finite"
    for name, new in outcome.found.items():
        quantity = node.quantity(outcome.target, name)
        if quantity is None:
            yield f"{name} is none of what {node.name} finds"
        else:
            yield from _objections_to_value(name, new, quantity, node.largest_error)


def _objections_to_fit(fit: Fit, least_contrast: float) -> Iterator[str]:
    if not fit.ok:
        yield fit.reason or "the fit does not believe itself"
    if not np.isfinite(fit.values).all():
        yield "the fit has no finite value: " + ", ".join(np.array(fit.names)[~np.isfinite(fit.values)])
    if not np.isfinite(fit.covariance).all():
        yield "the points do not determine all parameters: a covariance is not finite"
    if fit.at_bound:
        yield f"{', '.join(fit.at_bound)} ended at the edge of what is possible"
    if not fit.contrast >= least_contrast:
        yield f"nothing but noise: the curve swings by {fit.contrast:.1f} standard deviations of a point"
    if not (CHI2[0] <= fit.reduced_chi2 <= CHI2[1] or fit.runs_p > RUNS_P):
        yield (
            f"residuals are not noise: reduced chi^2 is {fit.reduced_chi2:.3g}, runs p {fit.runs_p:.2g}; "
            "another curve, a second peak, a jump while it was scanned, or saturation"
        )


def _objections_to_value(name: str, new: Estimate, quantity: Quantity, largest_error: float) -> Iterator[str]:
    if not math.isfinite(new.value):
        yield f"{name} is not a finite number"
        return
    if not 0 < new.error < math.inf:
        yield f"{name} has no finite error"
        return
    span = quantity.high - quantity.low
    edge = EDGE * span if math.isfinite(span) else 0.0
    if not quantity.low + edge < new.value < quantity.high - edge:
        between = f"{said(quantity.low, new.unit)} and {said(quantity.high, new.unit)}"
        yield f"{name} = {said(new.value, new.unit)} does not lie between {between}"
    size = max(abs(new.value), quantity.floor)
    if size > 0 and new.error > largest_error * size:
        yield f"{name} = {said(new.value, new.unit, 3)} is known to ± {said(new.error, new.unit, 2)} only"


def _jump(
    name: str, new: Estimate, node: Node, outcome: Outcome, known: Parameters, drift: Drift, now: float
) -> str:  # fmt: skip
    """Return why a step cannot be drift, empty where it can or where nobody measured before."""
    old, quantity = known.estimates.get(name), node.quantity(outcome.target, name)
    if old is None or quantity is None or not math.isfinite(old.error):
        return ""
    step = abs(difference(old, new))
    moved = drift.spread(name, old, now - old.time)
    if step <= max(quantity.floor, JUMP * math.hypot(moved, old.error, new.error)):
        return ""
    text = f"{name} would jump by {said(step, new.unit, 3)} to {said(new.value, new.unit)}"
    far = step / max(math.hypot(moved, old.error, new.error), 1e-300)
    return f"{text}: {far:.0f} times what drift and errors explain{_neighbour(name, new, known)}"


def _neighbour(name: str, new: Estimate, known: Mapping[str, float]) -> str:
    """Return a hint where a frequency is that of another target."""
    if new.unit != "Hz":
        return ""
    target, _, quantity = name.partition(".")
    others = [other for other in known if other.endswith(f".{quantity}") and not other.startswith(f"{target}.")]
    near = min(others, key=lambda other: abs(known[other] - new.value), default="")
    if near and abs(known[near] - new.value) < 0.3 * abs(known[name] - new.value):
        return f"; {near.partition('.')[0]} is expected there"
    return ""


def _agree(first: Estimate, second: Estimate) -> bool:
    return abs(difference(first, second)) <= AGREE * math.hypot(first.error, second.error)
