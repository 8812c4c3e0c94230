"""The truth at a moment: what wandered, leapt and switched, put into the numbers of a chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from .chip import TWO_PI, Chip
from .twin import Defect, Drift, DriveLine, Feedline, FluxLine, Transmon
from .wander import Leaps, Switch, Wanders

HOUR = 3600.0
STEP = 5e-5  # gains, phases (rad) and offsets (V) of lines move in such steps: their signals are mostly look-ups then
FLUX_STEP = 1e-6  # flux quanta
HOTTEST = 0.2  # thermal level 1 of a qubit, at most: beyond it two levels are no model of what is hot
_Mixed = TypeVar("_Mixed", DriveLine, Feedline)


class Weather:
    """What moves behind a chip. The same seed gives the same weather, whatever is played and whenever it is asked.

    Parameters
    ----------
    chip : at rest, as its twin says
    seed : of everything that moves
    """

    def __init__(self, chip: Chip, seed: int) -> None:
        self.chip, self.seed = chip, seed
        self.drift = chip.twin.drift or Drift()
        self._leaps = {q: Leaps(leap.every, leap.size, seed, f"leap {q}") for q, leap in self.drift.leaps.items()}
        self._switches = {
            (q, k): Switch(defect.near, defect.away, seed, f"defect {q} {k}")
            for q, defects in chip.twin.defects.items()
            for k, defect in enumerate(defects)
        }

    @cached_property
    def calm(self) -> bool:
        """Return whether nothing moves and no defect is anywhere."""
        return self.chip.twin.drift is None and not self.chip.twin.defects

    @cached_property
    def _processes(self) -> tuple[dict[tuple[str, str, int], int], Wanders]:
        """Return where each process stands in the bank of all, and the bank."""
        drift, found = self.drift, dict[tuple[str, str, int], tuple[float, float]]()
        for q, several in drift.frequencies.items():
            found |= {("frequency", q, k): (one.sigma, one.tau) for k, one in enumerate(several)}
        found |= {("lifetime", q, 0): (one.sigma, one.tau) for q, one in drift.lifetimes.items()}
        found |= {("flux", line, 0): (one.sigma, one.tau) for line, one in drift.fluxes.items()}
        for line, mixer in drift.mixers.items():
            parts = (mixer.gain, mixer.phase, mixer.offset, mixer.offset)
            found |= {("mixer", line, k): (sigma, mixer.tau) for k, sigma in enumerate(parts)}
        found |= {("thermal", q, 0): (one.sigma, one.tau) for q, one in drift.thermals.items()}
        sigmas, taus = ([one[k] for one in found.values()] for k in (0, 1))
        return {key: k for k, key in enumerate(found)}, Wanders(sigmas, taus, self.seed)

    def at(self, time: float, biases: Mapping[str, float]) -> Chip:
        """Return the chip at a moment of virtual time, s, resting at these direct currents."""
        if self.calm:
            return self.chip
        places, bank = self._processes
        values = bank.at(time) if places else np.zeros(0)
        now = {key: float(values[place]) for key, place in places.items()}
        twin = self.chip.twin
        lines = replace(
            twin,
            drives={n: self._mixed(n, line, now, time) for n, line in twin.drives.items()},
            feedlines={n: self._mixed(n, line, now, time) for n, line in twin.feedlines.items()},
            fluxes={n: self._flux(n, line, now) for n, line in twin.fluxes.items()},
        )
        resting = Chip(self.chip.laboratory, lines).resting_flux(biases)
        qubits = {
            name: self._qubit(name, twin.qubits[name], float(resting[k]), now, time)
            for k, name in enumerate(self.chip.names)
        }
        return Chip(self.chip.laboratory, replace(lines, qubits={**twin.qubits, **qubits}))

    def _mixed(self, name: str, line: _Mixed, now: Mapping[tuple[str, str, int], float], time: float) -> _Mixed:
        gain = 1 + _stepped(self.drift.gains.get(name, 0.0) * time / HOUR)
        if isinstance(line, DriveLine):
            line = replace(line, rabi_frequency=line.rabi_frequency * gain)
        elif gain != 1:
            line = replace(line, attenuation=line.attenuation - 20 * float(np.log10(gain)))
        if ("mixer", name, 0) not in now:
            return line
        gained, turned, i, q = (_stepped(now["mixer", name, k]) for k in range(4))
        return replace(
            line,
            gain=line.gain + gained,
            phase=line.phase + turned,
            offset_i=line.offset_i + i,
            offset_q=line.offset_q + q,
        )

    def _flux(self, name: str, line: FluxLine, now: Mapping[tuple[str, str, int], float]) -> FluxLine:
        moved = now.get(("flux", name, 0))
        return line if moved is None else replace(line, offset=line.offset + _stepped(moved, FLUX_STEP))

    def _qubit(
        self, name: str, truth: Transmon, flux: float, now: Mapping[tuple[str, str, int], float], time: float
    ) -> Transmon:
        several = range(len(self.drift.frequencies.get(name, ())))
        moved = sum((now["frequency", name, k] for k in several), 0.0)
        moved += self._leaps[name].at(time) if name in self._leaps else 0.0
        t1 = truth.t1 * float(np.exp(now.get(("lifetime", name, 0), 0.0)))
        thermal = min(truth.thermal * float(np.exp(now.get(("thermal", name, 0), 0.0))), HOTTEST)
        own = float(self.chip.spectrum(self.chip.names.index(name), np.array(flux))[1] / TWO_PI)
        for k, defect in enumerate(self.chip.twin.defects.get(name, ())):
            if self._switches[name, k].at(time):
                shift, rate = felt(defect, own + moved - truth.frequency)
                moved, t1 = moved + shift, 1 / (1 / t1 + rate)
        return replace(truth, moved=moved, t1=t1, thermal=thermal)


def _stepped(value: float, step: float = STEP) -> float:
    return step * round(value / step)


def felt(defect: Defect, apart: float) -> tuple[float, float]:
    """Return what a defect does to a qubit that lies ``apart`` (Hz) above its frequency at zero flux.

    The eigenvalue of qubit and lossy defect that is more the qubit's: its shift (Hz) and its decay (1/s), exact in the
    space of one excitation (as in Mueller, Cole and Lisenfeld, Rep. Prog. Phys. 82, 124501, section 4).
    """
    h = np.array([[apart, defect.coupling], [defect.coupling, defect.distance - 0.5j * defect.linewidth]])
    values, vectors = np.linalg.eig(h)
    own = values[int(np.argmax(np.abs(vectors[0])))]
    return float(own.real - apart), float(-2 * TWO_PI * own.imag)
