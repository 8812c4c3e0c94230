"""What `Backend.run` may be asked, and which values are allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from qiskit.providers import Options

from qctl.core.errors import UsageError

DEFAULTS: dict[str, Any] = {
    "shots": 4000,
    "memory": False,
    "meas_level": 2,
    "meas_return": "single",
    "optimise": True,
    "parameter_binds": None,
}
_ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "shots": (lambda value: _whole(value) and value >= 1, "a whole number, at least 1"),
    "memory": (lambda value: isinstance(value, bool), "True or False"),
    "meas_level": (lambda value: _whole(value) and value in (1, 2), "1 or 2"),
    "meas_return": (lambda value: value in ("single", "avg"), "'single' or 'avg'"),
    "optimise": (lambda value: isinstance(value, bool), "True or False"),
    "parameter_binds": (lambda value: True, ""),
}
_SEEDS = ("seed", "seed_simulator")


@dataclass(frozen=True)
class Asked:
    """The options of one run, checked."""

    shots: int
    memory: bool
    meas_level: int
    meas_return: str
    optimise: bool
    parameter_binds: Any

    @property
    def average(self) -> bool:
        """Say whether points of the IQ plane are averaged over shots."""
        return self.meas_return == "avg"

    @classmethod
    def of(cls, defaults: Options, options: Mapping[str, Any]) -> Asked:
        """Return defaults with these options instead.

        Raises
        ------
        UsageError
            When an option is not known, or its value is not allowed. No option of a run is ignored.
        """
        return cls(**{**DEFAULTS, **checked({**dict(defaults.items()), **options})})


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options whose names and values are all allowed; a seed of None asks for nothing."""
    asked = wished(options)
    for name, value in asked.items():
        if name not in DEFAULTS:
            raise UsageError(f"the option {name!r}", allowed=", ".join(DEFAULTS))
        fits, allowed = _ALLOWED[name]
        if not fits(value):
            raise UsageError(f"{name}={value!r}", allowed=allowed)
    return asked


def wished(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options without seeds of None; raise UsageError for seeds that ask for something."""
    asked = {name: value for name, value in options.items() if not (name in _SEEDS and value is None)}
    for name in _SEEDS:
        if name in asked:
            raise UsageError(
                f"{name}={asked[name]!r} for a run",
                allowed="None: a laboratory is no simulator",
                remedy="to make a simulated laboratory repeat itself, open it with seed=",
            )
    return asked


def default_options() -> Options:
    """Return the options and their defaults; what a run binds has none."""
    return Options(**{name: value for name, value in DEFAULTS.items() if name != "parameter_binds"})


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
