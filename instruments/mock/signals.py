"""What the simulated instruments tell their rack: what they play, and what they wait for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qctl.physics.stage import Carrier


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
    switching : by digital output, s after its start at which each toggles, low before the first
    event : trigger input whose edge, while the step plays, makes ``jump`` the step after it; ``OFF`` for none
    jump : index of a step
    """

    n_samples: int
    volts: Mapping[int, NDArray[np.float32]]
    edges: Mapping[int, NDArray[np.int64]]
    wait: str
    following: int
    switching: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)
    event: str = "OFF"
    jump: int = -1


@dataclass(frozen=True)
class Player:
    """A running AWG, or a running pulse generator.

    Parameters
    ----------
    rate : samples per second
    interval : of the internal trigger, s
    steps : the first one is played first
    started : number of the event in the rack at which it was started
    marker_levels : (low, high) in volts, by marker number
    threshold : level of the external trigger input, V
    n_shots : after so many it stops by itself; None for endless
    event_threshold : level of the event input, V
    event_setup : s; an event that comes later than this before the end of a step does not count for it
    first : step that waits for the next trigger
    """

    rate: float
    interval: float
    steps: tuple[PlayedStep, ...]
    started: int
    marker_levels: Mapping[int, tuple[float, float]]
    threshold: float
    n_shots: int | None = None
    event_threshold: float = 0.0
    event_setup: float = 0.0
    first: int = 0


@runtime_checkable
class Plays(Protocol):
    """A simulated instrument that starts, or is started by, others."""

    def player(self) -> Player | None:
        """Return what it plays now; None when it is not running."""


@runtime_checkable
class Tones(Protocol):
    """A simulated DDS."""

    def tones(self) -> Mapping[int, Carrier]:
        """Return what each output gives now, by the number of its port."""


@runtime_checkable
class Levels(Protocol):
    """A simulated multi-channel supply, or a hologram."""

    def levels(self) -> Mapping[int, float]:
        """Return what each output holds now, V, or the weight of each trap, by its number."""


@dataclass(frozen=True)
class Gated:
    """A counter or camera that waits for pulses at its gate input: one reading, or frame, for each.

    Parameters
    ----------
    inputs : channels that count; a camera is its own channel 1
    n_readings : how many it waits for
    shortest : s, of a gate that is seen
    rearm : s, from the end of a gate to the next that is seen
    armed : number of the event in the rack at which it was armed
    threshold : level of the gate input, V
    shape : rows and columns of a frame; None for a counter
    """

    inputs: tuple[int, ...]
    n_readings: int
    shortest: float
    rearm: float
    armed: int
    threshold: float
    shape: tuple[int, int] | None = None


@runtime_checkable
class GatedListener(Protocol):
    """A simulated counter or camera; all of this is called with the rack's lock held."""

    look: Callable[[], None]  # whoever asks whether it is done lets the rack play what can be played

    @property
    def gated(self) -> Gated | None:
        """Return what it waits for."""

    def prepare(self) -> Callable[[int, NDArray[np.int64], NDArray[Any]], None]:
        """Make room; return a function that stores what channel k counted or saw: numbers of readings, and values."""

    def deliver(self, gated: Gated) -> None:
        """End the measurement: what was stored becomes readable, unless it was given up meanwhile."""

    def abandon(self) -> None:
        """End the measurement with nothing recorded."""


@runtime_checkable
class Decides(Protocol):
    """A simulated instrument that tells states within a shot; all of this is called with the rack's lock held."""

    look: Callable[[], None]  # whoever asks whether it is done lets the rack play what can be played

    @property
    def deciding(self) -> Deciding | None:
        """Return what it does in every shot; None when it waits for nothing."""

    def deliver(self, deciding: object, told: Sequence[NDArray[np.int64]] | None, why: str) -> None:
        """End the run: what was told becomes readable, None where nothing was; ``why`` says what went wrong."""


class Deciding(Protocol):
    """One run of an instrument that tells states within a shot."""

    @property
    def n_shots(self) -> int:
        """Return for how many triggers it waits."""

    @property
    def started(self) -> int:
        """Return the number of the event in the rack at which it began to wait."""

    @property
    def threshold(self) -> float:
        """Return the level of the trigger input, V."""

    @property
    def marker_volts(self) -> tuple[float, float]:
        """Return low and high, V."""

    def shot(self, answers: Sequence[int]) -> Any:  # noqa: ANN401 - an Outcome of q1_realtime
        """Return how far a shot goes by these answers."""

    def tell(
        self,
        question: Any,  # noqa: ANN401 - a Question of q1_realtime
        volts: Mapping[int, NDArray[np.float32]],
    ) -> NDArray[np.int64]:
        """Return sums of both paths and the answer, shape (3, n_shots), for what was heard at each input."""


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
