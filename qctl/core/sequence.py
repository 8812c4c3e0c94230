"""What each output plays and when each input listens: unique waveforms, play tables, acquisition windows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .branching import Branching
from .gathering import Gathering
from .port import Port as Port  # re-exported: tracks and listenings are made of ports
from .tree import Tree

PLAY = np.dtype(
    [
        ("point", np.int32),
        ("waveform", np.int32),  # index into Track.waveforms
        ("carrier", np.int32),  # index into Track.carriers
        ("start", np.int64),  # samples of this track, from the start of the shot, line delay not included
        ("amplitude", np.float64),  # factor on the envelope
        ("phase", np.float64),  # rad
    ],
    align=True,
)

WINDOW = np.dtype(
    [
        ("point", np.int32),
        ("qubit", np.int32),  # physical
        ("bit", np.int32),
        ("start", np.int64),  # samples of the digitizer, from the start of the shot as seen at its input
        ("length", np.int64),  # samples
    ],
    align=True,
)


@dataclass(frozen=True)
class Track:
    """What one line plays.

    A play adds ``amplitude * waveforms[w][k] * exp(i (2 pi carriers[c] t + phase))`` at
    ``t = (start + k) / sample_rate`` after the start of the shot. With two outputs the real part feeds I and the
    imaginary part Q, both through ``mixer`` and ``offset``; with one output the real part is filtered by
    ``sections`` and ``fir``. Amplitudes are fractions of full scale.

    Parameters
    ----------
    outputs : one port (baseband) or two (I and Q)
    sample_rate : Hz
    waveforms : complex128 envelopes, |w| <= 1
    plays : PLAY, sorted by point, then start
    carriers : float64, intermediate frequencies, Hz
    mixer : float64, shape (2, 2), applied to (I, Q); undoes the imbalance of the mixer
    offset : float64, shape (2,), undoes its leakage; fraction of full scale
    sections : float64, shape (n, 3): first-order sections ``y[k] = b0 x[k] + b1 x[k-1] - a1 y[k-1]`` as (b0, b1, a1)
    fir : float64 taps, applied after the sections; empty for none
    delay : samples by which the waveform is played later than its start, so that all lines meet at the chip
    """

    outputs: tuple[Port, ...]
    sample_rate: float
    waveforms: tuple[NDArray[np.complex128], ...]
    plays: NDArray[np.void]
    carriers: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    mixer: NDArray[np.float64] = field(default_factory=lambda: np.eye(2))
    offset: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    sections: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    fir: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    delay: int = 0


@dataclass(frozen=True)
class Listening:
    """When one feedline is digitised.

    Parameters
    ----------
    inputs : the I and Q inputs of the digitizer
    sample_rate : Hz
    windows : WINDOW, sorted by point, then start
    first, n_samples : one segment per shot covers samples ``first`` to ``first + n_samples`` after the trigger
    """

    inputs: tuple[Port, ...]
    sample_rate: float
    windows: NDArray[np.void]
    first: int
    n_samples: int


@dataclass(frozen=True)
class Digital:
    """When one digital output is high; the same at all sweep points.

    Parameters
    ----------
    output : of a pulse generator
    spans : float64, shape (n_pulses, 2), s: rise and fall, in order, each later than the one before. They count, at the
        output, from the trigger that starts the waveforms, and may be negative down to ``-lead``
    """

    output: Port
    spans: NDArray[np.float64]


READ = np.dtype([("point", np.int32), ("qubit", np.int32), ("bit", np.int32), ("window", np.int32)], align=True)
"""One measurement of a qubit by what was counted or seen in a window of the shot."""


@dataclass(frozen=True)
class Counting:
    """When the photons of one line are counted; the same at all sweep points.

    Parameters
    ----------
    input : of a photon counter, whose gate input is open in these windows
    windows : float64, shape (n_windows, 2), s: as `Digital.spans`, at the counter
    reads : READ, which window tells the state of which qubit, by point
    checks : what other windows are for, by number of the window: ``present`` (light that every ion scatters), ``dark``
        (no light at all)
    """

    input: Port
    windows: NDArray[np.float64]
    reads: NDArray[np.void]
    checks: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Exposing:
    """When a camera is exposed; the same at all sweep points.

    Parameters
    ----------
    input : the camera
    windows : float64, shape (n_windows, 2), s: as `Digital.spans`, at the camera
    reads : READ, which image tells the state of which qubit, by point
    checks : what other images are for, by number of the window
    watched : READ, who takes part without being measured: must be there at first and at last all the same
    turned : sweep points at which all atoms are turned, those too that take no part
    away : row and column, pixels, where a qubit is seen in the images that tell states, if not where it belongs
    """

    input: Port
    windows: NDArray[np.float64]
    reads: NDArray[np.void]
    checks: Mapping[int, str] = field(default_factory=dict)
    watched: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, READ))
    away: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    turned: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Sequence:
    """One run of a laboratory, before it is cut to what its instruments can play.

    Parameters
    ----------
    tracks : by line name
    listening : by feedline name
    triggers : marker ports that rise at the start of each shot
    n_points, shots, n_bits : sweep points, repetitions of each, classical bits
    period : repetition period, s
    length : longest point, s, with line delays and the ring-down of filters
    qubits : names of the physical qubits
    placement : physical index of each logical qubit
    digest : SHA-256 of everything that shapes a waveform
    digital : by line name, digital outputs; one of them starts the AWGs where there are any
    counting, exposing : by line name, what photon counters and cameras look at
    lead : s by which the shot of a pulse generator begins before the trigger that starts the waveforms
    filled : physical qubits whose sites hold an atom when the waveforms begin: loaded atoms are sorted into them;
        empty: atoms stay where they were loaded
    branching : where instruments decide within the shot: then sweep points are ways, each shot goes one of them, and
        nothing is listened to but by the instrument that decides
    opening : lines whose digital outputs are off in all but the first part of a shot, where sweep points are its parts
    tree : where the host decides within the shot: then sweep points are its parts, and this says which follows which
    gathering : where sweep points are parts of a shot, what is played around them; further points are moves
    """

    tracks: Mapping[str, Track]
    listening: Mapping[str, Listening]
    triggers: tuple[Port, ...]
    n_points: int
    shots: int
    n_bits: int
    tick: Fraction
    period: float
    length: float
    qubits: tuple[str, ...]
    placement: tuple[int, ...]
    digest: str
    digital: Mapping[str, Digital] = field(default_factory=dict)
    counting: Mapping[str, Counting] = field(default_factory=dict)
    exposing: Mapping[str, Exposing] = field(default_factory=dict)
    lead: float = 0.0
    filled: tuple[int, ...] = ()
    branching: Branching | None = None
    opening: tuple[str, ...] = ()
    tree: Tree | None = None
    gathering: Gathering | None = None

    @property
    def is_steered(self) -> bool:
        """Say whether answers decide what a shot plays next: then each goes one way through the points."""
        return self.branching is not None or self.tree is not None

    @property
    def shot_seconds(self) -> float:
        """Return what one repetition of all sweep points takes, at most; one of the ways, where answers decide."""
        if self.tree is not None:
            around = 0.0 if self.gathering is None else self.gathering.seconds + len(self.filled) * self.period
            return self.period * self.tree.depth + around
        return self.period * (1 if self.is_steered else self.n_points)

    @property
    def n_measured(self) -> int:
        """Return how many measurements there are, over all sweep points and inputs."""
        heard = sum(len(one.windows) for one in self.listening.values())
        counted = sum(len(one.reads) for one in self.counting.values())
        counted += 0 if self.branching is None else len(self.branching.windows)
        return heard + counted + sum(len(one.reads) for one in self.exposing.values())

    @property
    def spare(self) -> float:
        """Return what is left of a period behind all waveforms and everything that counts or looks, s."""
        windows = [one.windows for one in self.counting.values()] + [one.windows for one in self.exposing.values()]
        return self.period - self.lead - max([self.length, *(float(w.max()) for w in windows if len(w))])


@dataclass(frozen=True)
class Waveform:
    """One output's samples for a whole shot, quantised.

    Parameters
    ----------
    codes : int16, shape (n_samples,); +-32767 is full scale
    markers : uint8, shape (n_samples,); bit k is marker k + 1
    """

    codes: NDArray[np.int16]
    markers: NDArray[np.uint8]


@dataclass(frozen=True)
class Playlist:
    """What one AWG plays: step s sends ``waveforms[steps[s, c]]`` to channel ``c + 1`` at each trigger, then moves on.

    Parameters
    ----------
    waveforms : unique; all waveforms of one step have the same length
    steps : int32, shape (n_steps, n_channels); -1 leaves the channel idle
    jumps : int32, shape (n_steps, 2), where a sequence branches: the step behind each without and with an event that
        comes while it plays; -1 for no jump. Step 0 alone waits for the trigger
    """

    waveforms: tuple[Waveform, ...]
    steps: NDArray[np.int32]
    jumps: NDArray[np.int32] | None = None

    @cached_property
    def digest(self) -> str:
        """Return a hash of everything that is played; made once, since waveforms of long shots are many."""
        found = hashlib.blake2b(digest_size=16)
        found.update(f"{self.steps.shape} {self.steps.dtype}".encode())
        found.update(np.ascontiguousarray(self.steps).data)
        if self.jumps is not None:
            found.update(np.ascontiguousarray(self.jumps).data)
        for waveform in self.waveforms:
            found.update(f"{len(waveform.codes)}:".encode())
            found.update(np.ascontiguousarray(waveform.codes).data)
            found.update(np.ascontiguousarray(waveform.markers).data)
        return found.hexdigest()
