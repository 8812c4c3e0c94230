"""How much of each drive line reaches qubits that are not its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result

from .rows import Row, flip, indices, play, program
from .signal import between

Floats = NDArray[np.float64]
Pair = tuple[str, str]  # whose line plays, and which qubit may feel it
BAND = 0.48  # of the sample rate: the farthest a line can play from its carrier
MOST = 1.4  # rad; largest turn that is told from less
SHRUNK = 0.05  # relative error of all values: pulses that are not quite as strong as believed, decay


@dataclass(frozen=True, slots=True)
class DriveCrosstalk:
    """A strong tone at a qubit's frequency on another's line, on top of a quarter turn by its own line.

    The turns add as arrows. Whatever the angle between them, the population swings with the phase of the strong tone
    by half of what it turns by, which is linear in the crosstalk where a Rabi oscillation would be quadratic. Pairs
    that share no qubit are asked at the same time.

    Parameters
    ----------
    targets : qubits whose lines are asked
    strong : amplitude of the strong tone
    duration : s
    """

    name: ClassVar[str] = "drive_crosstalk"
    laboratory: Laboratory
    targets: tuple[str, ...]
    strong: float = 0.8
    duration: float = 120e-9
    n_phases: int = 8
    shots: int = 200

    def rounds(self, known: Parameters) -> list[list[Pair]]:
        """Return all pairs of a line and a near qubit, in groups in which no qubit comes twice."""
        groups: list[list[Pair]] = []
        for pair in self._pairs(known):
            free = (group for group in groups if not {q for other in group for q in other} & set(pair))
            group = next(free, None)
            if group is None:
                groups.append([pair])
            else:
                group.append(pair)
        return groups

    def _pairs(self, known: Parameters) -> Iterator[Pair]:
        lab = self.laboratory
        joined = [set(c.pair) for c in lab.couplings.values()]
        near = {q: {p for pair in joined if q in pair for p in pair} - {q} for q in lab.qubit_names}
        for source in self.targets:
            around = near[source] | {far for q in near[source] for far in near[q]}
            for victim in lab.qubit_names:
                if victim in around - {source} and self._reach(known, source, victim) < BAND:
                    yield source, victim

    def _reach(self, known: Parameters, source: str, victim: str) -> float:
        """Return how far a qubit lies from the carrier of a line, in units of its sample rate."""
        line = self.laboratory.lines[self.laboratory.qubits[source].drive]
        carrier = self.laboratory.instruments[line.mixed_with].frequency if line.mixed_with else None
        rate = self.laboratory.instruments[line.outputs[0].instrument].sample_rate
        return abs(known[f"{victim}.frequency"] - (carrier or 0.0)) / (rate or 1e9)

    def asked(self, known: Parameters) -> tuple[str, ...]:
        """Return all qubits that take part."""
        used = {q for group in self.rounds(known) for pair in group for q in pair}
        return tuple(q for q in self.laboratory.qubit_names if q in used)

    def scan(self, known: Parameters) -> Scan:
        """Return two references, then round after round the phases of the strong tones."""
        qubits, pulses = indices(self.laboratory, self.asked(known)), list[Pulse]()
        circuits: list[list[Row]] = [[], [flip(q) for q in qubits]]
        for group in self.rounds(known):
            for phase in self.phases:
                rows = []
                for source, victim in group:
                    rows.append(play(indices(self.laboratory, (victim, source)), len(pulses)))
                    pulses.append(self.both(known, source, victim, float(phase)))
                circuits.append(rows)
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    @property
    def phases(self) -> Floats:
        """Return the phases of the strong tone, rad."""
        return 2 * pi / self.n_phases * np.arange(float(self.n_phases))

    def both(self, known: Parameters, source: str, victim: str, phase: float) -> Pulse:
        """Return a quarter turn of the victim by its own line, and the strong tone on the other one."""
        lines, frequency = self.laboratory.qubits, known[f"{victim}.frequency"]
        # A raised cosine holds half of its peak: the area of a quarter turn is a quarter of amplitude times length.
        own = known[f"{victim}.x180.amplitude"] * known[f"{victim}.x180.duration"] / (4 * self.duration)
        quarter = Tone(line=lines[victim].drive, amplitude=own, duration=self.duration, frequency=frequency)
        strong = Tone(
            line=lines[source].drive, amplitude=self.strong, duration=self.duration, frequency=frequency, phase=phase
        )
        return Pulse((quarter, strong))

    def turn(self, known: Parameters, source: str, victim: str) -> float:
        """Return by how much the strong tone would turn a qubit that feels it like the line's own, rad.

        An output that holds its samples plays the farther tone more weakly.
        """
        own = known[f"{source}.x180.amplitude"] * known[f"{source}.x180.duration"]
        kept = np.sinc(self._reach(known, source, victim)) / np.sinc(self._reach(known, source, source))
        return float(2 * pi * self.strong * self.duration / own * kept)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the crosstalk of each line to all qubits near its own."""
        ones, sigma = between(result, [0], [1])
        columns = {q: k for k, q in enumerate(self.asked(known))}
        found: dict[str, dict[str, Estimate]] = {target: {} for target in self.targets}
        figures: dict[str, list[Figure]] = {target: [] for target in self.targets}
        reasons: dict[str, str] = {}
        for number, group in enumerate(self.rounds(known)):
            points = slice(2 + number * self.n_phases, 2 + (number + 1) * self.n_phases)
            for source, victim in group:
                y, e = ones[points, columns[victim]], sigma[points, columns[victim]]
                value, error = swing(self.phases, y, e)
                whole = self.turn(known, source, victim)
                turned, steep = inverted(value)
                name = f"{self.laboratory.qubits[source].drive}.crosstalk.{victim}"
                figures[source].append(Figure(name, self.phases, y, "phase (rad)", "population", e))
                if turned >= MOST:
                    reasons[source] = f"{victim} turns by {turned:.1f} rad or more: the line of {source} drives it"
                spread = float(np.hypot(error * steep / whole, SHRUNK * turned / whole))
                found[source][name] = Estimate(turned / whole, spread, run=self.name)
        return tuple(
            Outcome(t, {} if t in reasons else found[t], figures=tuple(figures[t]), reason=reasons.get(t, ""))
            for t in self.targets
        )


def swing(phases: Floats, y: Floats, e: Floats) -> tuple[float, float]:
    """Return the first harmonic of a population against the phase and its error, noise taken out of its size."""
    wave = 2 * np.mean(y * np.exp(-1j * phases))
    error = float(np.sqrt(2 * np.mean(e**2) / len(y)))
    return float(np.sqrt(max(abs(wave) ** 2 - error**2, 0.0))), error


def inverted(value: float) -> tuple[float, float]:
    """Return by how much the strong tone turns where the population swings by ``value``, and the slope, rad.

    From ``(1 - cos |pi/2 + t exp(i phase)|) / 2``, whose first harmonic is t / 2 for small t.
    """
    turns, phases = np.linspace(0, MOST, 201), 2 * pi / 64 * np.arange(64)
    population = (1 - np.cos(np.abs(pi / 2 + turns[:, None] * np.exp(1j * phases)))) / 2
    harmonic = np.maximum.accumulate(2 * np.abs(np.mean(population * np.exp(-1j * phases), axis=1)))
    turned = float(np.interp(value, harmonic, turns))
    slope = float(np.interp(turned, turns, np.gradient(harmonic, turns)))
    return turned, 1 / max(slope, 0.05)


NODE = Node(
    name=DriveCrosstalk.name,
    kind=Target.QUBIT,
    # Nothing that is played makes up for it: what it says is whether gates may run at the same time.
    finds=(Quantity(name="drive.crosstalk.*", low=-0.01, high=0.5, floor=0.05),),
    make=lambda laboratory, targets, known: DriveCrosstalk(laboratory, targets),
    needs=("fine_amplitude",),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
    largest_error=1.0,
)
