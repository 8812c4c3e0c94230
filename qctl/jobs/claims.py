"""What a compiled program takes of the machine while it runs, from its wiring and its waveforms."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from qctl.compile.shot import ends_by_awg, played_samples
from qctl.control.operating import operating_point
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.protocols import AwgLimits, DigitizerLimits, Limits
from qctl.core.sequence import Sequence, Track
from qctl.platforms import platform_of

from .request import Candidate, Claims

POINTER = "what is played on "
CONDITIONS = "the set of biases, delays and corrections of lines"


def claims_of(
    sequence: Sequence,
    used: Iterable[int],
    known: Mapping[str, float],
    laboratory: Laboratory,
    limits: Limits,
    *,
    halo: int | None = None,
) -> Claims:
    """Return the claims of a compiled program.

    Lines of one qubit or coupler are held alone, with their outputs. A line that serves several qubits is a beam:
    programs share it when they play the same on it, else they run one at a time. Feedlines are shared: their tones keep
    apart, the peaks of what they play add up to at most full scale, and their squares to at most the power of a tone of
    full scale. A source gives one frequency to all, a bias one current.

    Parameters
    ----------
    used : physical qubits that gates or measurements touch
    known : parameters that it was compiled with
    halo : couplings from which other programs' qubits keep away; as the platform needs it by default
    """
    qubits = sorted(set(used))
    lines = {line: track for line, track in sequence.tracks.items() if len(track.plays)}
    shared = {line: track for line, track in lines.items() if laboratory.lines[line].back is not None}
    beams = {line: track for line, track in lines.items() if line not in shared and _serves(line, laboratory) > 1}
    nobodys = {
        line: track
        for line, track in sequence.tracks.items()
        if laboratory.lines[line].back is None and not _serves(line, laboratory)
    }
    mine = set(_lines_of(qubits, laboratory))
    owned = [line for line in lines if line in mine and line not in beams]  # others idle, conditioned alike by all
    return Claims(
        exclusive=frozenset(_held(qubits, owned, laboratory)),
        quiet=_quiet(qubits, laboratory, halo),
        equal=dict(_equal(qubits, known, laboratory))
        | dict(_beams(beams))
        | dict(_lights(sequence))
        | dict(_pointers(nobodys)),
        budgets=dict(_budgets(shared)),
        tones={line: _tones(track) for line, track in shared.items()},
        spans=dict(_records(sequence)) | dict(_memories(sequence, limits)),
        n_points=sequence.n_points,
    )


def claims_elsewhere(
    there: Claims,
    used: Iterable[int],
    measured: Iterable[int],
    known: Mapping[str, float],
    laboratory: Laboratory,
    *,
    halo: int | None = None,
    pointers: Iterable[str] = (),
) -> Claims:
    """Return what the same program claims on other qubits, without compiling it there: at least what it will take.

    Parameters
    ----------
    there : its claims where it was compiled
    used, measured : physical qubits in the new place
    pointers : claims on lines that play something else in each place
    """
    qubits, names = sorted(set(used)), laboratory.qubit_names
    owned = [line for line in _lines_of(qubits, laboratory) if _serves(line, laboratory) == 1]
    records = [span for name, span in there.spans.items() if name.startswith("record ")]
    memories = [span for name, span in there.spans.items() if name.startswith("memory ")]
    moving = {name for name in there.equal if name.startswith(("beam ", "lights", POINTER))}
    pointing = {name: f"{there.equal[name]} at {qubits}" for name in pointers}
    budgets: dict[str, float] = defaultdict(float)
    tones: dict[str, tuple[float, ...]] = defaultdict(tuple)
    for name in (names[k] for k in sorted(set(measured))):
        line = laboratory.qubits[name].readout
        if laboratory.lines[line].back is None:
            continue  # light that is counted or seen: nothing is played there
        amplitude, frequency = known[f"{name}.readout.amplitude"], known[f"{name}.readout.frequency"]
        budgets[f"peak {line}"] += amplitude * _mixer_gain(line, known)
        budgets[f"power {line}"] += amplitude**2
        tones[line] += (frequency - (laboratory.instruments[laboratory.lines[line].mixed_with or ""].frequency or 0.0),)
    heard = {port.instrument for line in tones for port in laboratory.lines[line].back or ()}
    awgs = {port.instrument for line in (*owned, *tones) for port in laboratory.lines[line].outputs}
    return Claims(
        exclusive=frozenset(_held(qubits, owned, laboratory)),
        quiet=_quiet(qubits, laboratory, halo),
        equal=dict(_equal(qubits, known, laboratory))
        | {n: v for n, v in there.equal.items() if n in moving}
        | pointing,
        budgets=dict(budgets),
        tones={line: tuple(sorted(set(each))) for line, each in tones.items()},
        spans={f"record {name}": _cover(records) for name in heard} | {f"memory {n}": _cover(memories) for n in awgs},
        n_points=there.n_points,
    )


def conditions(known: Parameters, laboratory: Laboratory) -> str:
    """Return the SHA-256 of what all programs of one upload have in common, whatever else their parameters say.

    That is what stands still during a shot, and delays and corrections of lines.
    """
    point = operating_point(known)
    said = {name: one.value for name, one in known.estimates.items() if name in point or _of_line(name, laboratory)}
    return hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()


def pinned(place: Candidate, conditions: str) -> Candidate:
    """Return a candidate that runs beside none but those of the same conditions: one chip has one set of biases."""
    return replace(place, claims=replace(place.claims, equal={**place.claims.equal, CONDITIONS: conditions}))


def _of_line(name: str, laboratory: Laboratory) -> bool:
    """Say whether a parameter belongs to a line, as ``q0.drive.mixer.gain`` to ``q0.drive``."""
    first, second, *_ = (*name.split("."), "")
    return first in laboratory.lines or f"{first}.{second}" in laboratory.lines


def neighbours(laboratory: Laboratory) -> tuple[frozenset[int], ...]:
    """Return by physical index the qubits that a coupling joins to each qubit."""
    index = {name: k for k, name in enumerate(laboratory.qubit_names)}
    found: dict[int, set[int]] = defaultdict(set)
    for coupling in laboratory.couplings.values():
        a, b = (index[name] for name in coupling.pair)
        found[a].add(b)
        found[b].add(a)
    return tuple(frozenset(found[k]) for k in range(len(index)))


def halo_of(laboratory: Laboratory) -> int:
    """Return from how many couplings around a program others keep away: none where every pair is coupled by light."""
    return 0 if platform_of(laboratory).measures_last else 1


def capacities(laboratory: Laboratory, limits: Limits) -> tuple[dict[str, float], dict[str, float]]:
    """Return what budgets and spans may reach, as ``State`` takes them."""
    budgets = {f"{what} {line}": 1.0 for line in laboratory.feedlines() for what in ("peak", "power")}
    spans: dict[str, float] = {}
    for name, limit in limits.items():
        if isinstance(limit, AwgLimits):
            spans[f"memory {name}"] = float(limit.memory)
        elif isinstance(limit, DigitizerLimits):
            spans[f"record {name}"] = limit.memory / (laboratory.instruments[name].sample_rate or 1.0)
    return budgets, spans


def _held(qubits: list[int], owned: Iterable[str], laboratory: Laboratory) -> Iterator[str]:
    """Yield qubits, the couplers among them (nobody else may pulse those), and the outputs of lines."""
    mine = {laboratory.qubit_names[k] for k in qubits}
    yield from (f"qubit {name}" for name in mine)
    yield from (f"coupler {name}" for name, c in laboratory.couplings.items() if mine.issuperset(c.pair))
    yield from (f"channel {port}" for line in owned for port in laboratory.lines[line].outputs)


def _lines_of(qubits: list[int], laboratory: Laboratory) -> Iterator[str]:
    """Yield the drive and flux lines of qubits, and of the couplers among them."""
    mine = {laboratory.qubit_names[k] for k in qubits}
    for qubit in (laboratory.qubits[laboratory.qubit_names[k]] for k in qubits):
        yield from (line for line in (qubit.drive, qubit.flux) if line is not None)
    yield from (c.flux for c in laboratory.couplings.values() if c.flux is not None and mine.issuperset(c.pair))


def _quiet(qubits: list[int], laboratory: Laboratory, halo: int | None) -> frozenset[str]:
    near, found = neighbours(laboratory), set(qubits)
    for _ in range(halo_of(laboratory) if halo is None else halo):
        found |= {other for qubit in found for other in near[qubit]}
    return frozenset(f"qubit {laboratory.qubit_names[k]}" for k in found - set(qubits))


def _serves(line: str, laboratory: Laboratory) -> int:
    """Return how many qubits and couplers a line serves."""
    users = [own for q in laboratory.qubits.values() for own in {q.drive, q.flux}]
    return (users + [c.flux for c in laboratory.couplings.values()]).count(line)


def _beams(beams: Mapping[str, Track]) -> Iterator[tuple[str, str]]:
    return ((f"beam {line}", _said(track)) for line, track in beams.items())


def _pointers(nobodys: Mapping[str, Track]) -> Iterator[tuple[str, str]]:
    """Yield what lines of no qubit play: cooling, traps and light on all atoms, and what points a beam at some of them.

    Silence counts: light that reaches everybody must not shine on a program that has none.
    """
    return ((f"{POINTER}{line}", _said(track)) for line, track in nobodys.items())


def _lights(sequence: Sequence) -> Iterator[tuple[str, str]]:
    """Yield when lights switch, counters count and cameras look: all programs of a shot share one such cycle."""
    times = [(name, sequence.digital[name].spans.tolist()) for name in sorted(sequence.digital)]
    times += [(name, sequence.counting[name].windows.tolist()) for name in sorted(sequence.counting)]
    times += [(name, sequence.exposing[name].windows.tolist()) for name in sorted(sequence.exposing)]
    if times:
        yield "lights", hashlib.sha256(repr((times, sequence.lead)).encode()).hexdigest()[:16]


def _said(track: Track) -> str:
    """Return what tells the pulses on a beam from others."""
    columns = b"".join(np.ascontiguousarray(track.plays[name]).tobytes() for name in track.plays.dtype.names or ())
    waveforms = b"".join(waveform.tobytes() for waveform in track.waveforms)
    return hashlib.sha256(columns + waveforms + track.carriers.tobytes()).hexdigest()[:16]


def _cover(spans: list[tuple[float, float]]) -> tuple[float, float]:
    return min((a for a, _ in spans), default=0.0), max((b for _, b in spans), default=0.0)


def _mixer_gain(line: str, known: Mapping[str, float]) -> float:
    """Return by how much undoing a mixer can enlarge what is played, at most."""
    gain, phase = known.get(f"{line}.mixer.gain", 1.0), known.get(f"{line}.mixer.phase", 0.0)
    return max(1.0, math.hypot(math.tan(phase), 1 / (gain * math.cos(phase))))


def _equal(qubits: list[int], known: Mapping[str, float], laboratory: Laboratory) -> Iterator[tuple[str, float]]:
    for qubit in (laboratory.qubits[laboratory.qubit_names[k]] for k in qubits):
        for line in filter(None, (qubit.drive, qubit.readout, qubit.flux)):
            wired = laboratory.lines[line]
            if wired.mixed_with is not None:
                yield f"carrier {wired.mixed_with}", laboratory.instruments[wired.mixed_with].frequency or 0.0
            if wired.bias is not None and f"{line}.bias" in known:
                yield f"bias {wired.bias}", known[f"{line}.bias"]


def _budgets(shared: Mapping[str, Track]) -> Iterator[tuple[str, float]]:
    """Yield the peak of each feedline, as a fraction of full scale, and its power, as one of a tone of full scale."""
    for line, track in shared.items():
        yield f"peak {line}", _at_once(track, 1) * float(np.hypot(*track.mixer.T).max())
        yield f"power {line}", _at_once(track, 2)


def _at_once(track: Track, power: int) -> float:
    """Return the largest sum of ``|amplitude| ** power`` over plays that overlap."""
    plays = track.plays
    lengths = np.array([len(waveform) for waveform in track.waveforms])[plays["waveform"]]
    when = np.concatenate([plays["start"], plays["start"] + lengths])
    size = np.abs(plays["amplitude"]) ** power
    change = np.concatenate([size, -size])
    order = np.lexsort((change, when, np.tile(plays["point"], 2)))
    return float(np.cumsum(change[order]).max(initial=0.0))


def _tones(track: Track) -> tuple[float, ...]:
    return tuple(float(f) for f in np.unique(track.carriers[np.unique(track.plays["carrier"])]))


def _records(sequence: Sequence) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield when each digitizer records, s from the end of the program, where all programs meet."""
    for heard in sequence.listening.values():
        first, last = heard.first / heard.sample_rate, (heard.first + heard.n_samples) / heard.sample_rate
        yield f"record {heard.inputs[0].instrument}", (first - sequence.length, last - sequence.length)


def _memories(sequence: Sequence, limits: Limits) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield the samples of each AWG: all programs together need those of the longest, at as many sweep points."""
    for name, ends in ends_by_awg(sequence).items():
        limit = limits[name]
        if isinstance(limit, AwgLimits) and ends.any():
            yield f"memory {name}", (0.0, float(played_samples(ends.max(keepdims=True), limit)[0] * sequence.n_points))
