"""Light on single ions: which ions a deflector's tones point at, what these scatter, and what it does to the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len, rfft, rfftfreq

from qctl.core.port import Port
from qctl.physics.stage import Playing, Stage, Switching

from .chain import Chain
from .crystal import TWO_PI
from .drive import windows
from .glow import Shining, bright_times, shining
from .twin import Focus, Glow

if TYPE_CHECKING:
    from .shots import Shots

Floats = NDArray[np.float64]
POINTED = 0.01  # of full intensity; what is hit by more is measured, what by less may scatter a photon
RECOIL = 8.55e3  # Hz, frequency that one photon of 369.5 nm adds to 171Yb+: h / (2 m lambda^2)
ALONG = 1 / 3  # mean square of the direction of what is scattered along the axis; the beam comes across it


@dataclass(frozen=True)
class Focused:
    """A time during which the deflector plays the same.

    Parameters
    ----------
    shares : intensity at each ion over that of the light on all ions, shape (n_ions,)
    light : what it is taken from: detection or pumping light
    """

    start: float
    end: float
    shares: Floats
    light: Shining

    def at(self, ion: int) -> Shining:
        """Return the light that one ion sees."""
        return Shining(self.light.truth, self.light.detuning, self.light.saturation * float(self.shares[ion]))

    def flips(self, ion: int) -> tuple[float, float]:
        """Return the rates of 1 to 0 and of 0 to 1, 1/s."""
        truth, relative = self.light.truth, self.at(ion).relative
        if truth.kind is Glow.PUMPING:
            return truth.rate * relative * (1 - truth.error), truth.rate * relative * truth.error
        return truth.leak_bright * relative, truth.leak_dark * relative


@dataclass(frozen=True)
class Pointed:
    """What a deflector's waveform points at, and when.

    Parameters
    ----------
    windows : in which it plays the same, s, shape (n, 2)
    shares : as `intensities` returns them, shape (n, n_ions)
    """

    windows: Floats
    shares: Floats

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.windows.nbytes + self.shares.nbytes


def pointed_at(chain: Chain, playing: Playing) -> Pointed:
    """Return what one waveform of the deflector points at."""
    assert chain.twin.focus is not None
    when = windows([playing])
    shares = [intensities(chain, chain.twin.focus, playing, window) for window in when]
    return Pointed(np.array(when).reshape(-1, 2), np.array(shares).reshape(-1, len(chain.names)))


def focused(
    chain: Chain, stage: Stage, point: Mapping[Port, Playing | Switching], edges: Floats,
    look: Callable[[Chain, Playing], Pointed] = pointed_at,
) -> list[Focused]:  # fmt: skip
    """Return what light on single ions does in a shot, cut at some edges, s; ``look`` may remember waveforms."""
    truth, lines = chain.twin.focus, chain.laboratory.lines
    port = lines[truth.line].output if truth is not None and truth.line in lines else None
    playing = point.get(port) if port is not None else None
    if truth is None or not isinstance(playing, Playing):
        return []
    switch = lines[truth.pumping].switch if truth.pumping in lines else None
    switched = point.get(switch) if switch is not None else None
    toggles = switched.edges if isinstance(switched, Switching) else np.zeros(0)
    found = []
    seen = look(chain, playing)
    for (start, end), shares in zip(seen.windows.tolist(), seen.shares, strict=True):
        cuts = np.union1d([start, end], [t for t in (*toggles, *edges) if start < t < end])
        for first, last in pairwise(cuts.tolist()):
            pumps = int(np.searchsorted(toggles, (first + last) / 2)) % 2 == 1
            light = _light(chain, stage, Glow.PUMPING if pumps else Glow.DETECTION)
            if light is not None:
                found.append(Focused(first, last, shares, light))
    return found


def intensities(chain: Chain, truth: Focus, playing: Playing, window: tuple[float, float]) -> Floats:
    """Return the intensity at each ion, relative to that of the light on all ions, shape (n_ions,)."""
    first, last = (round((time - playing.start) * playing.sample_rate) for time in window)
    volts = playing.volts[first:last].astype(np.float64)
    n = next_fast_len(len(volts), real=True)
    power = 2 * np.abs(rfft(volts, n)) ** 2 / (n * max(len(volts), 1)) / (truth.full**2 / 2)
    tones = rfftfreq(n, 1 / playing.sample_rate)
    found = np.zeros(len(chain.names))
    for ion in chain.answering:
        near = np.exp(-2 * ((tones - truth.places[chain.names[ion]]) / truth.width) ** 2)
        found[ion] = float(power @ near) + truth.floor * float(power.sum())
    return found


def _light(chain: Chain, stage: Stage, kind: Glow) -> Shining | None:
    for line, truth in chain.twin.lights.items():
        wired = chain.laboratory.lines.get(line)
        if truth.kind is kind and wired is not None:
            carrier = None if wired.carrier is None else stage.carriers.get(str(wired.carrier))
            return None if wired.carrier is not None and carrier is None else shining(truth, carrier)
    return None


def shine(shots: Shots, step: Focused, gates: Floats) -> Floats:
    """Let the light act; return the mean number of photons counted, shape (n_gates, n_shots, n_ions)."""
    chain, seconds = shots.chain, step.end - step.start
    assert chain.twin.focus is not None
    shots.heat(step.start, at_once=True)
    found = np.zeros((len(gates), shots.n_shots, len(chain.names)))
    for ion in chain.answering:
        truth, relative = chain.twin.ions[chain.names[ion]], step.at(ion).relative
        detects = step.light.truth.kind is Glow.DETECTION
        rate = (truth.bright - truth.dark) * relative if detects else 0.0
        if step.shares[ion] > POINTED:
            bright = _measured(shots, step, ion, gates)
            overlap = np.maximum(np.minimum(step.end, gates[:, 1]) - np.maximum(step.start, gates[:, 0]), 0)
            found[:, :, ion] = (truth.dark * overlap[:, None] if detects else 0.0) + rate * bright[:-1]
            _kick(shots, ion, rate * bright[-1] / chain.twin.focus.collection)
        elif step.shares[ion] > 0:
            _brushed(shots, step, ion, rate / chain.twin.focus.collection * seconds)
    return found


def _measured(shots: Shots, step: Focused, ion: int, gates: Floats) -> Floats:
    """Project one ion and let it flip; return how long it was bright in each gate, and all in all."""
    bits = shots.register.measure([ion], shots.rng)[:, 0]
    windows = np.concatenate([gates, [[step.start, step.end]]])
    new, bright = bright_times(bits, *step.flips(ion), step.start, step.end, windows, shots.rng)
    shots.register.put(ion, new)
    shots.settle_one(ion, step.end)
    return bright


def _brushed(shots: Shots, step: Focused, ion: int, photons: float) -> None:
    """Let an ion that should be in the dark scatter a photon, if it is in 1: it is found there, or pumped away.

    Parameters
    ----------
    photons : mean number of detection light that it would scatter in 1
    """
    pumps = step.light.truth.kind is Glow.PUMPING
    mean = step.flips(ion)[0] * (step.end - step.start) if pumps else photons
    kraus = np.zeros((1, 2, 2, 2), np.complex128)
    kraus[0, 0] = np.diag([1.0, np.exp(-mean / 2)])
    kraus[0, 1, 0 if pumps else 1, 1] = np.sqrt(-np.expm1(-mean))
    shots.register.branch((ion,), kraus, np.zeros(shots.n_shots, np.int64), shots.rng)


def _kick(shots: Shots, ion: int, photons: Floats) -> None:
    """Heat the axial modes by what an ion scatters, ``photons`` of shape (n_shots,)."""
    crystal, place = shots.chain.crystal, shots.chain.standing.index(ion)
    for mode, omega in enumerate(shots.chain.mode_frequencies):
        quanta = ALONG * TWO_PI * RECOIL / float(omega) * float(crystal.vectors[place, mode]) ** 2
        shots.quanta[:, mode] += shots.rng.poisson(quanta * photons)
