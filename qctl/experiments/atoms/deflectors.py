"""Which tones bring a beam where: movable traps hold atoms in the dark, and the local Raman beam turns them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.fits.fit import Fit
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result

from ..rows import Row, barrier, half, indices, play
from .seen import asking, bright, survival

Floats = NDArray[np.float64]
Maps = Mapping[str, tuple[float, float, float]]

SIDE = 9  # offsets along each axis
MOST = 4  # tones at once on one deflector
EDGE, HELD, MARGIN = 60e-6, 120e-6, 20e-6  # s


def spread(known: Parameters, array: str, line: str, coarse: float, fine: float) -> float:
    """Return how far tones are moved to either side, Hz: far while nobody measured the map."""
    guessed = not np.isfinite(known.estimates[f"{array}.{line}.map_1"].error)
    slope = max(abs(known[f"{array}.{line}.map_{k}"]) for k in (2, 3))
    return slope * (coarse if guessed else fine)


def tone_at(known: Parameters, array: str, line: str, qubit: str) -> float:
    """Return the tone that brings a beam to a site, as far as known, Hz."""
    first, across, up = (known[f"{array}.{line}.map_{k}"] for k in (1, 2, 3))
    return first + across * known[f"{qubit}.site.column"] + up * known[f"{qubit}.site.row"]


def offsets(reach: tuple[float, float]) -> Floats:
    """Return a square of offsets, Hz, shape (SIDE^2, 2)."""
    x, y = (np.linspace(-one, one, SIDE) for one in reach)
    return np.array([(a, b) for a in x for b in y])


def mapped(known: Parameters, qubits: Sequence[str], tones: Floats, errors: Floats) -> tuple[Floats, Floats, float]:
    """Return map_1, map_2, map_3 of measured tones, their errors, and the scatter of what they leave, Hz."""
    places = np.array([[1.0, known[f"{q}.site.column"], known[f"{q}.site.row"]] for q in qubits])
    weights = 1 / np.maximum(errors, 1.0)
    numbers, *_ = np.linalg.lstsq(places * weights[:, None], tones * weights, rcond=None)
    rest = tones - places @ numbers
    scatter = float(np.sqrt(np.sum(rest**2) / max(1, len(qubits) - 3)))
    covariance = np.linalg.inv((places * weights[:, None]).T @ (places * weights[:, None]))
    ratio = max(1.0, float(np.sum((rest * weights) ** 2)) / max(1, len(qubits) - 3))
    return np.asarray(numbers, np.float64), np.asarray(np.sqrt(np.diag(covariance) * ratio), np.float64), scatter


def found_maps(
    run: str, array: str, lines: tuple[str, str], known: Parameters, centres: Mapping[str, tuple[Floats, Floats]]
) -> Outcome:
    """Return an outcome from the centres of single sites: offsets (Hz) and their errors along both axes."""
    qubits = list(centres)
    if len(qubits) < 4:
        return Outcome(array, reason=f"{len(qubits)} sites answered, of which at least four are needed")
    found, notes = {}, []
    for axis, line in enumerate(lines):
        tones = np.array([tone_at(known, array, line, q) + centres[q][0][axis] for q in qubits])
        numbers, errors, scatter = mapped(known, qubits, tones, np.array([centres[q][1][axis] for q in qubits]))
        notes.append(f"{line} meets {len(qubits)} sites to {scatter / 1e3:.1f} kHz")
        for k in range(3):
            found[f"{array}.{line}.map_{k + 1}"] = Estimate(float(numbers[k]), float(errors[k]), "Hz", run=run)
    return Outcome(array, found, notes=tuple(notes))


@dataclass(frozen=True, slots=True)
class Holding:
    """Put movable traps over sites, switch all static ones off for longer than an atom waits, and see who is left.

    One tone for each of some columns and rows makes a trap at every crossing; all are moved by the same offsets.

    Parameters
    ----------
    coarse, fine : pixels to either side, while nobody measured the map and later
    """

    name: ClassVar[str] = "holding"
    laboratory: Laboratory
    targets: tuple[str, ...]
    coarse: float = 2.2
    fine: float = 0.9
    shots: int = 40

    def reach(self, known: Parameters) -> tuple[float, float]:
        """Return offsets to either side on both axes, Hz."""
        (array,) = self.targets
        one, other = (spread(known, array, line, self.coarse, self.fine) for line in ("tweezers_x", "tweezers_y"))
        return one, other

    def crossings(self, known: Parameters) -> dict[str, tuple[int, int]]:
        """Return the qubits that are held, each with its column and row of tones."""
        names = self.laboratory.qubit_names
        columns = numbered([known[f"{q}.site.column"] for q in names])
        rows = numbered([known[f"{q}.site.row"] for q in names])
        kept = [_few(max(groups) + 1) for groups in (columns, rows)]
        return {
            q: (kept[0].index(c), kept[1].index(r))
            for q, c, r in zip(names, columns, rows, strict=True)
            if c in kept[0] and r in kept[1]
        }

    def tones(self, known: Parameters) -> tuple[Floats, Floats]:
        """Return the tones of both deflectors without offset, Hz: the mean over the sites of each column and row."""
        (array,) = self.targets
        held, found = self.crossings(known), []
        for axis, line in enumerate(("tweezers_x", "tweezers_y")):
            groups = sorted({place[axis] for place in held.values()})
            of = {g: [tone_at(known, array, line, q) for q, p in held.items() if p[axis] == g] for g in groups}
            found.append(np.array([np.mean(of[g]) for g in groups]))
        return found[0], found[1]

    def scan(self, known: Parameters) -> Scan:
        """Return one point for each pair of offsets."""
        (array,) = self.targets
        held = tuple(self.crossings(known))
        x, y = self.tones(known)
        pulses, circuits = list[Pulse](), list[list[Row]]()
        everybody = indices(self.laboratory, self.laboratory.qubit_names)
        for dx, dy in offsets(self.reach(known)).tolist():
            pulses.append(self._pulse(known, array, x + dx, y + dy))
            circuits.append([*barrier(everybody, 1), play([0], len(pulses) - 1)])
        return Scan(asking(self.laboratory, held, circuits, self.shots, tuple(pulses)))

    def _pulse(self, known: Parameters, array: str, x: Floats, y: Floats) -> Pulse:
        length = 2 * (EDGE + MARGIN) + HELD
        tones = [
            Tone(line=line, amplitude=known[f"{array}.{line}.level"], duration=length, edge=EDGE, frequency=float(f))
            for line, frequencies in (("tweezers_x", x), ("tweezers_y", y))
            for f in frequencies
        ]
        dark = Tone(line="dark", amplitude=known[f"{array}.switch.level"], duration=HELD, start=EDGE + MARGIN)
        return Pulse((*tones, dark))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the maps of both deflectors."""
        (array,) = self.targets
        held = self.crossings(known)
        p, sigma = survival(result, known)
        moved, tones, centres = offsets(self.reach(known)), self.tones(known), {}
        for k, (qubit, place) in enumerate(held.items()):
            centre = _middle(moved, p[:, k], sigma[:, k])
            if centre is not None:
                base = [tones[a][place[a]] - tone_at(known, array, line, qubit) for a, line in enumerate(_TWEEZERS)]
                centres[qubit] = centre[0] + np.array(base), centre[1]
        outcome = found_maps(self.name, array, _TWEEZERS, known, centres)
        figure = Figure(
            "atoms held in the dark", moved[::SIDE, 0], moved[:SIDE, 1], "offset x (Hz)", "offset y (Hz)",
            image=p.mean(axis=1).reshape(SIDE, SIDE).T,
        )  # fmt: skip
        return (Outcome(array, outcome.found, figures=(figure,), reason=outcome.reason, notes=outcome.notes),)


class HoldingFine(Holding):
    """The same within a smaller square, once the maps are roughly known: the zone lies far outside the array."""

    name: ClassVar[str] = "holding_fine"


_TWEEZERS = ("tweezers_x", "tweezers_y")
_POINTERS = ("pointer_x", "pointer_y")


def numbered(values: Sequence[float]) -> list[int]:
    """Number the columns (or rows) to which coordinates belong: a gap of a pixel and a half begins the next."""
    order, number, found = np.argsort(values), 0, [0] * len(values)
    for before, here in zip([order[0], *order[:-1]], order, strict=True):
        number += values[here] - values[before] > 1.5
        found[here] = number
    return found


def _few(n: int) -> list[int]:
    return sorted(set(np.linspace(0, n - 1, min(n, MOST)).round().astype(int).tolist()))


def _middle(moved: Floats, p: Floats, sigma: Floats) -> tuple[Floats, Floats] | None:
    """Return the middle of the offsets at which atoms are held, and its errors; None where none are, or at the rim.

    The traps' reach is a disc: its middle is the mean of the offsets, weighted by what is held beyond what stays.
    """
    floor = float(np.quantile(p, 0.2))
    weight = np.maximum(p - floor - 0.1, 0.0)
    if p.max() - floor < 0.4 or (weight > 0).sum() < 3:
        return None
    total = weight.sum()
    centre = weight @ moved / total
    error = np.sqrt((((moved - centre) ** 2) * (sigma**2 * (weight > 0))[:, None]).sum(axis=0)) / total
    step = (moved.max(axis=0) - moved.min(axis=0)) / (SIDE - 1)
    if (np.abs(centre) > moved.max(axis=0) - 0.7 * step).any():
        return None
    return centre, np.hypot(error, 0.1 * step)


@dataclass(frozen=True, slots=True)
class Pointing:
    """Move the local Raman beam around every site, one after the other, and see how far it turns the atom.

    The turn follows the beam's intensity: ``P(1) = sin^2((a / 2) exp(-2 r^2 / w^2))``.
    """

    name: ClassVar[str] = "pointing"
    laboratory: Laboratory
    targets: tuple[str, ...]
    coarse: float = 2.2
    fine: float = 1.2
    shots: int = 40

    def reach(self, known: Parameters) -> tuple[float, float]:
        """Return offsets to either side on both axes, Hz."""
        (array,) = self.targets
        one, other = (spread(known, array, line, self.coarse, self.fine) for line in _POINTERS)
        return one, other

    def scan(self, known: Parameters) -> Scan:
        """Return one point for each pair of offsets: maps that are off by so much."""
        (array,) = self.targets
        circuit = [half(q) for q in indices(self.laboratory, self.laboratory.qubit_names)]
        settings = tuple(
            {f"{array}.pointer_x.map_1": known[f"{array}.pointer_x.map_1"] + dx}
            | {f"{array}.pointer_y.map_1": known[f"{array}.pointer_y.map_1"] + dy}
            for dx, dy in offsets(self.reach(known)).tolist()
        )
        return Scan(asking(self.laboratory, self.laboratory.qubit_names, [circuit], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the maps of both deflectors."""
        (array,) = self.targets
        p, sigma = bright(result, known)
        moved = offsets(self.reach(known))
        slope = np.array([max(abs(known[f"{array}.{line}.map_{k}"]) for k in (2, 3)) for line in _POINTERS])
        centres, fits = {}, []
        for k, qubit in enumerate(self.laboratory.qubit_names):
            fit = _beam(moved / slope, p[:, k], sigma[:, k])
            if fit.ok:
                centre = np.array([fit.value("x"), fit.value("y")]) * slope
                centres[qubit] = centre, np.array([fit.error("x"), fit.error("y")]) * slope
                fits.append(fit)
        outcome = found_maps(self.name, array, _POINTERS, known, centres)
        width = float(np.median([fit.value("w") for fit in fits])) if fits else np.nan
        figure = Figure(
            "atoms turned by the local beam", moved[::SIDE, 0], moved[:SIDE, 1], "offset x (Hz)", "offset y (Hz)",
            image=p.mean(axis=1).reshape(SIDE, SIDE).T,
        )  # fmt: skip
        notes = (*outcome.notes, f"the beam's waist is {width:.2f} pixels")
        return (Outcome(array, outcome.found, figures=(figure,), reason=outcome.reason, notes=notes),)


def _beam(moved: Floats, p: Floats, sigma: Floats) -> Fit:
    """Fit the turn by a Gaussian beam; offsets in pixels."""

    def curve(v: Floats) -> Floats:
        r2 = ((moved - v[:2]) ** 2).sum(axis=1)
        return np.asarray(np.sin(v[2] / 2 * np.exp(-2 * r2 / v[3] ** 2)) ** 2)

    peak = moved[int(np.argmax(p))]
    starts = [(*peak, a, w) for a in (1.2, 2.0, 2.8) for w in (1.0, 1.8)]
    low, high = (*moved.min(axis=0), 0.3, 0.3), (*moved.max(axis=0), 4.5, 6.0)
    return fit_any_curve("beam", ("x", "y", "a", "w"), curve, starts, (low, high), moved[:, 0], p, sigma)


def _node(name: str, lines: tuple[str, str], kind: type[Holding | Pointing], needs: tuple[str, ...]) -> Node:
    return Node(
        name=name,
        kind=Target.LINE,
        finds=tuple(Quantity(name=f"{line}.map_*", low=-1e9, high=1e9, floor=1e6) for line in lines),
        make=lambda laboratory, targets, known: kind(laboratory, targets),
        needs=needs,
        claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
        largest_error=5.0,  # of numbers near 0: the map as a whole is judged by what it meets
    )


HOLDING = _node(Holding.name, _TWEEZERS, Holding, ("presence",))
HOLDING_FINE = _node(HoldingFine.name, _TWEEZERS, HoldingFine, ("holding",))
POINTING = _node(Pointing.name, _POINTERS, Pointing, ("presence",))
