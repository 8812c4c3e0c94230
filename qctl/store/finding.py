"""One value with its verdict: accepted, rejected, guessed or set by hand, by whom, and from which data."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qctl._version import __version__
from qctl.core.errors import ParameterError
from qctl.core.names import Target, unit_of
from qctl.core.parameters import Estimate

CODE = f"qctl {__version__}"
_SHA256 = re.compile(r"(?:[0-9a-f]{64})?")


class Status(StrEnum):
    """What became of a value."""

    ACCEPTED = "accepted"  # measured, fitted and verified
    REJECTED = "rejected"  # kept in the history, never in a snapshot
    GUESS = "guess"  # nobody measured it
    MANUAL = "manual"  # a person set it


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the history.

    Parameters
    ----------
    name : ``TARGET.QUANTITY``
    estimate : value, error, unit, time and run; a rejected one need not be finite
    status : the verdict
    reason : why; what is rejected or set by hand must say so
    judge : who or what gave the verdict
    raw_data : SHA-256 of the data it was found in, hex; empty when there are none
    covariance : with other parameters of the same fit, by name, in the product of both SI units
    code : version of the code that found it
    snapshot : number of the snapshot that first held it, 0 for none; filled in by the store
    """

    name: str
    estimate: Estimate
    status: Status = Status.ACCEPTED
    reason: str = ""
    judge: str = ""
    raw_data: str = ""
    covariance: Mapping[str, float] = field(default_factory=dict)
    code: str = CODE
    snapshot: int = 0

    def check(self) -> None:
        """Raise ParameterError when this must not enter a store."""
        for allowed, asked in _rules(self).items():
            if asked:
                raise ParameterError(asked, allowed=allowed, where=self.name)


def judged(
    estimates: Mapping[str, Estimate], status: Status = Status.ACCEPTED, *, reason: str = "", judge: str = "",
    raw_data: str = "",
) -> tuple[Finding, ...]:  # fmt: skip
    """Return the findings of one fit, all with one verdict."""
    return tuple(
        Finding(name, estimate, status, reason=reason, judge=judge, raw_data=raw_data)
        for name, estimate in estimates.items()
    )


def parts_of(name: str) -> tuple[str, str]:
    """Return target and quantity: ``q0.drive.mixer.gain`` is the quantity ``mixer.gain`` of the line ``q0.drive``.

    Names whose quantity is in no list are cut at the first dot.
    """
    words = name.split(".")
    for cut in range(1, len(words)):
        quantity = ".".join(words[cut:])
        if any(unit_of(quantity, target) is not None for target in Target):
            return ".".join(words[:cut]), quantity
    target, _, quantity = name.partition(".")
    return target, quantity


def unit_named(name: str) -> str:
    """Return the SI unit that a full name fixes; empty for plain numbers and names in no list."""
    _, quantity = parts_of(name)
    return next((unit for target in Target if (unit := unit_of(quantity, target)) is not None), "")


def _rules(finding: Finding) -> dict[str, str]:
    """Return by rule how it is broken; empty text where it is kept."""
    known, status = finding.estimate, finding.status
    target, quantity = parts_of(finding.name)
    units = {unit_of(quantity, kind) for kind in Target} - {None}
    texts = (finding.name, finding.reason, finding.judge, finding.code, known.unit, known.run, *finding.covariance)
    finite = math.isfinite(known.value) and known.error >= 0
    return {
        "TARGET.QUANTITY": ""
        if target and quantity and finding.name.isprintable()
        else f"a parameter named {finding.name!r}",
        "text that UTF-8 can hold": "" if all(map(is_plain, texts)) else "text with lone surrogates",
        "a finite value, an error of zero or more, or the status rejected": (
            "" if status is Status.REJECTED or finite else f"{known.value!r} with error {known.error!r}"
        ),
        "a time in seconds since 1970": "" if math.isfinite(known.time) else f"time {known.time!r}",
        f"the unit {units and next(iter(units))!r}": "" if not units or known.unit in units else f"unit {known.unit!r}",
        "a reason": "" if finding.reason or status in (Status.ACCEPTED, Status.GUESS) else f"{status} without a word",
        "64 hexadecimal digits": "" if _SHA256.fullmatch(finding.raw_data) else f"raw data {finding.raw_data!r}",
        "finite covariances": (
            "" if all(map(math.isfinite, finding.covariance.values())) else f"covariance {dict(finding.covariance)}"
        ),
    }


def is_plain(text: str) -> bool:
    """Say whether a file in UTF-8 can hold a text."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
