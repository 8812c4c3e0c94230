"""What ions remember for as long as slots: T2, T2* and frequency, measured as programs in parts are played."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, pi, sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.result import Result
from qctl.platforms.parts import measuring_of

from ..drawn import drawn
from ..rows import Row, flip, half, indices, measure
from ..signal import well_read
from .beams import FIELD, around, gate_check

Floats = NDArray[np.float64]
WAITS = (1, 3)  # slots, of fringes
ECHO = 4  # slots; half of them before the pi pulse
QUARTERS = 0.0, pi / 2, pi, 3 * pi / 2  # rad; phases of the last turn. Behind a pi pulse, what was 0 is pi
PLAYED = ((0, False, (0.0, pi)), *((n, False, QUARTERS) for n in WAITS), (ECHO, True, (pi, 0.0)))
WIDE = 0.45  # turns in the shortest wait; frequencies further off are not told apart
WANDERS = 0.1  # Hz; how much the mean frequency of some hundred shots wanders


@dataclass(frozen=True, slots=True)
class IonMemory:
    """Superpositions wait for slots while another ion, which stays in 0, is measured in each of them.

    Fringes lose contrast by white noise of the phase and by a frequency that is another one in each shot, and stays in
    it: ``C exp(-t / T2 - u t^2 / 2 + 2 pi i d t)``. An echo gives the second back: ``C exp(-t / T2)``. What no wait
    takes, preparation and readout, is ``C``.
    """

    name: ClassVar[str] = "ion_memory"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 50

    def scan(self, known: Parameters) -> Scan:
        """Return a sweep point for each wait and phase, phases fastest."""
        qubits = indices(self.laboratory, self.targets)
        witness = next(q for q in range(len(self.laboratory.qubits)) if q not in qubits)
        circuits = [
            [*waiting(qubits, witness, slots, echo=echo), *(half(q, phase) for q in qubits), *measure(qubits)]
            for slots, echo, phases in PLAYED
            for phase in phases
        ]
        starts = np.cumsum([0, *map(len, circuits)])
        events = np.array([row for circuit in circuits for row in circuit], EVENT)
        program = Program(
            events, len(self.laboratory.qubits), len(qubits) + 1, starts, self.shots, physical=True
        )  # fmt: skip
        return Scan(program, parts=tuple(slots + 1 for slots, _, phases in PLAYED for _ in phases))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return T2, T2* and frequency of each target."""
        bits = [result.kept_bits(k)[:, : len(self.targets)] for k in range(len(result.bits))]
        n = np.array(list(map(len, bits)))
        if not n.all():
            return tuple(Outcome(target, reason="no shot counts") for target in self.targets)
        seen = np.array([one.mean(axis=0) for one in bits])
        p, sigma = well_read(seen, n[:, None], self.targets, known)
        slot = float(self.laboratory.slot or np.nan)
        return tuple(self._outcome(t, kept(p[:, k], sigma[:, k], slot), known) for k, t in enumerate(self.targets))

    def _outcome(self, target: str, fit: Fit, known: Parameters) -> Outcome:
        figures = (drawn(f"memory of {target}", fit, "wait, slots", y_label="coherence", names=_names()),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no fringe seen: {fit.reason}")
        frequency = known[f"{target}.frequency"] - fit.value("offset")
        found = {
            f"{target}.frequency": Estimate(frequency, hypot(fit.error("offset"), WANDERS), "Hz", run=self.name),
            **{f"{target}.{name}": Estimate(*time, "s", run=self.name) for name, time in times(fit).items()},
        }
        return Outcome(target, found, (fit,), figures)


def waiting(qubits: list[int], witness: int, slots: int, *, echo: bool) -> list[Row]:
    """Return rows that turn some ions by a quarter and let them wait; light on the witness ends each part.

    What follows a turn of the witness, be it of its frame alone, cannot belong to the part that measured it.
    """
    rows = [half(q) for q in qubits]
    for slot in range(slots):
        rows += [flip(q) for q in qubits] if echo and 2 * slot == slots else []
        rows += [event(Op.MEASURE, (witness,), (), len(qubits)), event(Op.RZ, (witness,), (pi,))]
    return rows


def kept(p: Floats, sigma: Floats, slot: float) -> Fit:
    """Fit contrast, offset (Hz), rate (1/s) and slow (rad^2/s^2) to the probabilities of 1 of one ion, in order."""
    y, errors = _quadratures(p), _quadratures(sigma, errors=True)
    waits = slot * np.array(WAITS)

    def curve(v: Floats) -> Floats:
        turned = v[0] * np.exp(-v[2] * waits - v[3] * waits**2 / 2 + 2j * pi * v[1] * waits)
        fringes = np.stack([turned.real, turned.imag], axis=1).ravel()
        return np.concatenate([[v[0]], fringes, [v[0] * np.exp(-v[2] * ECHO * slot)]])

    reach = WIDE / float(waits[0])
    offsets = np.linspace(-reach, reach, 181)
    overlap = np.abs(np.exp(-2j * pi * offsets[:, None] * waits) @ (y[1:-1:2] + 1j * y[2:-1:2]))
    starts = [(1.0, float(offsets[int(np.argmax(overlap))]), 3.0, slow) for slow in (20.0, 500.0)]
    # Noise may make an echo rise, and fringes fall by no more than it.
    bounds = ([0.2, -1.1 * reach, -0.2 / slot, -1.0 / slot**2], [1.3, 1.1 * reach, 2 / slot, 20 / slot**2])
    names, x = ("contrast", "offset", "rate", "slow"), np.arange(float(len(y)))
    return fit_any_curve("memory", names, curve, starts, bounds, x, y, errors)


def _quadratures(values: Floats, *, errors: bool = False) -> Floats:
    """Return differences of opposite phases, or their errors: one of each pair of halves, two of quarters."""
    found, first = list[float](), 0
    for _, _, phases in PLAYED:
        own, first = values[first : first + len(phases)], first + len(phases)
        pairs = ((0, 1),) if len(phases) == 2 else ((0, 2), (3, 1))
        found += [hypot(own[a], own[b]) if errors else float(own[a] - own[b]) for a, b in pairs]
    return np.array(found)


def _names() -> tuple[str, ...]:
    """Return the names of what `_quadratures` returns."""
    found = list[str]()
    for slots, echo, phases in PLAYED:
        both = (f"{slots} re", f"{slots} im")
        found += both if len(phases) > 2 else [f"{slots} echo" if echo else str(slots)]
    return tuple(found)


def times(fit: Fit) -> dict[str, tuple[float, float]]:
    """Return T2 and T2* with their errors, s.

    No more is known of what fades more slowly than errors say; slow noise that comes out below 0 is none.
    """
    (rate, by), (slow, wide) = ((fit.value(name), fit.error(name)) for name in ("rate", "slow"))
    rate, slow = max(rate, by), max(slow, 0.0)
    seen = _faded(rate, slow)
    # T2* bends so much with slow noise that a slope does not tell its error.
    off = max(abs(_faded(rate, max(slow + step, 0.0)) - seen) for step in (-wide, wide))
    error = min(hypot(off, seen - _faded(rate + by, slow)), seen)
    return {"t2": (1 / rate, min(by / rate, 1.0) / rate), "t2_ramsey": (seen, error)}


def _faded(rate: float, slow: float) -> float:
    """Return when ``exp(-rate t - slow t^2 / 2)`` has fallen to 1/e, s."""
    return 2 / (rate + sqrt(rate**2 + 2 * slow))


def claims(laboratory: Laboratory, known: Parameters, target: str) -> frozenset[str]:
    """Return an ion, the gaps beside it, and one of the answers that a part gives at once: every other ion, a few."""
    measuring = measuring_of(laboratory)
    at_once = measuring.at_once if measuring is not None else 1
    return around(laboratory, known, target) | {f"answer {laboratory.qubit_names.index(target) // 2 % at_once}"}


def _ignorance(known: Parameters, qubit: str) -> float:
    """Return hardly anything: no gate errs by it, but a T2 of shorter waits does not say what slots leave."""
    return 1e-6


NODE = Node(
    name=IonMemory.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="frequency", low=1e6, high=31e6, floor=30.0, walk=FIELD),
        Quantity(name="t2", low=1e-3, high=1e3, floor=1.0),
        Quantity(name="t2_ramsey", low=1e-3, high=1e3, floor=1.0, curvature=_ignorance),
    ),
    make=lambda laboratory, targets, known: IonMemory(laboratory, targets),
    needs=("ion_fine",),
    after=("ion_ramsey_slots", "ion_coherence"),
    claims=claims,
    check=gate_check,
    applies=lambda laboratory, target: measuring_of(laboratory) is not None and len(laboratory.qubits) > 1,
    largest_error=2.0,
)
