"""Score parameters against the truth: value by value, gate by gate, readout by readout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.physics.chip import Chip
from qctl.physics.drift import Weather
from qctl.physics.twin import Twin

from .gates import CZ, Gate, GateScore, best_phase, cz_map, duration, infidelity, limit, rotation
from .readout import Readout, ReadoutScore, assignment
from .readout_grid import best_tone
from .stage import Bench, Upload
from .truths import ValueScore, scored, truths_of

STEP = 0.02  # of an amplitude: through infidelities at three of them goes a parabola
ROUNDS = 3


@dataclass(frozen=True)
class Score:
    """What the judge says.

    Parameters
    ----------
    values : parameters that have a truth, by name
    gates : by target and kind, in the order in which they were asked for
    readouts : by qubit
    """

    values: tuple[ValueScore, ...]
    gates: tuple[GateScore, ...]
    readouts: tuple[ReadoutScore, ...]


def score(
    laboratory: Laboratory,
    twin: Twin,
    parameters: Parameters,
    gates: Sequence[tuple[str, str]],
    upload: Upload,
    readout: Readout,
    *,
    at: float = 0.0,
    seed: int = 0,
) -> Score:
    """Return how good parameters are, given what they would upload.

    Parameters
    ----------
    gates : (kind, target) of each sweep point of ``upload``, which plays it alone
    upload : of all gates that are judged
    readout : of all qubits
    at, seed : of a truth that moves: virtual seconds after the start, and the seed of the rack
    """
    bench = bench_at(laboratory, twin, parameters, at, seed)
    asked = [Gate(kind, target, point) for point, (kind, target) in enumerate(gates)]
    found = {(g.target, g.kind): g for g in judged_gates(bench, upload, asked)}
    truths = truths_of(bench) | score_amplitudes(bench, upload, asked) | _errors(bench, list(found.values()))
    rows = []
    for qubit in laboratory.qubits:
        p01, p10 = assignment(bench, readout, qubit)
        best = best_tone(bench, qubit)
        rows.append(ReadoutScore(qubit, p01, p10, best.fidelity, best.frequency, best.amplitude, best.duration))
        seen = assignment(bench, readout, qubit, alternating=True)
        truths |= dict(zip((f"{qubit}.readout.p01", f"{qubit}.readout.p10"), seen, strict=True))
    ordered = tuple(found[gate.target, gate.kind] for gate in asked)
    return Score(scored(parameters, truths), ordered, tuple(rows))


def gates_at(
    laboratory: Laboratory,
    twin: Twin,
    parameters: Parameters,
    gates: Sequence[tuple[str, str]],
    upload: Upload,
    *,
    at: float = 0.0,
    seed: int = 0,
) -> tuple[GateScore, ...]:
    """Return what :func:`score` says of gates, and nothing else: some 30 ms a gate."""
    asked = [Gate(kind, target, point) for point, (kind, target) in enumerate(gates)]
    return tuple(judged_gates(bench_at(laboratory, twin, parameters, at, seed), upload, asked))


def bench_at(laboratory: Laboratory, twin: Twin, parameters: Parameters, at: float, seed: int) -> Bench:
    """Return a bench with the truth of one moment of virtual time, at the stored biases."""
    still = Bench(laboratory, twin, parameters)
    now = Weather(Chip(laboratory, twin), seed).at(at, still.biases)
    return Bench(laboratory, now.twin, parameters)


def judged_gates(bench: Bench, upload: Upload, gates: Sequence[Gate]) -> list[GateScore]:
    """Return error, leakage and limit of each gate."""
    scenery, found = bench.scenery(upload), []
    for target in dict.fromkeys(gate.target for gate in gates):
        mine = [gate for gate in gates if gate.target == target]
        if mine[0].kind == "cz":
            for gate in mine:
                error, leaked = infidelity(cz_map(bench, scenery, upload, gate), CZ)
                found.append(_row(bench, gate, error, leaked))
            continue
        turned = [rotation(bench, scenery, upload, gate) for gate in mine]
        phase = best_phase([one for one, _ in turned])
        found += [_row(bench, g, one.error(phase), lost) for g, (one, lost) in zip(mine, turned, strict=True)]
    return found


def _row(bench: Bench, gate: Gate, error: float, leaked: float) -> GateScore:
    return GateScore(gate.target, gate.kind, error, leaked, limit(bench, gate), duration(bench, gate))


def score_amplitudes(bench: Bench, upload: Upload, gates: Sequence[Gate]) -> dict[str, float]:
    """Return the amplitudes of pulses at which their errors are least, all else as it is."""
    found = {}
    for gate in gates:
        if gate.kind != "cz":
            name = f"{gate.target}.{gate.kind}.amplitude"
            found[name] = bench.parameters[name] * _best_scale(bench, upload, gate)
    return found


def _best_scale(bench: Bench, upload: Upload, gate: Gate) -> float:
    """Return the factor on all that a pulse's line plays at which its error is least; its phase of arrival is free."""
    line = bench.laboratory.qubits[gate.target].drive

    def error(scale: float) -> float:
        one, _ = rotation(bench, bench.scenery(upload, {line: scale}, gate.point), upload, gate)
        return one.error(best_phase([one]))

    middle = 1.0
    for _ in range(ROUNDS):
        low, here, high = (error(middle + step) for step in (-STEP, 0.0, STEP))
        bend = low + high - 2 * here
        move = STEP * (low - high) / (2 * bend) if bend > 0 else STEP * float(np.sign(low - high))
        middle += float(np.clip(move, -0.3, 0.3))
        if abs(move) < STEP / 4:  # the parabola through points on both sides is as good as it gets
            break
    return middle


def _errors(bench: Bench, gates: Sequence[GateScore]) -> dict[str, float]:
    """Return the errors that the parameters claim: of a qubit's pulses on average, and of each CZ."""
    found = {f"{g.target}.cz.error": g.error for g in gates if g.kind == "cz"}
    found |= {f"{g.target}.cz.leakage": g.leakage for g in gates if g.kind == "cz"}
    for qubit in bench.laboratory.qubits:
        mine = [g.error for g in gates if g.target == qubit]
        found |= {f"{qubit}.error": float(np.mean(mine))} if mine else {}
    return found
