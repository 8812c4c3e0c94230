"""Score the parameters of an array of atoms against its truth: values, gates, detection of states."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.port import Port
from qctl.physics.atoms.twin import AtomTwin, Camera, Site
from qctl.physics.atoms.world import AtomWorld
from qctl.physics.stage import Playing

from .atom_looks import Looks
from .atoms import AtomJudge, limit_of
from .gates import GateScore
from .readout import ReadoutScore
from .score import Score
from .stage import FULL_SCALE, Upload
from .truths import scored

ANGLES = {"x90": pi / 2, "x180": pi}


def score_array(
    laboratory: Laboratory,
    twin: AtomTwin,
    parameters: Parameters,
    gates: Sequence[tuple[str, str]],
    upload: Upload,
    *,
    at: float = 0.0,
    seed: int = 0,
) -> Score:
    """Return how good parameters of an array are, given what they would upload; see :func:`.score.score`.

    The leakage of a CZ is what is lost on the way to the zone; its error is that of pairs which arrive.
    """
    world = AtomWorld(laboratory, twin, seed)
    world.wait(at)
    truth = world.now()
    judge, array = AtomJudge(laboratory, truth), _array(laboratory)
    least = limit_of(judge, parameters) if any(kind == "cz" for kind, _ in gates) else 0.0
    seconds, found = upload.sequence.length + 1e-3, []
    for point, (kind, target) in enumerate(gates):
        events = judge.events(_played(laboratory, upload, point), seconds)
        if kind == "cz":
            error, arrive = judge.cz_error(events, parameters[f"{array}.gate.phase"], parameters[f"{array}.away"])
            found.append(GateScore(target, kind, error, 1 - arrive, least, parameters[f"{array}.gate.duration"]))
        else:
            error, lowest = judge.turn_error(target, events, ANGLES[kind]), judge.turn_limit(ANGLES[kind])
            found.append(GateScore(target, kind, error, 0.0, lowest, parameters[f"{target}.{kind}.duration"]))
    readouts = tuple(_readout(truth, parameters, qubit) for qubit in laboratory.qubit_names)
    return Score(scored(parameters, _truths(laboratory, truth, parameters)), tuple(found), readouts)


def _array(laboratory: Laboratory) -> str:
    return laboratory.qubits[laboratory.qubit_names[0]].readout


def _played(laboratory: Laboratory, upload: Upload, point: int) -> dict[Port, Playing]:
    found = {}
    for name, playlist in upload.playlists.items():
        entry = laboratory.instruments[name]
        for channel, place in enumerate(playlist.steps[point].tolist(), start=1):
            if place >= 0 and entry.full_scale is not None and entry.sample_rate is not None:
                volts = (playlist.waveforms[place].codes / FULL_SCALE * entry.full_scale).astype(np.float32)
                found[Port(name, channel)] = Playing(volts, entry.sample_rate, 0.0)
    return found


def _readout(truth: AtomTwin, known: Parameters, qubit: str) -> ReadoutScore:
    seconds = known["probe.duration"]
    looks = Looks.of(truth, qubit, (known[f"{qubit}.site.row"], known[f"{qubit}.site.column"]), seconds)
    p01, p10 = looks.states(looks.grid(known[f"{qubit}.readout.counts"]), truth, seconds)
    best = float(1 - (p01 + p10).min() / 2)
    return ReadoutScore(qubit, float(p01[-1]), float(p10[-1]), best, 0.0, 0.0, seconds)


def _truths(laboratory: Laboratory, truth: AtomTwin, known: Parameters) -> dict[str, float]:
    array, rydberg = _array(laboratory), truth.rydberg
    found: dict[str, float] = {}
    for qubit in laboratory.qubit_names:
        row, column = _pixel(truth.camera, truth.sites[qubit])
        found |= {f"{qubit}.site.row": row, f"{qubit}.site.column": column}
        found[f"{qubit}.frequency"] = truth.qubits.frequency + truth.sites[qubit].shift
    zone = [site for name, site in truth.sites.items() if name not in laboratory.qubits]
    for number, site in enumerate(zone, start=1):
        row, column = _pixel(truth.camera, site)
        found |= {f"{array}.zone.row_{number}": row, f"{array}.zone.column_{number}": column}
    found[f"{array}.pumping.tau"] = truth.qubits.pumping_time
    full = laboratory.instruments[laboratory.lines["rydberg_blue"].outputs[0].instrument].full_scale or 1.0
    blue = rydberg.blue * known[f"{array}.rydberg.level"] * full
    found[f"{array}.rydberg.rabi"] = blue * rydberg.red / (2 * rydberg.intermediate)
    return found


def _pixel(camera: Camera, site: Site) -> tuple[float, float]:
    cos, sin = np.cos(camera.turn), np.sin(camera.turn)
    return (
        float(camera.row0 + camera.scale * (site.y * cos - site.x * sin)),
        float(camera.column0 + camera.scale * (site.x * cos + site.y * sin)),
    )
