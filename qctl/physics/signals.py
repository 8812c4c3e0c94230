"""From volts at connectors to what reaches the chip: offsets, mixers, delays, distortion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import Line
from qctl.core.port import Port

from .recursion import decaying
from .stage import Carrier, Playing
from .twin import DriveLine, Exponential, Feedline, FluxLine


@dataclass(frozen=True)
class Signal:
    """A staircase in time: ``values[k]`` from ``start + k dt``, ``rest`` before and after."""

    start: float
    dt: float
    values: NDArray[np.complex128]
    rest: complex

    @property
    def end(self) -> float:
        """Return the time at which the last sample ends, s."""
        return self.start + len(self.values) * self.dt

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.values.nbytes

    @cached_property
    def digest(self) -> bytes:
        """Return what tells this signal from all others."""
        numbers = np.array([self.start, self.dt, self.rest])
        return blake2b(self.values.data, key=numbers.tobytes(), digest_size=16).digest()

    @cached_property
    def peak(self) -> float:
        """Return the largest absolute value."""
        return float(np.max(np.abs(self.values), initial=0.0))

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """Return when it steps from one value to another, s."""
        padded = np.concatenate([[self.rest], self.values, [self.rest]])
        return np.asarray(self.start + np.flatnonzero(padded[1:] != padded[:-1]) * self.dt, np.float64)

    @cached_property
    def stretches(self) -> NDArray[np.int64]:
        """Return the stretches that change, as rows (first sample, sample after the last)."""
        rows = changing(self)
        return rows[rows[:, 1] > rows[:, 0]]

    def at(self, times: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Return the value at each time."""
        if not len(self.values):
            return np.full(times.shape, self.rest, np.complex128)
        index = np.floor((times - self.start) / self.dt + 1e-6).astype(np.int64)
        found = self.values.take(index, mode="clip")
        outside = (index < 0) | (index >= len(self.values))
        if outside.any():
            found[outside] = self.rest
        return found


SILENCE = Signal(0.0, 1e-9, np.zeros(0, np.complex128), 0j)


def modulated(
    line: Line, truth: DriveLine | Feedline, playing: Mapping[Port, Playing], carrier: Carrier | None
) -> Signal:
    """Return z(t) behind the mixer, volts: the field at the chip is ``Re[z exp(i 2 pi f_carrier t)]``.

    ``I' = I``, ``Q' = g (Q cos p + I sin p)`` with the hidden offsets added to I and Q first; the carrier's own phase
    at the chip, late by the delay of the line, is in z. A carrier that is off gives silence.
    """
    if carrier is None or not carrier.on:
        return SILENCE
    i, q = _pair(line, playing)
    turn = np.exp(-2j * np.pi * carrier.frequency * truth.delay)

    def mix(in_phase: NDArray[np.float64], quadrature: NDArray[np.float64]) -> NDArray[np.complex128]:
        i_in, q_in = in_phase + truth.offset_i, quadrature + truth.offset_q
        return np.asarray((i_in + 1j * truth.gain * (q_in * np.cos(truth.phase) + i_in * np.sin(truth.phase))) * turn)

    rest = complex(mix(np.zeros(1), np.zeros(1))[0])
    return Signal(i.start + truth.delay, i.dt, mix(i.values.real, q.values.real), rest)


def _pair(line: Line, playing: Mapping[Port, Playing]) -> tuple[Signal, Signal]:
    both = [None if port is None else playing.get(port) for port in (line.i, line.q)]
    spans = [one.span for one in both if one is not None and one.span[1]]
    alike = len({(one.start, one.sample_rate, len(one.volts)) for one in both if one is not None}) == 1
    if alike and spans:  # what comes before and after is rest
        span = min(first for first, _ in spans), max(last for _, last in spans)
        i, q = (_raw(one, span) for one in both)
    else:
        i, q = (_raw(one) for one in both)
    if not len(i.values):
        i = Signal(q.start, q.dt, np.zeros(len(q.values), np.complex128), 0j)
    if (i.start, i.dt, len(i.values)) == (q.start, q.dt, len(q.values)):
        return i, q
    if len(q.values) and abs(i.dt - q.dt) > 1e-6 * i.dt:
        raise InstrumentError(
            f"I runs at {1 / i.dt:g} Hz and Q at {1 / q.dt:g} Hz", allowed="one rate for a pair", where=str(line.i)
        )
    start = min(i.start, q.start) if len(q.values) else i.start
    n_samples = round((max(i.end, q.end if len(q.values) else i.end) - start) / i.dt)
    times = np.asarray(start + (np.arange(n_samples) + 0.5) * i.dt, np.float64)
    return Signal(start, i.dt, i.at(times), 0j), Signal(start, i.dt, q.at(times), 0j)


def _raw(playing: Playing | None, span: tuple[int, int] | None = None) -> Signal:
    if playing is None:
        return SILENCE
    first, last = span or playing.span
    start = playing.start + first / playing.sample_rate
    return Signal(start, 1 / playing.sample_rate, playing.volts[first:last].astype(np.complex128), 0j)


def pulsed_flux(line: Line, truth: FluxLine, playing: Mapping[Port, Playing], until: float) -> Signal:
    """Return the pulsed part of the flux in the loop, flux quanta, averaged over each sample; ``rest`` is 0."""
    raw = _raw(playing.get(line.output) if line.output is not None else None)
    if not len(raw.values):
        return SILENCE
    volts, dt, start = raw.values.real, raw.dt, raw.start + truth.delay
    if truth.distortion:
        tail = max(0, int(np.ceil((until - start) / dt)) - len(volts))
        volts = distorted(np.concatenate([volts, np.zeros(tail)]), dt, truth.distortion)
    return Signal(start, dt, (truth.flux_per_volt * volts).astype(np.complex128), 0j)


def distorted(volts: NDArray[np.float64], dt: float, terms: tuple[Exponential, ...]) -> NDArray[np.float64]:
    """Return a staircase after a path of step response ``1 + sum_k a_k exp(-t / tau_k)``, averaged over each sample.

    Each step of the staircase starts ``a_k exp(-t / tau_k)`` anew, so that no approximation is made.
    """
    steps = np.diff(volts, prepend=0.0)
    total = volts.copy()
    for term in terms:
        decay = np.exp(-dt / term.tau)
        mean = term.tau / dt * (1 - decay)
        total += term.amplitude * mean * decaying(steps, decay)
    return total


def changing(signal: Signal, gap: int = 16, tolerance: float = 0.0) -> NDArray[np.int64]:
    """Return the stretches that are not constant, as rows (first sample, sample after the last).

    A stretch ends where at least ``gap`` samples follow that all equal the one before; what surrounds a stretch is
    constant. Differences up to ``tolerance`` count as none.
    """
    padded = np.concatenate([[signal.rest], signal.values, [signal.rest]])
    edges = np.flatnonzero(np.abs(np.diff(padded)) > tolerance)
    if not len(edges):
        return np.zeros((0, 2), np.int64)
    breaks = np.flatnonzero(np.diff(edges) > gap)
    first = np.concatenate([edges[:1], edges[breaks + 1]])
    last = np.concatenate([edges[breaks], edges[-1:]])
    return np.stack([first, last], axis=1).astype(np.int64)
