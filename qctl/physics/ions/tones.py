"""Which tones of the light at each ion are on when, told from the light alone, and what they act on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, fftfreq, ifft
from scipy.ndimage import maximum_filter1d

from qctl.physics.runs import runs

from .chain import Chain
from .crystal import TWO_PI
from .dips import changes
from .drive import Light
from .motion import finer, thinned

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]
WEAK = TWO_PI * 50.0  # rad/s; what drives an ion less than that is not looked at
SHARE = 0.3  # of the strongest tone on the same ion at the same time; weaker ones count as its edges
SPLATTER = 0.06  # of what is near in time; weaker tones are what edges of others throw into their bands
NEAR = 6e-6  # s
FAINT = 1e-4  # share of the power on an ion; bands with less are not looked at
JOINED = 4e-6  # s; silence between two pulses that are looked at as one
SHORT = 1.5e-6  # s; what is shorter is the edge of something else
FINER = 3  # samples for each one of the light, where forces at twice a mode's frequency are summed
LEAST_RATE = 1e6  # Hz, of slow amplitudes
CHUNK = 100e-6  # s; longer carrier pulses are cut: white noise acts between the pieces


class Kind(StrEnum):
    """What a tone does."""

    CARRIER = "carrier"
    SIDEBAND = "sideband"
    PAIR = "pair"  # blue and red sidebands of a mode at once


@dataclass(frozen=True)
class Act:
    """A pulse on some ions.

    Parameters
    ----------
    mode, side : of sidebands; 1 is blue, -1 is red
    start, end : s after the start of the shot
    fields : slow amplitudes around what they act on, rad/s, shape (n_ions, n_steps); of a pair, the blue ones
    red : of a pair
    shift : of the qubits' frequencies by light, rad/s, shape (n_ions, n_steps)
    whole : light at the ions, all tones, in the frame of each qubit, shape (n_ions, n_samples); of a pair
    dt, fine : length of a step of the slow amplitudes, and of a sample of ``whole``, s
    """

    kind: Kind
    ions: tuple[int, ...]
    mode: int
    side: int
    start: float
    end: float
    fields: Complex
    red: Complex
    shift: Floats
    whole: Complex
    dt: float
    fine: float

    @cached_property
    def digest(self) -> bytes:
        """Return what tells this pulse from all others."""
        content = blake2b(repr((self.ions, self.mode, self.side, self.start, self.dt)).encode(), digest_size=16)
        for part in (self.fields, self.red, self.shift, self.whole):
            content.update(np.ascontiguousarray(part).data)
        return content.digest()

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.fields.nbytes + self.red.nbytes + self.shift.nbytes + self.whole.nbytes


@dataclass(frozen=True)
class _Span:
    """A band that is on: samples ``first`` to ``last`` of a window."""

    ion: int
    band: int
    first: int
    last: int


class Bands:
    """Frequencies around an ion's carrier, cut where nothing is in resonance: carrier and both sidebands of each mode.

    Parameters
    ----------
    centres : resonances of the bands, rad/s, rising; the middle one is the carrier
    """

    def __init__(self, chain: Chain) -> None:
        nu = chain.mode_frequencies
        self.centres = np.concatenate([-nu[::-1], [0.0], nu])
        self.carrier = len(nu)
        self._edges = (self.centres[1:] + self.centres[:-1]) / 2

    def meaning(self, band: int) -> tuple[int, int]:
        """Return mode and side of a band; of the carrier, side 0."""
        return abs(band - self.carrier) - 1, int(np.sign(band - self.carrier))

    def split(self, light: Complex, dt: float) -> dict[int, Complex]:
        """Return the parts of a light that lie in each band, where there is any; they add up to it."""
        spectrum, omega = fft(light), TWO_PI * fftfreq(len(light), dt)
        place = np.searchsorted(self._edges, omega)
        power = np.bincount(place, np.abs(spectrum) ** 2, minlength=len(self.centres))
        used = np.flatnonzero(power > FAINT * power.sum())
        return {int(k): np.asarray(ifft(np.where(place == k, spectrum, 0))) for k in used}


def acts(chain: Chain, beams: tuple[str, ...], light: Light, beyond: float = 0.0) -> list[Act]:
    """Return what the light of one window does, in order of time.

    Parameters
    ----------
    beyond : of the carriers, where the light is around a sideband of the trap's radio frequency, Hz
    """
    rabi, shifts = chain.reach(beams)
    field = rabi @ light.field * (chain.micromotion_sideband if beyond else 1.0)
    field *= np.exp(-1j * TWO_PI * (chain.frequencies + beyond - light.reference)[:, None] * light.times)
    shift = shifts @ np.abs(light.field) ** 2
    bands = Bands(chain)
    spans: list[_Span] = []
    parts: dict[int, dict[int, Complex]] = {}
    for ion in np.flatnonzero(np.abs(field).max(axis=1) > WEAK).tolist():
        parts[ion] = bands.split(field[ion], light.dt)
        spans += _on(ion, parts[ion], light.dt)
    walls = _walls(bands, parts, light.dt)
    spans = [piece for span in spans for piece in _pieces(span, walls, parts[span.ion][span.band])]
    scene = _Scene(chain, light, field, shift, bands, parts, walls)
    pairs, single = scene.paired(spans)
    found = [scene.pair(group) for group in pairs]
    for span in single:
        found += scene.alone(span, spans)
    return sorted(found, key=lambda act: act.start)


def _on(ion: int, parts: dict[int, Complex], dt: float) -> list[_Span]:
    """Return when each band is on."""
    reach = 2 * round(2e-6 / dt) + 1
    sizes = {band: maximum_filter1d(np.abs(part), max(3, reach // 4)) for band, part in parts.items()}
    strongest = maximum_filter1d(np.max(list(sizes.values()), axis=0), reach)
    found = []
    for band, size in sizes.items():
        on = (size > WEAK) & (size > SHARE * strongest)
        on_at = runs(on, max(3, round(JOINED / dt)), max(3, round(SHORT / dt)))
        found += [_Span(ion, band, first, last) for first, last in on_at.tolist()]
    # Bands come from the spectrum of the window: what rings before its beginning is found at its end.
    around = maximum_filter1d(np.max(list(sizes.values()), axis=0), 2 * round(NEAR / dt) + 1, mode="wrap")
    return [s for s in found if np.any(sizes[s.band][s.first : s.last] > SPLATTER * around[s.first : s.last])]


def _walls(bands: Bands, parts: dict[int, dict[int, Complex]], dt: float) -> dict[int, list[int]]:
    """Return for each band the samples where gates on the sidebands of its mode end and others begin."""
    found = {}
    for band in sorted({band for mine in parts.values() for band in mine if band > bands.carrier}):
        other = 2 * bands.carrier - band  # the red sideband of the same mode
        both = [(mine.get(band), mine.get(other)) for mine in parts.values()]
        sizes = [abs(blue) + abs(red) for blue, red in both if blue is not None and red is not None]
        if len(sizes) > 1:
            found[band] = found[other] = changes(np.stack(sizes), dt, WEAK)
    return found


def _pieces(span: _Span, walls: dict[int, list[int]], part: Complex) -> list[_Span]:
    """Return a span cut at walls, without pieces in which nothing is on."""
    inside = [wall for wall in walls.get(span.band, []) if span.first < wall < span.last]
    edges = [span.first, *inside, span.last]
    pieces = [_Span(span.ion, span.band, a, b) for a, b in pairwise(edges)]
    return [p for p in pieces if not inside or np.abs(part[p.first : p.last]).max() > WEAK]


@dataclass(frozen=True)
class _Scene:
    chain: Chain
    light: Light
    field: Complex
    shift: Floats
    bands: Bands
    parts: dict[int, dict[int, Complex]]
    walls: dict[int, list[int]]

    def paired(self, spans: list[_Span]) -> tuple[list[list[tuple[_Span, _Span]]], list[_Span]]:
        """Return blue and red spans of one mode that go together, grouped by time, and all other spans."""
        couples, left = [], list(spans)
        for blue in spans:
            mode, side = self.bands.meaning(blue.band)
            if side != 1:
                continue
            for red in spans:
                if red.ion == blue.ion and self.bands.meaning(red.band) == (mode, -1):
                    overlap = min(blue.last, red.last) - max(blue.first, red.first)
                    if overlap > 0.5 * max(blue.last - blue.first, red.last - red.first) and red in left:
                        couples.append((blue, red))
                        left = [s for s in left if s not in (blue, red)]
                        break
        groups: list[list[tuple[_Span, _Span]]] = []
        for couple in sorted(couples, key=lambda c: c[0].first):
            same = [g for g in groups if g[0][0].band == couple[0].band and couple[0].first < max(c[0].last for c in g)]
            if same:
                same[0].append(couple)
            else:
                groups.append([couple])
        return groups, left

    def pair(self, group: list[tuple[_Span, _Span]]) -> Act:
        """Return what blue and red tones do together."""
        mode, _ = self.bands.meaning(group[0][0].band)
        first = min(min(b.first, r.first) for b, r in group)
        last = max(max(b.last, r.last) for b, r in group)
        ions = tuple(sorted({b.ion for b, _ in group}))  # a weak neighbour may come and go meanwhile
        nu, cut = self.chain.mode_frequencies[mode], slice(*self._wider(first, last, group[0][0].band))
        turn = np.exp(-1j * nu * self.light.times[cut])
        by_ion = {b.ion: (self.parts[b.ion][b.band][cut], self.parts[r.ion][r.band][cut]) for b, r in group}
        blue = np.stack([by_ion[i][0] * turn for i in ions])
        red = np.stack([by_ion[i][1] * turn.conj() for i in ions])
        # Far from resonance a blue tone pulls the qubit down, a red one up, both by Omega^2 / 2 nu.
        shift = self.shift[list(ions)][:, cut] + (np.abs(red) ** 2 - np.abs(blue) ** 2) / (2 * nu)
        n = len(ions)
        slow, dt = thinned(np.concatenate([blue, red, shift]), self.light.dt, LEAST_RATE, 2 * n)
        whole = finer(self.field[list(ions)][:, cut], FINER)
        start, end = self._times(cut)
        return Act(Kind.PAIR, ions, mode, 0, start, end, slow[:n], slow[n : 2 * n], slow[2 * n :].real, whole, dt,
                   self.light.dt / FINER)  # fmt: skip

    def alone(self, span: _Span, spans: list[_Span]) -> list[Act]:
        """Return what one band does; a long pulse on a carrier comes in pieces."""
        mode, side = self.bands.meaning(span.band)
        others = [s for s in spans if s.ion == span.ion and s != span]
        before = max([s.last for s in others if s.last <= span.first], default=0)
        after = min([s.first for s in others if s.first >= span.last], default=self.field.shape[1])
        first, last = self._wider(span.first, span.last, span.band)
        cut = slice(max(first, (before + span.first) // 2), min(last, (after + span.last + 1) // 2))
        crowded = any(s.first < span.last and s.last > span.first for s in others)
        light = (self.parts[span.ion][span.band] if crowded else self.field[span.ion])[cut]
        centre, shift = self.bands.centres[span.band], self.shift[span.ion][cut]
        if side:
            shift = shift - side * np.abs(light) ** 2 / (2 * abs(centre))
        light = light * np.exp(-1j * centre * self.light.times[cut])
        slow, dt = thinned(np.stack([light, shift.astype(np.complex128)]), self.light.dt, LEAST_RATE, 1)
        start, _ = self._times(cut)
        kind = Kind.SIDEBAND if side else Kind.CARRIER
        step = slow.shape[1] if side else max(1, round(CHUNK / dt))
        nothing = np.zeros((1, 0), np.complex128)
        return [
            Act(kind, (span.ion,), mode, side, start + k * dt, start + min(k + step, slow.shape[1]) * dt,
                slow[:1, k : k + step], nothing, slow[1:, k : k + step].real, nothing, dt, self.light.dt)
            for k in range(0, slow.shape[1], step)
        ]  # fmt: skip

    def _wider(self, first: int, last: int, band: int) -> tuple[int, int]:
        more, walls = round(2e-6 / self.light.dt), self.walls.get(band, [])
        start, end = max([w for w in walls if w <= first], default=0), self.field.shape[1]
        return max(start, first - more), min(min([w for w in walls if w >= last], default=end), last + more)

    def _times(self, cut: slice) -> tuple[float, float]:
        return self.light.start + cut.start * self.light.dt, self.light.start + cut.stop * self.light.dt
