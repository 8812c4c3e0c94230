"""Which simulated world stands behind the laboratories of each platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory, Seconds

from .stage import Stage


class Truth(Protocol):
    """What every hidden truth has, whatever its platform."""

    @property
    def latencies(self) -> Mapping[str, Seconds]:
        """Return hidden trigger latencies by instrument; others are what the laboratory file says."""


class SimulatedWorld(Protocol):
    """What plays the part of nature."""

    def play(self, stage: Stage, n_cycles: int, hear: Any) -> None:  # noqa: ANN401 - takes arrays of three kinds
        """Play all sweep points ``n_cycles`` times over; hand each input what it heard, as `Stage` says."""

    def wait(self, seconds: float) -> None:
        """Let virtual time pass."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a platform's simulated world is, as ``module:Class``; modules are loaded when they are asked for.

    Parameters
    ----------
    truth : the dataclass that ``twins/NAME.yaml`` is read as; it has the fields of `Truth`
    world : made with a laboratory, a truth and a seed
    """

    truth: str
    world: str


WORLDS: Mapping[str, Kind] = {
    "superconducting": Kind("qctl.physics.twin:Twin", "qctl.physics.world:World"),
    "trapped_ion": Kind("qctl.physics.ions.twin:IonTwin", "qctl.physics.ions.world:IonWorld"),
    "neutral_atom": Kind("qctl.physics.atoms.twin:AtomTwin", "qctl.physics.atoms.world:AtomWorld"),
}


def truth_kind(platform: str) -> type[Truth]:
    """Return the dataclass of the hidden truths of a platform; raise ConfigError when it is not simulated."""
    kind: type[Truth] = _found(_kind(platform).truth, platform)
    return kind


def world_of(laboratory: Laboratory, truth: Truth, seed: int) -> SimulatedWorld:
    """Return the simulated world of a laboratory; raise ConfigError when its platform is not simulated."""
    world: SimulatedWorld = _found(_kind(laboratory.platform).world, laboratory.platform)(laboratory, truth, seed)
    return world


def _kind(platform: str) -> Kind:
    if platform not in WORLDS:
        raise ConfigError(f"no simulated world for platform {platform!r}", allowed=", ".join(WORLDS))
    return WORLDS[platform]


def _found(place: str, platform: str) -> Any:  # noqa: ANN401 - a class, of one kind or another
    module, _, name = place.partition(":")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as reason:
        raise ConfigError(f"the simulated world of platform {platform!r} is not installed ({reason})") from reason
