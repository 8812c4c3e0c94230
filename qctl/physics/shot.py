"""One sweep point, all its shots: the chip's state carried through time, measured when a readout tone comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError

from .chip import TWO_PI, Chip
from .jumps import Jumps, expected, sample_jumps
from .motion import Motion
from .register import Register
from .timeline import Piece

Levels = NDArray[np.int8]
WEAK_EXCHANGE = TWO_PI * 0.5e6  # rad/s; a twin's exchange at rest may be as large
Chance = Callable[[int], np.random.Generator]
"""Gives each qubit random numbers of its own: what one does is no matter to the others."""

SEVEN_QUBITS = 7  # density matrices of so many entangled transmons are not attempted


@dataclass(frozen=True)
class Tone:
    """A readout tone on one qubit, chip time; ``decay`` multiplies the rate down (photons shorten T1)."""

    qubit: int
    start: float
    end: float
    decay: float = 1.0


@dataclass(frozen=True)
class Seen:
    """What one tone saw, shot by shot.

    Parameters
    ----------
    levels : level at the start of the tone, shape (n_shots,)
    jumps : during the tone
    """

    tone: Tone
    levels: Levels
    jumps: Jumps

    def only(self, shots: NDArray[np.int64]) -> Seen:
        """Return what some of the shots saw, counted anew."""
        return Seen(self.tone, self.levels[shots], self.jumps.only(shots))


@dataclass(frozen=True)
class Ending:
    """All that is left of a sweep point when nothing moves any more.

    Parameters
    ----------
    clusters : qubits measured for the last time, and their joint probabilities, shape (n_rows, levels, levels, ...)
    tones : their last tones, by qubit
    populations : mean at ``times`` (s, by qubit), shape (n_qubits, levels)
    """

    clusters: list[tuple[tuple[int, ...], NDArray[np.float64]]]
    tones: Mapping[int, Tone]
    populations: NDArray[np.float64]
    times: NDArray[np.float64]

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.populations.nbytes + sum(weights.nbytes for _, weights in self.clusters)


class Shot:
    """Carries one register through the pieces and tones of a sweep point.

    Chance enters only with measurements in mid-circuit; those at the end are drawn from the :class:`Ending`.

    Parameters
    ----------
    initial : probability of each level at the start, shape (n_qubits, levels)
    detunings : slow noise of each group of shots, shape (n_groups, n_qubits), rad/s
    groups : group of each shot, shape (n_shots,)
    zz : static shift of each coupling, rad/s
    chance : random numbers of each qubit
    """

    def __init__(
        self,
        motion: Motion,
        initial: NDArray[np.float64],
        detunings: NDArray[np.float64],
        groups: NDArray[np.int64],
        zz: NDArray[np.float64],
        chance: Chance,
    ) -> None:
        self.motion, self.chip, self.chance = motion, motion.chip, chance
        self.register = Register(initial, len(detunings), density=self.chip.dissipative)
        self.detunings, self.rows = detunings, groups
        self.zz = {c: float(z) for c, z in enumerate(zz) if z}
        self.clock = np.zeros(len(self.chip.names))
        self.zz_clock = dict.fromkeys(self.zz, 0.0)
        self.frozen: dict[int, Tone] = {}  # measured for the last time: sampled at the end, together
        self.seen: list[Seen] = []
        self.noisy = bool(np.any(detunings))
        self.number = np.arange(self.register.levels)
        self.initial = initial
        self.touched: set[int] = set()  # by a piece or a tone

    def play(self, pieces: list[Piece], tones: list[Tone], end: float) -> Ending:
        """Carry the state through everything that happens, up to ``end``."""
        last = _last_use(pieces, tones)
        self.touched = {q for p in pieces for q in p.qubits} | {t.qubit for t in tones}
        events: list[tuple[float, int, Piece | Tone]] = [(p.start, 1, p) for p in pieces]
        events += [(t.start, 0, t) for t in tones]
        for _, _, event in sorted(events, key=lambda e: e[:2]):
            if isinstance(event, Tone):
                self._measure(event, terminal=event.start >= last.get(event.qubit, -np.inf))
            else:
                self._act(event)
        for q in range(len(self.clock)):
            if q in self.touched and q not in self.frozen:
                self._idle(q, end)
        self.clock = np.where(self.clock > 0, self.clock, end)
        clusters = [(c, self.register.joint(c)) for c in self.register.clusters_of(list(self.frozen))]
        times = np.array([self.frozen[q].end if q in self.frozen else t for q, t in enumerate(self.clock)])
        return Ending(clusters, self.frozen, self._populations(), times)

    def carry(self, pieces: list[Piece], qubits: tuple[int, ...], start: float, end: float) -> None:
        """Carry ``qubits`` from ``start`` to ``end`` through pieces that lie between, without any measurement."""
        self.clock[:] = start
        self.zz_clock = dict.fromkeys(self.zz, start)
        for piece in sorted(pieces, key=lambda p: p.start):
            self._act(piece)
        for q in qubits:
            self._idle(q, end)
        self._shift_zz(qubits, end)

    def go_on(self, motion: Motion, pieces: list[Piece], tones: list[Tone]) -> None:
        """Carry the state through what comes next; every tone measures on the way, in each shot for itself."""
        self.motion = motion
        self.touched |= {q for p in pieces for q in p.qubits} | {t.qubit for t in tones}
        events: list[tuple[float, int, Piece | Tone]] = [(p.start, 1, p) for p in pieces]
        events += [(t.start, 0, t) for t in tones]
        for _, _, event in sorted(events, key=lambda e: e[:2]):
            if isinstance(event, Tone):
                self._measure(event, terminal=False)
            else:
                self._act(event)

    def only(self, shots: NDArray[np.int64]) -> Shot:
        """Return some of the shots, which go on by themselves."""
        found = copy(self)
        rows, found.rows = np.unique(self.rows[shots], return_inverse=True)
        found.register = self.register.only(rows)
        found.detunings, found.clock = self.detunings[rows], self.clock.copy()
        found.zz_clock, found.touched = self.zz_clock.copy(), self.touched.copy()
        found.seen = [seen.only(shots) for seen in self.seen]
        return found

    def rest(self, end: float) -> NDArray[np.float64]:
        """Let all qubits rest until ``end``; return the mean populations then, shape (n_qubits, levels)."""
        for q in sorted(self.touched):
            self._idle(q, max(end, float(self.clock[q])))
        self.clock = np.where(self.clock > 0, self.clock, end)
        return self._populations()

    def _populations(self) -> NDArray[np.float64]:
        n_rows = self.register.n_rows
        weights = np.full(n_rows, 1 / n_rows)
        if self.seen:  # rows are no longer equally many shots
            weights = np.bincount(self.rows, minlength=n_rows) / len(self.rows)
        found = self.initial.copy()
        for q, end in enumerate(self.clock.tolist()):
            down, up, _ = self.chip.rates(q)
            if q not in self.touched:  # nothing moves it but decay
                found[q] = expected(found[q], end, down, up)
                continue
            found[q] = weights @ self.register.populations(q)
            if tone := self.frozen.get(q):
                found[q] = expected(found[q], tone.end - tone.start, down * tone.decay, up)
        return found

    def _act(self, piece: Piece) -> None:
        moving, middle = piece.qubits, (piece.start + piece.end) / 2
        if any(q in self.frozen or self.clock[q] > middle for q in moving):
            self._during_readout(piece)
            return
        for q in moving:  # the end of a tone is known to a fraction of its averaging time only
            self.clock[q] = min(self.clock[q], piece.start)
        for q in moving:
            self._idle(q, piece.start)
        self._shift_zz(piece.qubits, middle if piece.kind == "drive" else piece.start, piece)
        half = (piece.end - piece.start) / 2
        for q in moving:
            self._noise(q, half)
        if piece.kind == "drive":
            self.register.apply(piece.qubits[0], self.motion.drive(piece))
        else:
            self._check_size(piece)
            self.register.apply_joint(piece.qubits, self.motion.couple(piece))
        for q in moving:
            self._noise(q, half)
            self.clock[q] = piece.end

    def _during_readout(self, piece: Piece) -> None:
        """Drop what acts on a qubit that is being measured, since it is held in its level; refuse a real coupling.

        The tail that a distorted pulse leaves in a coupler is as weak as the exchange at rest: it moves nothing.
        """
        if piece.kind == "couple" and self.motion.exchange(piece) > WEAK_EXCHANGE:
            names = " and ".join(self.chip.names[q] for q in piece.qubits)
            raise InstrumentError(
                f"{names} are coupled {piece.start * 1e9:.1f} ns into the shot while one of them is read out",
                allowed="in the simulated chip, couplings outside readout tones",
                remedy="let the coupler's pulse end before the tone starts, or start after it",
            )

    def _check_size(self, piece: Piece) -> None:
        together = {q for q in range(len(self.clock)) if any(self.register.together(q, p) for p in piece.qubits)}
        if self.chip.dissipative and len(together) >= SEVEN_QUBITS:
            raise InstrumentError(
                f"{len(together)} qubits become entangled", allowed="6 in a simulated chip with decoherence"
            )

    def _idle(self, qubit: int, until: float) -> None:
        duration = until - self.clock[qubit]
        if duration > 1e-15:
            self.register.apply(qubit, self.motion.idle(qubit, self.clock[qubit], until))
            self._noise(qubit, duration)
            self.clock[qubit] = until

    def _noise(self, qubit: int, duration: float) -> None:
        if not self.noisy:
            return
        self._turn(qubit, duration * self.detunings[:, qubit])

    def _shift_zz(self, qubits: tuple[int, ...], until: float, piece: Piece | None = None) -> None:
        """Apply the static shifts of all couplings of ``qubits`` since they were last applied.

        Between clusters that no gate has joined, each qubit sees the mean level of the other.
        """
        near = self.chip.near
        for c in near[qubits[0]] if len(qubits) == 1 else sorted({c for q in qubits for c in near[q]}):
            if c not in self.zz:
                continue
            shift, (a, b) = self.zz[c], self.chip.pairs[c]
            duration, self.zz_clock[c] = until - self.zz_clock[c], until
            if piece is not None and piece.kind == "couple" and a in qubits and b in qubits:
                self.zz_clock[c] = piece.end  # the exchange itself makes the shift there
            if duration > 0 and a not in self.frozen and b not in self.frozen:
                self._shift(a, b, shift * duration)
            elif duration > 0 and not (a in self.frozen and b in self.frozen):
                moving, still = (b, a) if a in self.frozen else (a, b)
                self._mean_field(moving, still, shift * duration)

    def _shift(self, a: int, b: int, angle: float) -> None:
        if not self.register.together(a, b):
            at_a, at_b = (self.register.populations(q) @ self.number for q in (a, b))
            self._turn(a, angle * at_b)
            self._turn(b, angle * at_a)
            return
        phase = np.exp(-1j * angle * np.multiply.outer(self.number, self.number))
        if self.chip.dissipative:
            phase = np.einsum("ab,cd->acbd", phase, phase.conj()).reshape(self.register.size, -1)
        self.register.apply_diagonal(a, b, phase)

    def _mean_field(self, moving: int, still: int, angle: float) -> None:
        if self.register.together(moving, still):
            self._shift(moving, still, angle)
        else:
            self._turn(moving, angle * (self.register.populations(still) @ self.number))

    def _turn(self, qubit: int, angles: NDArray[np.float64]) -> None:
        self.register.turn(qubit, angles)

    def _measure(self, tone: Tone, *, terminal: bool) -> None:
        q = tone.qubit
        self._idle(q, max(tone.start, self.clock[q]))
        self._shift_zz((q,), self.clock[q])
        if terminal:
            self.frozen[q] = tone
            return
        found = _drawn(self.register.populations(q), self.rows, self.chance(q))
        self.seen += see(self.chip, [tone], found[None], self.chance)
        seen = self.seen[-1]
        after = seen.jumps.final(seen.levels)
        keys, self.rows = np.unique(np.stack([self.rows, found, after]), axis=1, return_inverse=True)
        self.register.branch(q, keys[0], keys[1], keys[2])
        self.detunings = self.detunings[keys[0]]
        self.clock[q] = max(tone.end, self.clock[q])


def draw(chip: Chip, ending: Ending, rows: NDArray[np.int64], chance: Chance) -> list[Seen]:
    """Return what the last tones see, shot by shot; ``rows`` says which version of the chip each shot belongs to."""
    alone = [(qubits[0], joint) for qubits, joint in ending.clusters if len(qubits) == 1]
    uniform = [chance(q).random(len(rows)) for q, _ in alone]
    singles = iter(_drawn_each(np.stack([j for _, j in alone]), rows, np.stack(uniform)) if alone else ())
    tones: list[Tone] = []
    levels: list[NDArray[np.int64]] = []
    for qubits, joint in ending.clusters:
        if len(qubits) == 1:
            levels.append(next(singles))
        else:
            flat = _drawn(joint.reshape(len(joint), -1), rows, chance(min(qubits)))
            levels += np.unravel_index(flat, joint.shape[1:])
        tones += [ending.tones[q] for q in qubits]
    return see(chip, tones, np.array(levels), chance) if tones else []


def see(chip: Chip, tones: list[Tone], found: NDArray[np.int64], chance: Chance) -> list[Seen]:
    """Return what tones see of qubits in levels ``found``, shape (n_tones, n_shots), at their starts."""
    rates = [chip.rates(tone.qubit) for tone in tones]
    lengths = np.array([tone.end - tone.start for tone in tones])[:, None]
    down = np.array([rate * tone.decay for (rate, _, _), tone in zip(rates, tones, strict=True)])[:, None]
    up = np.array([rate for _, rate, _ in rates])[:, None]
    jumps = sample_jumps(found, lengths, down, up, chip.twin.levels, [chance(tone.qubit) for tone in tones])
    return [Seen(t, f.astype(np.int8), j) for t, f, j in zip(tones, found, jumps.each(len(tones)), strict=True)]


def _drawn_each(
    weights: NDArray[np.float64], rows: NDArray[np.int64], uniform: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return outcomes of many qubits, shape (n_qubits, n_shots).

    Parameters
    ----------
    weights : shape (n_qubits, n_rows, levels)
    uniform : random numbers, shape (n_qubits, n_shots)
    """
    summed = np.cumsum(weights, axis=-1)[:, rows]
    found = (summed <= uniform[..., None] * summed[..., -1:]).sum(axis=-1)
    return np.asarray(np.minimum(found, weights.shape[-1] - 1))


def _drawn(weights: NDArray[np.float64], rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return one outcome for each shot; ``weights`` has one row of probabilities for each row of the register."""
    uniform = rng.random(len(rows))
    found = np.empty(len(rows), np.int64)
    for row in range(len(weights)):
        mine = rows == row
        summed = np.cumsum(weights[row])
        found[mine] = np.searchsorted(summed, uniform[mine] * summed[-1], side="right")
    return np.asarray(np.minimum(found, weights.shape[1] - 1))


def tones_of(windows: Mapping[int, list[tuple[float, float, float]]]) -> list[Tone]:
    """Return tones of all qubits, by start."""
    return sorted((Tone(q, *w) for q, ws in windows.items() for w in ws), key=lambda t: t.start)


def decided_on_the_way(pieces: list[Piece], tones: list[Tone]) -> bool:
    """Return whether any measurement comes before its qubit is used for the last time."""
    last = _last_use(pieces, tones)
    return any(tone.start < last[tone.qubit] for tone in tones)


def _last_use(pieces: list[Piece], tones: list[Tone]) -> dict[int, float]:
    """Return when each qubit is last coupled or measured: what happens to it alone after that is never seen."""
    last: dict[int, float] = {}
    coupled = ((p.start, p.qubits) for p in pieces if p.kind == "couple")
    for start, qubits in [*coupled, *((t.start, (t.qubit,)) for t in tones)]:
        for q in qubits:
            last[q] = max(last.get(q, -np.inf), start)
    return last
