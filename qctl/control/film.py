"""What each camera sees: one frame for each exposure of each shot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import LimitError
from qctl.core.protocols import Camera, CameraLimits, Declared, Limits
from qctl.core.record import Images
from qctl.core.sequence import Exposing, Sequence


@dataclass
class Film:
    """One camera's part of a run.

    Parameters
    ----------
    instrument : name
    pixels : uint16, shape (shots, n_points, n_windows, rows, columns)
    """

    instrument: str
    pixels: NDArray[np.uint16]

    @property
    def n_bytes(self) -> int:
        """Return the size of all frames."""
        return self.pixels.nbytes

    def most_shots(self, declared: Declared, n_points: int) -> int:
        """Return how many shots of all sweep points fit its memory; raise LimitError when not even one does."""
        if not isinstance(declared, CameraLimits):
            raise LimitError("it declares no limits of a camera", where=self.instrument)
        per_shot = n_points * self.pixels.shape[2]
        if declared.memory < per_shot:
            raise LimitError(
                f"{n_points} sweep points of {self.pixels.shape[2]} exposures",
                allowed=f"{declared.memory} frames",
                where=self.instrument,
                remedy="split the sweep",
            )
        return int(declared.memory // per_shot)

    def arm(self, camera: Camera, n_shots: int) -> None:
        """Wait for the exposures of so many shots."""
        camera.arm(n_shots * self.pixels.shape[2])

    def fetch(self, camera: Camera, first: int, last: int) -> None:
        """Take the frames of shots ``first`` to ``last``."""
        camera.fetch(self.pixels[first:last].reshape(-1, *self.pixels.shape[3:]))

    def images(self, exposing: Exposing) -> Images:
        """Return one line's frames."""
        return Images(self.pixels, exposing)


def films(sequence: Sequence, limits: Limits) -> list[Film]:
    """Return the film of every camera that sees anything; its frames are as large as it declares."""
    return [_film(exposing, sequence, limits) for exposing in sequence.exposing.values()]


def _film(exposing: Exposing, sequence: Sequence, limits: Limits) -> Film:
    name = exposing.input.instrument
    rows, columns = frame_of(name, limits)
    shape = (sequence.shots, sequence.n_points, len(exposing.windows), rows, columns)
    return Film(name, np.zeros(shape, np.uint16))


def frame_of(camera: str, limits: Limits) -> tuple[int, int]:
    """Return rows and columns of a camera's frames; raise LimitError when it declares none."""
    declared = limits.get(camera)
    if not isinstance(declared, CameraLimits):
        raise LimitError("it declares no limits of a camera", where=camera)
    return declared.rows, declared.columns
