"""What the truth is for each parameter that has one, at the operating point that the parameters choose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.parameters import Parameters
from qctl.physics.chip import TWO_PI
from qctl.physics.operators import lowering
from qctl.physics.twin import DriveLine, Exponential, Feedline, Transmon
from qctl.platforms.known import value

from .solvable import middle, sweet_biases
from .stage import Bench

MATCH = 3.0  # a time constant of predistortion stands for a true one within this factor


@dataclass(frozen=True, slots=True)
class ValueScore:
    """One parameter beside its truth; ``error`` is the standard deviation that was claimed, inf for a guess."""

    name: str
    value: float
    error: float
    truth: float
    unit: str

    @property
    def off(self) -> float:
        """Return value less truth."""
        return self.value - self.truth

    @property
    def sigmas(self) -> float | None:
        """Return how many claimed standard deviations the value is off; None for a guess."""
        return self.off / self.error if 0 < self.error < np.inf else None


def scored(parameters: Parameters, truths: Mapping[str, float]) -> tuple[ValueScore, ...]:
    """Return all parameters that have a truth, by name."""
    known = parameters.estimates
    return tuple(
        ValueScore(name, known[name].value, known[name].error, truth, known[name].unit)
        for name, truth in sorted(truths.items())
        if name in known
    )


def truths_of(bench: Bench) -> dict[str, float]:
    """Return the truth of every parameter that follows from chip and lines alone."""
    found: dict[str, float] = {}
    for part in (_of_qubits, _of_couplings, _of_mixers, _of_delays, _of_predistortion):
        found |= dict(part(bench))
    found |= {f"{line}.bias": current for line, current in sweet_biases(bench.chip).items()}
    return found


def _of_qubits(bench: Bench) -> Iterator[tuple[str, float]]:
    for index, name in enumerate(bench.chip.names):
        levels = dressed(bench, index) / TWO_PI
        truth = bench.twin.qubits[name]
        yield f"{name}.frequency", float(levels[1])
        yield f"{name}.anharmonicity", float(levels[2] - 2 * levels[1])
        yield f"{name}.readout.frequency", middle(bench.twin.resonators[name])
        if np.isfinite(truth.t1):
            yield f"{name}.t1", truth.t1
        if np.isfinite(truth.t1) or np.isfinite(truth.t_phi):
            yield f"{name}.t2", echo_time(truth)
            yield f"{name}.t2_ramsey", ramsey_time(truth)


def dressed(bench: Bench, qubit: int) -> NDArray[np.float64]:
    """Return the levels of a qubit over its ground state, rad/s, as its line leaves them.

    What leaks of the carrier, less what the parameters take away of it, drives the qubit all the time; far from
    resonance it shifts the levels.
    """
    chip, name = bench.chip, bench.chip.names[qubit]
    line = bench.laboratory.qubits[name].drive
    wired, truth = bench.laboratory.lines[line], chip.drive_line(line)
    energies = chip.energies(qubit, np.array(bench.resting[qubit]))
    carrier = bench.laboratory.instruments[wired.mixed_with or ""].frequency if wired.mixed_with else None
    if carrier is None:
        return energies
    scale = bench.laboratory.instruments[wired.outputs[0].instrument].full_scale or 1.0
    i, q = (
        offset + scale * value(bench.parameters, f"{line}.mixer.{part}", 0.0)
        for part, offset in (("offset_i", truth.offset_i), ("offset_q", truth.offset_q))
    )
    leak = (
        TWO_PI * truth.rabi_frequency * abs(i + 1j * truth.gain * (q * np.cos(truth.phase) + i * np.sin(truth.phase)))
    )
    number = np.arange(len(energies))
    h = (
        np.diag(energies - TWO_PI * carrier * number)
        + leak / 2 * (lowering(len(number)) + lowering(len(number)).T).real
    )
    found, states = np.linalg.eigh(h)
    own = found[np.argmax(np.abs(states), axis=1)] + TWO_PI * carrier * number
    return np.asarray(own - own[0])


def echo_time(truth: Transmon) -> float:
    """Return T2 without slow noise, s."""
    return 1 / (1 / (2 * truth.t1) + 1 / truth.t_phi)


def ramsey_time(truth: Transmon) -> float:
    """Return when ``exp(-t / T2 - (2 pi s t)^2 / 2)`` has fallen to 1/e, s: slow noise of s hertz included."""
    rate, wobble = 1 / echo_time(truth), TWO_PI * truth.detuning_noise
    return float(2 / (rate + np.sqrt(rate**2 + 2 * wobble**2)))


def _of_couplings(bench: Bench) -> Iterator[tuple[str, float]]:
    for number, name in enumerate(bench.laboratory.couplings):
        yield f"{name}.zz", bench.chip.zz(number, bench.resting) / TWO_PI


def _of_mixers(bench: Bench) -> Iterator[tuple[str, float]]:
    for line, truth in _mixers(bench).items():
        port = bench.laboratory.lines[line].outputs[0]
        scale = bench.laboratory.instruments[port.instrument].full_scale or 1.0
        yield f"{line}.mixer.gain", truth.gain
        yield f"{line}.mixer.phase", truth.phase
        yield f"{line}.mixer.offset_i", -truth.offset_i / scale
        yield f"{line}.mixer.offset_q", -truth.offset_q / scale


def _mixers(bench: Bench) -> dict[str, DriveLine | Feedline]:
    drives = {q.drive: bench.chip.drive_line(q.drive) for q in bench.laboratory.qubits.values()}
    return {**drives, **{line: bench.chip.feedline(line) for line in bench.laboratory.feedlines()}}


def _of_delays(bench: Bench) -> Iterator[tuple[str, float]]:
    """Yield delays as the parameters mean them: beyond the latencies that the laboratory file believes.

    Only differences can be seen: all ways to the chip may be longer by what the way back is shorter. The truth is
    moved by the mean difference to what is known.
    """
    lab, known = bench.laboratory, bench.parameters
    there = {line: truth.delay + _late(bench, line) for line, truth in _mixers(bench).items()}
    fluxes = {name for name in bench.chip.loops if name is not None}
    there |= {line: bench.chip.flux_line(line).delay + _late(bench, line) for line in fluxes}
    measured = [known[f"{line}.delay"] - true for line, true in there.items() if f"{line}.delay" in known]
    shift = float(np.mean(measured)) if measured else _believed_shift(bench, there)
    for line, true in there.items():
        yield f"{line}.delay", true + shift
    for line in lab.feedlines():
        back = lab.lines[line].back
        if back is not None:
            late = bench.twin.latencies.get(back[0].instrument)
            extra = 0.0 if late is None else late - lab.instruments[back[0].instrument].trigger_latency
            yield f"{line}.return_delay", bench.chip.feedline(line).return_delay - extra - shift


def _believed_shift(bench: Bench, there: Mapping[str, float]) -> float:
    """Return how much longer the ways to the chip are believed to be when nobody measured any: those of feedlines."""
    lines = [line for line in bench.laboratory.feedlines() if line in there]
    return float(np.mean([bench.laboratory.lines[line].delay - there[line] for line in lines])) if lines else 0.0


def _late(bench: Bench, line: str) -> float:
    """Return by how much the AWG of a line starts later than is believed, s."""
    name = bench.laboratory.lines[line].outputs[0].instrument
    entry = bench.laboratory.instruments[name]
    return bench.twin.latencies.get(name, entry.trigger_latency) - entry.trigger_latency


def _of_predistortion(bench: Bench) -> Iterator[tuple[str, float]]:
    for line in sorted({name for name in bench.chip.loops if name is not None}):
        terms, stem, number = bench.chip.flux_line(line).distortion, f"{line}.predistortion", 1
        while f"{stem}.tau_{number}" in bench.parameters:
            nearest = _nearest(terms, bench.parameters[f"{stem}.tau_{number}"])
            if nearest is not None:
                yield f"{stem}.amplitude_{number}", nearest.amplitude
                yield f"{stem}.tau_{number}", nearest.tau
            number += 1


def _nearest(terms: tuple[Exponential, ...], tau: float) -> Exponential | None:
    """Return the term whose time constant is nearest, when it is near at all."""
    near = [term for term in terms if abs(np.log(term.tau / tau)) < np.log(MATCH)]
    return min(near, key=lambda term: abs(np.log(term.tau / tau)), default=None)
