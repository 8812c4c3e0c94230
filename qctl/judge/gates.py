"""How good a gate is: its waveforms go through the true lines and the true chip, and are compared with the ideal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.optimize import minimize_scalar

from qctl.physics.operators import Complex, commutator
from qctl.physics.process import process
from qctl.physics.scene import Scenery
from qctl.platforms.pulses import high_qubit

from .stage import Bench, Upload

X90 = expm(-1j * np.pi / 4 * np.array([[0, 1], [1, 0]]))
X180 = expm(-1j * np.pi / 2 * np.array([[0, 1], [1, 0]]))
CZ = np.diag([1.0, 1.0, 1.0, -1.0]).astype(np.complex128)


@dataclass(frozen=True, slots=True)
class Gate:
    """One sweep point of an upload that plays nothing but one gate.

    Parameters
    ----------
    kind : ``x90``, ``x180`` or ``cz``
    target : name of the qubit or coupling
    point : of the upload
    """

    kind: str
    target: str
    point: int


@dataclass(frozen=True, slots=True)
class GateScore:
    """What the judge finds of one gate.

    Parameters
    ----------
    error : average gate infidelity in the computational subspace, leakage included
    leakage : probability of leaving the computational subspace, averaged over it
    limit : average infidelity of the perfect gate of the same duration under the true decay
    duration : s
    """

    target: str
    kind: str
    error: float
    leakage: float
    limit: float
    duration: float


def infidelity(found: Complex, ideal: Complex) -> tuple[float, float]:
    """Return average gate infidelity and leakage of a map as :func:`.process` gives it.

    ``F = (D F_pro + 1 - L) / (D + 1)`` (Wood and Gambetta, Phys. Rev. A 97, 032306, eqs. 16 and 21), with the process
    fidelity within the computational subspace.

    Parameters
    ----------
    found : shape (D, D, L, L); rows and columns of the output that stand for higher levels count as leaked
    ideal : unitary, shape (D, D)
    """
    size = len(ideal)
    inside = computational(found)
    kept = float(np.einsum("iikk->", inside).real) / size
    overlap = float(np.einsum("ki,ijkl,lj->", ideal.conj(), inside, ideal).real) / size**2
    return 1 - (size * overlap + kept) / (size + 1), 1 - kept


def computational(found: Complex) -> Complex:
    """Return the part of a map whose output lies in levels 0 and 1 of each qubit."""
    size = len(found)
    n_qubits = size.bit_length() - 1
    d = round(found.shape[-1] ** (1 / n_qubits))
    keep = np.add.outer(d * np.arange(2), np.arange(2)).ravel() if n_qubits == 2 else np.arange(2)
    return np.asarray(found[:, :, keep][:, :, :, keep])


def framed(found: Complex, start: NDArray[np.float64], end: NDArray[np.float64]) -> Complex:
    """Return a map in the frame that has turned each basis state by these angles at start and end, rad."""
    inside = computational(found)
    before = np.exp(-1j * np.subtract.outer(start, start))
    after = np.exp(1j * np.subtract.outer(end, end))
    return np.asarray(before[:, :, None, None] * inside * after)


@dataclass(frozen=True)
class Rotation:
    """A map of one qubit in its own frame, up to the phase with which its pulses arrive."""

    found: Complex
    ideal: Complex

    def error(self, phase: float) -> float:
        """Return the infidelity for pulses that arrive with ``phase``."""
        angles = np.array([0.0, phase])
        return infidelity(framed(self.found, angles, angles), self.ideal)[0]


def best_phase(rotations: list[Rotation]) -> float:
    """Return the phase of arrival that fits all gates of one qubit best: nobody can know it, and it changes nothing."""

    def total(phase: float) -> float:
        return sum(rotation.error(phase) for rotation in rotations)

    trial = np.linspace(-np.pi, np.pi, 65)
    nearest = float(trial[int(np.argmin([total(phase) for phase in trial]))])
    return float(minimize_scalar(total, bracket=(nearest - 0.1, nearest, nearest + 0.1), tol=1e-9).x)


def rotation(bench: Bench, scenery: Scenery, upload: Upload, gate: Gate) -> tuple[Rotation, float]:
    """Return what one pulse does to its qubit, in the frame of the qubit's parameters, and its leakage."""
    index, lab = bench.chip.names.index(gate.target), bench.laboratory
    line = lab.qubits[gate.target].drive
    start = arrival(bench, upload, line, first_play(upload, line, gate.point))
    end = start + duration(bench, gate)
    found = process(scenery, gate.point, (index,), start, end)
    tone = 2 * np.pi * bench.parameters[f"{gate.target}.frequency"] - scenery.frames[index]
    turned = framed(found, np.array([0.0, tone * start]), np.array([0.0, tone * end]))
    return Rotation(turned, X90 if gate.kind == "x90" else X180), infidelity(found, np.eye(2, dtype=np.complex128))[1]


def cz_map(bench: Bench, scenery: Scenery, upload: Upload, gate: Gate) -> Complex:
    """Return what a CZ does to its pair in the frames of the parameters, virtual Z included, first qubit slowest."""
    lab, names = bench.laboratory, bench.chip.names
    first, second = (names.index(q) for q in lab.couplings[gate.target].pair)
    high = high_qubit(lab, bench.parameters, first, second)
    moved, coupler = lab.qubits[names[high]].flux, lab.couplings[gate.target].flux
    begun = first_play(upload, moved or "", gate.point)
    starts = [arrival(bench, upload, line, begun) for line in (moved, coupler) if line is not None]
    start, end = min(starts), max(starts) + duration(bench, gate)
    found = process(scenery, gate.point, (first, second), start, end)
    tones = [2 * np.pi * bench.parameters[f"{names[q]}.frequency"] - scenery.frames[q] for q in (first, second)]
    # A later frame change "as if RZ(l) stood behind" takes l from later phases: to the chip that is RZ(-l).
    corrections = [
        bench.parameters[f"{gate.target}.cz.phase_{'high' if q == high else 'low'}"] for q in (first, second)
    ]
    before, after = (
        np.add.outer([0.0, angles[0]], [0.0, angles[1]]).ravel()
        for angles in (
            [tone * start for tone in tones],
            [tone * end - z for tone, z in zip(tones, corrections, strict=True)],
        )
    )
    return framed(found, before, after)


def first_play(upload: Upload, line: str, point: int) -> float:
    """Return when the first pulse of a line begins at one sweep point, s of the schedule."""
    track = upload.sequence.tracks[line]
    starts = track.plays["start"][track.plays["point"] == point]
    return float(starts.min()) / track.sample_rate if len(starts) else 0.0


def arrival(bench: Bench, upload: Upload, line: str, time: float) -> float:
    """Return when what a line plays at ``time`` of the schedule reaches the chip, s, by its true delay."""
    track, chip = upload.sequence.tracks[line], bench.chip
    truth = chip.flux_line(line) if bench.laboratory.lines[line].output is not None else chip.drive_line(line)
    return bench.started(track.outputs[0].instrument) + track.delay / track.sample_rate + truth.delay + time


def duration(bench: Bench, gate: Gate) -> float:
    """Return how long a gate takes, s."""
    return bench.parameters[f"{gate.target}.{gate.kind}.duration"]


def limit(bench: Bench, gate: Gate) -> float:
    """Return the infidelity of the perfect gate: a constant Hamiltonian of the same duration under the true decay."""
    chip, seconds, d = bench.chip, duration(bench, gate), bench.chip.twin.levels
    if gate.kind == "cz":
        pair = [chip.names.index(q) for q in bench.laboratory.couplings[gate.target].pair]
        h = np.zeros((d * d, d * d), np.complex128)
        h[d + 1, d + 1] = np.pi / seconds
        decay = sum(_lifted(chip.dissipator(q), place, d) for place, q in enumerate(pair))
        return infidelity(_map_of(expm((commutator(h) + decay) * seconds), d, 2), CZ)[0]
    h = np.zeros((d, d), np.complex128)
    h[0, 1] = h[1, 0] = (np.pi / 4 if gate.kind == "x90" else np.pi / 2) / seconds
    decay = chip.dissipator(chip.names.index(gate.target))
    found = _map_of(expm((commutator(h) + decay) * seconds), d, 1)
    return infidelity(found, X90 if gate.kind == "x90" else X180)[0]


def _lifted(one: Complex, place: int, d: int) -> Complex:
    """Return a superoperator of one of two qubits as one on row-major vec(rho) of both."""
    own, eye = one.reshape(d, d, d, d), np.eye(d)
    words = ("abcd,ik,jl->aibjckdl", "abcd,ik,jl->iajbkcld")[place]
    return np.asarray(np.einsum(words, own, eye, eye).reshape(d**4, d**4))


def _map_of(superoperator: Complex, d: int, n_qubits: int) -> Complex:
    """Return a superoperator on row-major vec(rho) as a map of computational operators, as :func:`.process` does."""
    size = d**n_qubits
    keep = np.arange(2) if n_qubits == 1 else np.add.outer(d * np.arange(2), np.arange(2)).ravel()
    whole = superoperator.reshape(size, size, size, size).transpose(2, 3, 0, 1)
    return np.asarray(whole[keep][:, keep])
