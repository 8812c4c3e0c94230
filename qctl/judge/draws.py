"""Draw a hidden truth of any platform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.physics.worlds import truth_kind

from .draw import draw_twin
from .draw_atoms import draw_atoms
from .draw_ions import draw_ions

DRAWS: dict[str, Callable[..., Any]] = {
    "superconducting": draw_twin,
    "trapped_ion": draw_ions,
    "neutral_atom": draw_atoms,
}


def draw_truth(laboratory: Laboratory, seed: int, *, drifting: bool = False) -> Any:  # noqa: ANN401 (of any platform)
    """Return a random truth around the first guesses of a laboratory, of the kind that its platform has.

    Raises
    ------
    ConfigError
        When nobody knows how to draw one, or the seed is negative.
    """
    if laboratory.platform not in DRAWS:
        raise ConfigError(
            f"a twin of platform {laboratory.platform!r}", allowed=", ".join(DRAWS), where=laboratory.name
        )
    if seed < 0:
        raise ConfigError(f"seed {seed}", allowed="0 or more")
    return DRAWS[laboratory.platform](laboratory, seed, drifting=drifting)


__all__ = ["DRAWS", "draw_truth", "truth_kind"]
