"""What the simulated instruments tell their rack: steps that an AWG plays, and a digitizer that waits for triggers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PlayedStep:
    """One step of a running AWG.

    Parameters
    ----------
    n_samples : length
    volts : float32 by channel, after the DAC; channels that are off or idle are absent
    edges : sample indices at which each marker rises, by marker number of the instrument
    wait : what starts it: ``ITR`` internal trigger, ``ATR`` or ``BTR`` external, ``OFF`` the end of the step before
    following : index of the step after it
    """

    n_samples: int
    volts: Mapping[int, NDArray[np.float32]]
    edges: Mapping[int, NDArray[np.int64]]
    wait: str
    following: int


@dataclass(frozen=True)
class Player:
    """A running AWG.

    Parameters
    ----------
    rate : samples per second
    interval : of the internal trigger, s
    steps : the first one is played first
    started : number of the event in the rack at which it was started
    marker_levels : (low, high) in volts, by marker number
    threshold : level of the external trigger input, V
    """

    rate: float
    interval: float
    steps: tuple[PlayedStep, ...]
    started: int
    marker_levels: Mapping[int, tuple[float, float]]
    threshold: float


@dataclass(frozen=True)
class Armed:
    """A digitizer that waits for triggers.

    Parameters
    ----------
    inputs : channels that are recorded
    n_segments : one for each trigger
    delay : from the trigger to the first sample, s
    rate, n_samples : of a segment
    rearm : from the end of a segment to the next trigger that is seen, s
    armed : number of the event in the rack at which it was armed
    threshold : level of the trigger input, V; None when it listens to something else
    free_running : records without a trigger when none comes
    """

    inputs: tuple[int, ...]
    n_segments: int
    delay: float
    rate: float
    n_samples: int
    rearm: float
    armed: int
    threshold: float | None
    free_running: bool
