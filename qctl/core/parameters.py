"""What is known of a machine: estimates, and immutable numbered snapshots of them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from .errors import ParameterError

BY_HAND = "by hand"  # the run of a value that a person put in


@dataclass(frozen=True, slots=True)
class Estimate:
    """One measured or guessed value.

    Parameters
    ----------
    value : SI unit ``unit``
    error : one standard deviation; ``inf`` for a guess that nobody measured
    unit : SI unit, empty for a plain number
    time : when it was measured, seconds since 1970 (shown, never used to order)
    run : which run it came from, or why it is believed
    """

    value: float
    error: float = math.inf
    unit: str = ""
    time: float = 0.0
    run: str = ""


@dataclass(frozen=True)
class Parameters(Mapping[str, float]):
    """An immutable snapshot: ``parameters["q0.frequency"]`` is a float in SI units.

    Names are ``target.parameter``, for example ``q0.x180.amplitude`` or ``q0-q1.cz.duration``.
    """

    estimates: Mapping[str, Estimate]
    number: int = 0
    note: str = ""
    parent: int | None = field(default=None, compare=False)

    def __getitem__(self, name: str) -> float:
        """Return the value; raise ParameterError when nobody knows it."""
        try:
            return self.estimates[name].value
        except KeyError:
            raise ParameterError(
                f"parameter {name!r} is not known",
                allowed=f"one of the {len(self.estimates)} parameters of snapshot {self.id}",
                remedy="calibrate it, or give a first guess in the laboratory file",
            ) from None

    def __contains__(self, name: object) -> bool:
        """Say whether a value is known; never raises."""
        return name in self.estimates

    def __iter__(self) -> Iterator[str]:
        return iter(self.estimates)

    def __len__(self) -> int:
        return len(self.estimates)

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of names and values, as hex."""
        values = {name: self.estimates[name].value.hex() for name in sorted(self.estimates)}
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()

    @property
    def id(self) -> str:
        """Return number and content in one word, for example ``7-1f2e3d4c``."""
        return f"{self.number}-{self.digest[:8]}"

    def replaced(self, changed: Mapping[str, float | Estimate]) -> Parameters:
        """Return a copy in which the named values are replaced or added."""
        new = {k: v if isinstance(v, Estimate) else Estimate(float(v), run=BY_HAND) for k, v in changed.items()}
        return Parameters({**self.estimates, **new}, self.number, self.note, self.parent)

    def _repr_html_(self) -> str:
        """Return tables for a notebook, one for each qubit, coupling or line."""
        from .picture.parameters import drawn  # only notebooks draw

        return drawn(self)
