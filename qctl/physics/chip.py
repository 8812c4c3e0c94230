"""The chip in numbers: what each loop and each qubit does at the fluxes, carriers and pulses of one shot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory

from .operators import Complex, collapse_operators, dissipator
from .signals import Signal
from .spectrum import against_flux, fold, static_zz
from .twin import Coupler, DriveCrosstalk, DriveLine, Feedline, FluxCrosstalk, FluxLine, Transmon, Twin

TWO_PI = 2 * np.pi
_Line = TypeVar("_Line", DriveLine, FluxLine, Feedline)


@dataclass(frozen=True)
class Chip:
    """A laboratory's wiring joined with its twin; qubits and couplings are counted in the order of the laboratory."""

    laboratory: Laboratory
    twin: Twin

    def __post_init__(self) -> None:
        lab, twin = self.laboratory, self.twin
        missing = [f"qubit {q}" for q in lab.qubits if q not in twin.qubits or q not in twin.resonators]
        missing += [f"coupling {c}" for c in lab.couplings if c not in twin.couplers]
        if missing:
            raise ConfigError(f"the twin says nothing of {', '.join(missing)}", allowed="an entry each", where=lab.name)
        if twin.levels not in (3, 4):
            raise ConfigError(f"{twin.levels} levels", allowed="3 or 4", where=f"twin of {lab.name}")
        short = [q for q in lab.qubits if len(twin.resonators[q].shifts) < twin.levels - 1]
        if short:
            raise ConfigError(
                f"resonators of {', '.join(short)} have too few shifts",
                allowed=f"{twin.levels - 1}, one for each level above 0",
                where=f"twin of {lab.name}",
            )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the qubits by name."""
        return self.laboratory.qubit_names

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Return the two qubits of each coupling."""
        index = {name: k for k, name in enumerate(self.names)}
        return tuple((index[c.pair[0]], index[c.pair[1]]) for c in self.laboratory.couplings.values())

    @cached_property
    def near(self) -> tuple[tuple[int, ...], ...]:
        """Return the couplings of each qubit, in order."""
        return tuple(tuple(c for c, pair in enumerate(self.pairs) if q in pair) for q in range(len(self.names)))

    @cached_property
    def _leaks(self) -> dict[str, list[tuple[int, FluxCrosstalk]]]:
        found: dict[str, list[tuple[int, FluxCrosstalk]]] = {}
        for number, one in enumerate(self.twin.flux_crosstalk):
            found.setdefault(one.source, []).append((number, one))
        return found

    @cached_property
    def _loop_of(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for k, name in enumerate(self.loops):
            if name is not None:
                found.setdefault(name, []).append(k)
        return found

    @cached_property
    def couplers(self) -> tuple[Coupler, ...]:
        """Return the coupler of each coupling."""
        return tuple(self.twin.couplers[name] for name in self.laboratory.couplings)

    @cached_property
    def loops(self) -> tuple[str | None, ...]:
        """Return the flux line of each qubit, then of each coupling."""
        lab = self.laboratory
        return (*(q.flux for q in lab.qubits.values()), *(c.flux for c in lab.couplings.values()))

    @cached_property
    def dissipative(self) -> bool:
        """Return whether states must be density matrices."""
        return any(np.isfinite((q.t1, q.t_phi)).any() or q.thermal > 0 for q in self.twin.qubits.values())

    def transmon(self, qubit: int) -> Transmon:
        """Return the truth of one qubit."""
        return self.twin.qubits[self.names[qubit]]

    @cached_property
    def crosstalk(self) -> tuple[tuple[DriveCrosstalk, ...], ...]:
        """Return what each qubit sees of lines that are not its own."""
        found: dict[str, list[DriveCrosstalk]] = {name: [] for name in self.names}
        for c in self.twin.drive_crosstalk:
            found.setdefault(c.qubit, []).append(c)
        return tuple(tuple(found[name]) for name in self.names)

    def drive_line(self, name: str) -> DriveLine:
        """Return the truth of a drive line."""
        return _entry(self.twin.drives, name)

    def flux_line(self, name: str) -> FluxLine:
        """Return the truth of a flux line."""
        return _entry(self.twin.fluxes, name)

    def feedline(self, name: str) -> Feedline:
        """Return the truth of a feedline."""
        return _entry(self.twin.feedlines, name)

    def energies(self, qubit: int, flux: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return levels over the ground state at fluxes of shape (...), as (..., levels), rad/s."""
        found = self.spectrum(qubit, flux)
        return np.asarray(found + self.moved(qubit)) if self.transmon(qubit).moved else found

    def spectrum(self, qubit: int, flux: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same without what drift and defects add."""
        t = self.transmon(qubit)
        table = against_flux(t.frequency, t.anharmonicity, t.asymmetry, self.twin.levels)
        return np.asarray(TWO_PI * table(fold(flux)))

    def moved(self, qubit: int) -> NDArray[np.float64]:
        """Return what drift and defects add to the levels of a qubit, rad/s."""
        return np.asarray(TWO_PI * self.transmon(qubit).moved * np.arange(self.twin.levels))

    def exchange(self, coupling: int, flux: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return g at fluxes of the coupler, rad/s."""
        a, b = (self.transmon(q) for q in self.pairs[coupling])
        f_low, f_high = _gate_frequencies(a, b)
        f1, f2 = (f_low, f_high) if a.frequency < b.frequency else (f_high, f_low)
        return np.asarray(TWO_PI * exchange_table(self.couplers[coupling], f1, f2)(fold(flux)))

    def resting_flux(self, biases: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the flux in each loop without pulses, flux quanta."""
        own = {}
        for name in self.loops:
            if name is not None:
                source = self.laboratory.lines[name].bias
                own[name] = (biases.get(source, 0.0) if source else 0.0) / self.flux_line(name).bias_period
        total = {name: value + self.flux_line(name).offset for name, value in own.items()}
        for c in self.twin.flux_crosstalk:
            total[c.target] += c.magnitude * own[c.source]
        return np.array([0.0 if name is None else total[name] for name in self.loops])

    def pulsed_flux(self, signals: Mapping[str, Signal]) -> dict[int, list[tuple[float, Signal]]]:
        """Return what adds up to the pulsed flux in each loop that feels any: factors and signals; keys count loops."""
        felt: dict[str, list[tuple[float, Signal]]] = {n: [(1.0, s)] for n, s in signals.items() if len(s.values)}
        leaks = [leak for source in list(felt) for leak in self._leaks.get(source, ())]
        for _, leak in sorted(leaks, key=itemgetter(0)):
            felt.setdefault(leak.target, []).append((leak.magnitude, signals[leak.source]))
        return {k: parts for name, parts in felt.items() for k in self._loop_of.get(name, ())}

    def zz(self, coupling: int, resting: NDArray[np.float64]) -> float:
        """Return the static shift of |11> at rest, rad/s."""
        a, b = self.pairs[coupling]
        g = float(self.exchange(coupling, resting[len(self.names) + coupling]))
        own = static_zz(self.energies(a, resting[a]), self.energies(b, resting[b]), g)
        return own + TWO_PI * self.couplers[coupling].zz

    def rates(self, qubit: int) -> tuple[float, float, float]:
        """Return the rates down from level 1, up from level 0 (their sum is 1/T1), and of white dephasing, 1/s."""
        t = self.transmon(qubit)
        return (1 - t.thermal) / t.t1, t.thermal / t.t1, 1 / t.t_phi

    def dissipator(self, qubit: int) -> Complex:
        """Return the dissipator of one qubit on vec(rho), 1/s."""
        return _dissipator(self.twin.levels, self.rates(qubit))


@lru_cache(maxsize=1024)
def _dissipator(levels: int, rates: tuple[float, float, float]) -> Complex:
    return dissipator(collapse_operators(levels, *rates))


@lru_cache(maxsize=1024)
def exchange_table(coupler: Coupler, f1: float, f2: float) -> CubicSpline:
    """Return a spline of g in Hz against the coupler's flux folded into [0, 1/2].

    Raises
    ------
    ConfigError
        When the coupler comes so near to a qubit that it cannot be eliminated.
    """
    flux = np.linspace(0, 0.5, 257)
    table = against_flux(coupler.frequency, coupler.anharmonicity, coupler.asymmetry, 3)
    frequency = table(flux)[:, 1]
    for f, g in ((f1, coupler.g1), (f2, coupler.g2)):
        if np.min(np.abs(f - frequency)) < 2 * g:
            raise ConfigError(
                f"a coupler of {coupler.frequency:g} Hz comes within 2 g of a qubit at {f:g} Hz",
                allowed="couplers that stay dispersive at every flux",
                remedy="raise its frequency or its asymmetry",
            )
    mediated = coupler.g1 * coupler.g2 / 2 * (1 / (f1 - frequency) + 1 / (f2 - frequency))
    return CubicSpline(flux, coupler.residual + mediated - mediated[0], bc_type="clamped")


def _gate_frequencies(a: Transmon, b: Transmon) -> tuple[float, float]:
    low, high = sorted((a, b), key=lambda t: t.frequency)
    return low.frequency, low.frequency - high.anharmonicity


def _entry(entries: Mapping[str, _Line], name: str) -> _Line:
    if name not in entries and "default" not in entries:
        raise ConfigError(f"the twin says nothing of line {name}", allowed="an entry of its name, or default")
    return entries[name] if name in entries else entries["default"]


def summed(parts: list[tuple[float, Signal]]) -> Signal:
    """Return the sum of signals, each times its factor, on the grid of the first."""
    if len(parts) == 1:
        factor, signal = parts[0]
        return Signal(signal.start, signal.dt, factor * signal.values, factor * signal.rest)
    first = parts[0][1]
    dt, start = min(s.dt for _, s in parts), min(s.start for _, s in parts)
    start = first.start + np.floor((start - first.start) / dt + 1e-6) * dt  # keep the grid of the loop's own line
    times = start + (np.arange(round((max(s.end for _, s in parts) - start) / dt)) + 0.5) * dt
    values = np.sum([factor * s.at(times) for factor, s in parts], axis=0)
    return Signal(start, dt, values, 0j)
