"""Compare what is believed of an atom array with its truth: gates by the waveforms that are played, thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.port import Port
from qctl.physics.atoms.drives import Drives, Noise
from qctl.physics.atoms.hologram import weighted
from qctl.physics.atoms.journeys import Journey
from qctl.physics.atoms.optics import Light, pulses
from qctl.physics.atoms.plan import Event, Planner, What
from qctl.physics.atoms.rubidium import TWO_PI
from qctl.physics.atoms.switches import Lines
from qctl.physics.atoms.twin import AtomTwin
from qctl.physics.memory import Memory
from qctl.physics.stage import Playing
from qctl.platforms.tweezers.plays import soft

from .atom_looks import Looks

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]
Played = Mapping[Port, Playing]

GROUPS = 64  # draws of noise
SWING = 1.1971  # of the time-optimal gate


@dataclass(frozen=True)
class AtomScore:
    """How good an array's parameters are.

    Parameters
    ----------
    turns : by qubit, average infidelity of ``x90``, up to turns about z
    cz : average infidelity of the gate in the zone, the phase of single atoms as believed
    cz_limit : the least that decay, Doppler shifts and laser noise allow, whatever the shape of the pulse
    arrive : probability that both atoms reach the zone
    thresholds : by qubit, share of looks that ``readout.present`` tells wrongly beyond what the best threshold would
    states : the same of ``readout.counts``, which tells 0 from 1
    """

    turns: Mapping[str, float]
    cz: float
    cz_limit: float
    arrive: float
    thresholds: Mapping[str, float]
    states: Mapping[str, float]


class AtomJudge:
    """Knows the truth.

    Parameters
    ----------
    seed : of the draws of noise over which gates are averaged
    """

    def __init__(self, laboratory: Laboratory, truth: AtomTwin, seed: int = 0) -> None:
        order = [*laboratory.qubits, *(name for name in truth.sites if name not in laboratory.qubits)]
        self.laboratory, self.names = laboratory, order
        self.truth, self._n_array = truth, len(laboratory.qubits)
        self._planner = Planner(laboratory, truth)
        self._drives = Drives(truth, Noise.of(GROUPS, seed), Memory())

    def events(self, played: Played, seconds: float) -> tuple[Event, ...]:
        """Return what a shot's waveforms do, in order."""
        lines = Lines(self.laboratory, self.truth, played, 0.0, seconds)
        truth = self.truth
        return self._planner.plan(lines, None, truth.qubits.frequency, truth.rydberg.frequency).events

    def turn_error(self, qubit: str, events: tuple[Event, ...], angle: float = pi / 2) -> float:
        """Return the infidelity of one turn of a qubit, the only one among the events, up to turns about z."""
        truth, place = self.truth.qubits, self.names.index(qubit)
        site = self._drives.sites[place]
        local = [event for event in events if event.what is What.LOCAL and event.light is not None]
        if not local:
            return 1.0
        x, y, share = local[0].at
        seen = float(np.exp(-2 * ((site.x - x) ** 2 + (site.y - y) ** 2) / truth.local_waist**2)) + truth.local_floor
        light = local[0].light
        assert light is not None
        rabi = np.array([truth.local_rabi * share * seen])
        u = self._drives.turn(light, np.array([place]), rabi, truth.local_shift)[0]
        trace = 2 * (np.abs(u[:, 0, 0]) * np.cos(angle / 2) + np.abs(u[:, 1, 0]) * np.sin(angle / 2))
        scattered = truth.scattering * angle / pi / 2
        return float(1 - np.mean((trace**2 + 2) / 6) + scattered)

    def turn_limit(self, angle: float) -> float:
        """Return what spontaneous events and the noise of the light's amplitude cost a turn."""
        truth = self.truth.qubits
        return float(truth.scattering * angle / pi / 2 + (angle * truth.amplitude_noise) ** 2 / 6)

    def cz_error(self, events: tuple[Event, ...], phase: float, away: float) -> tuple[float, float]:
        """Return the infidelity of the first gate among the events, and the probability that both atoms are there.

        Parameters
        ----------
        phase, away : what frames take back: of the gate (rad), and the frequency of atoms away from their sites (Hz)
        """
        blue = next((e for e in events if e.what is What.RYDBERG), None)
        if blue is None or blue.light is None:
            return 1.0, 0.0
        arrived, places, qubits = 1.0, list[int](), list[int]()
        for event in events:
            if event.what is What.TRAVEL and event.journey is not None and event.end < blue.start:
                moved = np.flatnonzero(event.journey.moved[: len(self.laboratory.qubits)])
                for place in moved.tolist():
                    qubits.append(place)
                    places.append(int(event.journey.goal[place]))
                    arrived *= 1 - float(event.journey.loss[place])
        n_array = self._n_array
        if len(places) != 2 or min(places) < n_array or not blue.red:
            return 1.0, 0.0
        late = [phase - TWO_PI * self._ahead(events, one, away) for one in qubits]
        return self._infidelity(blue.light, places, (late[0], late[1])), arrived

    def _ahead(self, events: tuple[Event, ...], qubit: int, away: float) -> float:
        """Return by how many turns a frame at ``away`` is ahead of an atom, from its leaving to its coming back."""
        own = [e.journey for e in events if e.journey is not None and _carries(e.journey, qubit, self._n_array)]
        if len(own) < 2:
            return 0.0
        travelled = sum(one.end - one.start for one in own[:2])
        return (away - self.truth.qubits.frequency) * (own[1].end - own[0].start) - (
            self.truth.tweezers.shift * travelled
        )

    def cz_limit(self, level: float, start: tuple[float, float, float, float, float]) -> float:
        """Return the least infidelity of a pulse of this kind, by search over its whole shape and its phase.

        What coherent errors a shape leaves is searched away, so that decay, Doppler shifts and noise of lasers remain.

        Parameters
        ----------
        level : V at the output
        start : duration (s), depth (rad), slope (share of the Rabi frequency), frequency (Hz), edge (s)
        """
        truth = self.truth.rydberg
        n_array = self._n_array
        blue = TWO_PI * truth.blue * level
        rabi = blue * TWO_PI * truth.red / (2 * TWO_PI * truth.intermediate)
        rate = self.laboratory.instruments[self._port("rydberg_blue").instrument].sample_rate or 1e8

        def infidelity(x: Floats) -> float:
            shape = start[0] * (1 + x[0]), start[1] + x[1], start[2] + x[2], SWING * (1 + x[3]), x[4], start[4]
            light = self._light(level, shape, rabi, start[3], rate)
            best = minimize_scalar(
                lambda phase: self._infidelity(light, [n_array, n_array + 1], (phase, phase)),
                bounds=self._near(light),
                method="bounded",
            )
            return float(best.fun)

        best = np.zeros(5)
        for _ in range(2):  # a simplex that has shrunk is opened again
            options = {"initial_simplex": best + _SIMPLEX, "maxfev": 130, "xatol": 1e-4, "fatol": 1e-6}
            found = minimize(infidelity, best, method="Nelder-Mead", options=options)
            best = found.x
        return float(found.fun)

    def _near(self, light: Light) -> tuple[float, float]:
        table = self._table(light, [self._n_array, self._n_array + 1])
        middle = float(np.angle(table[:, 1, 0].mean()))
        return middle - 0.5, middle + 0.5

    def _table(self, light: Light, places: list[int]) -> Complex:
        heat = round(self.truth.tweezers.temperature * 1e6) * 1e-6
        return self._drives.excite(light, True, places, [heat] * 2, [0.0] * 2)

    def _infidelity(self, light: Light, places: list[int], phases: tuple[float, float]) -> float:
        kept = self._table(light, places)[:, :, 0]
        ideal = np.exp(1j * np.array([0, phases[1], phases[0], sum(phases)])) * np.array([1, 1, 1, -1])
        overlap = np.abs((kept * ideal.conj()).sum(axis=1)) ** 2
        return float(1 - np.mean((overlap + (np.abs(kept) ** 2).sum(axis=1)) / 20))

    def _light(self, level: float, shape: tuple[float, ...], rabi: float, frequency: float, rate: float) -> Light:
        """Return the light of a gate; ``shape`` is duration (s), depth, slope, swing, lag and edge (s)."""
        seconds, depth, slope, swing, lag, edge = shape
        t = (np.arange(int(np.ceil(seconds * rate - 1e-9))) + 0.5) / rate
        middle, height = t - seconds / 2, soft(t, seconds, edge, rate)
        phase = depth * np.sin(swing * rabi * middle - lag) + slope * rabi * middle
        volts = level * height * np.cos(TWO_PI * frequency * t + phase)
        truth = self.truth.rydberg
        return pulses(Playing(volts.astype(np.float32), rate, 0.0), truth.frequency, truth.bandwidth)[0]

    def _port(self, line: str) -> Port:
        return self.laboratory.lines[line].outputs[0]

    def threshold_excess(self, qubit: str, threshold: float, place: tuple[float, float], seconds: float) -> float:
        """Return how many more looks a threshold tells wrongly than the best one.

        Parameters
        ----------
        place : row and column at which the site is believed to be; its weights stand around it
        seconds : of imaging light
        """
        looks = Looks.of(self.truth, qubit, place, seconds)
        wrong = looks.presence(looks.grid(threshold), self.truth.tweezers.loading)
        return float(wrong[-1] - wrong.min())

    def states_excess(self, qubit: str, threshold: float, place: tuple[float, float], seconds: float) -> float:
        """Return the same for a threshold between 0 and 1, as often prepared, in so many seconds of probe light."""
        looks = Looks.of(self.truth, qubit, place, seconds)
        p01, p10 = looks.states(looks.grid(threshold), self.truth, seconds)
        wrong = (p01 + p10) / 2
        return float(wrong[-1] - wrong.min())


def _carries(journey: Journey, qubit: int, n_array: int) -> bool:
    """Tell whether a journey begins or ends at a qubit's site."""
    from_site = bool(journey.moved[qubit])
    to_site = bool((journey.moved[n_array:] & (journey.goal[n_array:] == qubit)).any())
    return from_site or to_site


_SIMPLEX = np.vstack([np.zeros(5), np.diag([0.02, 0.06, 0.02, 0.03, 0.05])])


def score_atoms(
    laboratory: Laboratory, truth: AtomTwin, known: Parameters, turns: Mapping[str, Played], cz: Played, seconds: float
) -> AtomScore:
    """Return the score of a snapshot.

    Parameters
    ----------
    turns : by qubit, what is played for one ``x90``
    cz : what is played for one gate
    seconds : at least as long as all of that
    """
    judge = AtomJudge(laboratory, weighted(truth, {q: known[f"{q}.site.weight"] for q in laboratory.qubit_names}))
    array = laboratory.qubits[laboratory.qubit_names[0]].readout
    error, arrive = judge.cz_error(judge.events(cz, seconds), known[f"{array}.gate.phase"], known[f"{array}.away"])
    places = {q: (known[f"{q}.site.row"], known[f"{q}.site.column"]) for q in laboratory.qubit_names}
    present = {
        q: judge.threshold_excess(q, known[f"{q}.readout.present"], at, known["imaging.duration"])
        for q, at in places.items()
    }
    states = {
        q: judge.states_excess(q, known[f"{q}.readout.counts"], at, known["probe.duration"]) for q, at in places.items()
    }
    return AtomScore(
        {q: judge.turn_error(q, judge.events(played, seconds)) for q, played in turns.items()},
        error, limit_of(judge, known), arrive, present, states,
    )  # fmt: skip


def limit_of(judge: AtomJudge, known: Parameters) -> float:
    """Return the least infidelity of a gate, searched from what is known of its shape."""
    laboratory = judge.laboratory
    array = laboratory.qubits[laboratory.qubit_names[0]].readout
    full = laboratory.instruments[laboratory.lines["rydberg_blue"].outputs[0].instrument].full_scale or 1.0
    duration, depth, slope, edge = (known[f"{array}.gate.{name}"] for name in ("duration", "depth", "slope", "edge"))
    start = duration, depth, slope, known[f"{array}.rydberg.resonance"], edge
    return judge.cz_limit(known[f"{array}.rydberg.level"] * full, start)
