"""What a laboratory's own numbers say a program will give: decay, gate errors, shifts and readout errors as measured.

The names of parameters are the model; every platform that measures them has it:

- ``Q.t1``, ``Q.t2``: decay while a qubit waits and while it is driven;
- ``Q.t2_ramsey``: what ``t2`` does not explain of it is a frequency that is another one in each shot, and stays in it;
- ``Q.error`` and ``A-B.GATE.error``: average infidelity of a gate; what decay and slow noise do not explain of it is
  depolarising;
- ``A-B.GATE.flips``: probability that a gate flips a qubit. Where it is known, all else that the gate's error leaves is
  phases: Z on either qubit, or on both, equally likely;
- ``A-B.GATE.loss``: probability to lose a qubit that is in 1 by a gate, more than one that is in 0. Shots in which
  a qubit is lost do not count, so that those in which it was in 0 weigh more;
- ``A-B.zz``: shift of A while B is in 1, in Hz, at all times but during their gate;
- ``Q.readout.p01``, ``.p10``: probability to read 1 after preparing 0, and 0 after preparing 1;
- ``Q.thermal``: probability to begin in 1, which is part of both.

What is not known is taken to be perfect. So the answer is not a fit: nothing of the program's own data goes in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program
from qctl.core.schedule import Schedule

from .density import IDLE, Complex, Density, acted_on, gate_of, keyed, measured_last, second

RAISED = np.zeros((4, 4), np.complex128)
RAISED[3, 0] = 1.0  # from 0 to 1, on vec(rho)
FLIPPED = np.eye(4, dtype=np.complex128)[::-1].copy()  # X, on vec(rho)
GATES = {Op.CZ: "cz", Op.RXX: "ms"}
COPIES = 64  # draws of slow noise


def predict(native: Program, schedule: Schedule, known: Parameters, laboratory: Laboratory) -> dict[str, float]:
    """Return the probability of each key.

    Parameters
    ----------
    native : placed and lowered; ends with its measurements
    schedule : the same events in time, row by row
    """
    holds = measured_last(native.events)
    walk = Noisy(*drawn(acted_on(native.events), known, laboratory), known, laboratory)
    prepare(walk)
    tick = float(schedule.tick)
    for event, row in zip(native.events, schedule.operations, strict=True):
        walk.step(event, float(row["start"]) * tick, float(row["duration"]) * tick)
    populations = walk.state.populations(tuple(holds.values()))
    for axis, qubit in enumerate(holds.values()):
        confusion = assignment(known, laboratory.qubit_names[qubit])
        populations = np.moveaxis(np.tensordot(confusion, populations, axes=(1, axis)), 0, axis)
    return keyed(populations, tuple(holds), native.n_bits)


def prepare(walk: Noisy) -> None:
    """Bring qubits into 0, or into 1 where they begin in that: ``thermal``."""
    for qubit in walk.state.place:
        warm = _value(walk.known, f"{walk.laboratory.qubit_names[qubit]}.thermal", 0.0)
        walk.state.channel(np.diag([1 - warm, 0, 0, 0]).astype(np.complex128) + warm * RAISED, qubit)


def assignment(
    known: Mapping[str, float], qubit: str, misread: tuple[float, float] | None = None
) -> NDArray[np.float64]:
    """Return the probability to read each bit in each state, shape (2 bits, 2 states), without what preparing spoils.

    Both measured errors mix preparation and reading: ``p01 = (1 - w) e01 + w (1 - e10)`` for a qubit that begins in 1
    with probability ``w``, and the same with 0 and 1 exchanged.

    Parameters
    ----------
    misread : both errors, where they are others than those at the end of a shot
    """
    p01, p10 = misread or (_value(known, f"{qubit}.readout.{part}", 0.0) for part in ("p01", "p10"))
    warm = _value(known, f"{qubit}.thermal", 0.0)
    e01, e10 = np.linalg.solve([[1 - warm, -warm], [-warm, 1 - warm]], [p01 - warm, p10 - warm])
    e01, e10 = max(0.0, float(e01)), max(0.0, float(e10))  # measured numbers have errors of their own
    return np.array([[1 - e01, e10], [e01, 1 - e10]])


@dataclass
class Noisy:
    """A state on its way through a schedule, and until when each qubit and each pair has been carried on.

    Parameters
    ----------
    slow : how much faster each qubit turns in each copy, rad/s, shape (n_copies,) each; where it is known
    """

    state: Density
    slow: Mapping[int, NDArray[np.float64]]
    known: Parameters
    laboratory: Laboratory
    until: dict[int, float] = field(default_factory=dict)
    shifted: dict[tuple[int, int], float] = field(default_factory=dict)

    def step(self, event: np.void, start: float, duration: float) -> None:
        """Let one operation happen, s."""
        op = Op(int(event["op"]))
        if op is Op.RZ:  # frames turn in no time
            self.state.apply(*gate_of(event))
        if op in IDLE or op is Op.RZ or second(event):
            return
        qubits = tuple(int(q) for q in event["q"] if q >= 0)
        self._shift(qubits, start)
        for qubit in qubits:
            self._decay(qubit, start - self.until.get(qubit, start))
            self.until[qubit] = start
        if op is Op.MEASURE:
            return
        self.state.apply(*gate_of(event))
        for qubit in qubits:
            self._decay(qubit, duration)
            self.until[qubit] = start + duration
        if len(qubits) == 2:
            self.shifted[min(qubits), max(qubits)] = start + duration
        self._add(qubits, self._of_gate(op, qubits, "error"), duration, self._of_gate(op, qubits, "flips", np.nan))
        lost = self._of_gate(op, qubits, "loss")
        for qubit in qubits if lost > 0 else ():
            self.state.apply(np.diag([1, np.sqrt(1 - lost)]).astype(np.complex128), (qubit,))

    def refocus(self, qubit: int, seconds: float, begin: float) -> None:
        """Let a qubit wait for some seconds while two pi pulses take back what is slow; go on from ``begin``, s."""
        self.state.channel(decay(seconds, *self._times(qubit)), qubit)
        for _ in range(2):
            self._add((qubit,), self._of_gate(Op.R, (qubit,), "error"), 0.0)
        self.until[qubit] = begin

    def _decay(self, qubit: int, seconds: float) -> None:
        t1, t2 = self._times(qubit)
        if seconds > 0 and qubit in self.slow:
            self.state.turn(qubit, self.slow[qubit] * seconds)
        if seconds > 0 and (np.isfinite(t1) or np.isfinite(t2)):
            self.state.channel(decay(seconds, t1, t2), qubit)

    def _times(self, qubit: int) -> tuple[float, float]:
        name = self.laboratory.qubit_names[qubit]
        t1 = _value(self.known, f"{name}.t1", np.inf)
        return t1, min(_value(self.known, f"{name}.t2", np.inf), 2 * t1)

    def _shift(self, qubits: tuple[int, ...], now: float) -> None:
        """Let the pairs of which one is about to be acted on turn by their shift."""
        for name, coupling in self.laboratory.couplings.items():
            a, b = sorted(self.laboratory.qubit_names.index(q) for q in coupling.pair)
            if not {a, b} & set(qubits) or not {a, b} <= self.state.place.keys():
                continue
            since = self.shifted.get((a, b), now)
            self.shifted[a, b] = now
            hertz = _value(self.known, f"{name}.zz", 0.0)
            if hertz and now > since:
                turn = np.exp(-2j * np.pi * hertz * (now - since))
                self.state.apply(np.diag([1, 1, 1, turn]).astype(np.complex128), (a, b))

    def _of_gate(self, op: Op, qubits: tuple[int, ...], what: str, otherwise: float = 0.0) -> float:
        names = [self.laboratory.qubit_names[q] for q in qubits]
        if len(names) == 1:
            return _value(self.known, f"{names[0]}.{what}", otherwise)
        both = (f"{'-'.join(pair)}.{GATES[op]}.{what}" for pair in (names, names[::-1]))
        return next((self.known[name] for name in both if name in self.known), otherwise)

    def _add(self, qubits: tuple[int, ...], error: float, seconds: float, flips: float = np.nan) -> None:
        """Add what decay and slow noise do not explain of a gate's error, each gate's own in random rows.

        By depolarising; where it is known how often a gate of two flips a qubit, by flips and by phases: an average
        infidelity ``e`` is a process infidelity ``e (d + 1) / d``, of which each qubit's flips are ``flips``; the rest
        are Z on either and on both, a third each, and a coherence between any two states loses ``4/3`` of that.
        """
        d = 2 ** len(qubits)
        slow = [slow_noise(self.known, self.laboratory.qubit_names[q]) for q in qubits]
        kept = float(np.prod([process_fidelity(seconds, *self._times(q)) for q in qubits]))
        kept *= float(np.prod([(1 + np.exp(-((s * seconds) ** 2) / 2)) / 2 for s in slow]))
        more = error - (1 - kept) * d / (d + 1)
        if len(qubits) == 2 and np.isfinite(flips):
            for qubit in qubits:
                self.state.channel((1 - flips) * np.eye(4, dtype=np.complex128) + flips * FLIPPED, qubit)
            self.state.dephase(min(1.0, max(0.0, more * (d + 1) / d - 2 * flips) * 4 / 3), qubits)
        elif more > 0:
            self.state.depolarise(min(1.0, more * d / (d - 1)), qubits)


def drawn(
    qubits: tuple[int, ...], known: Mapping[str, float], laboratory: Laboratory
) -> tuple[Density, dict[int, NDArray[np.float64]]]:
    """Return copies of a state, and how much faster each qubit turns in each of them, rad/s."""
    names = {qubit: laboratory.qubit_names[qubit] for qubit in qubits}
    spreads = {qubit: slow_noise(known, name) for qubit, name in names.items()}
    noisy = [qubit for qubit, spread in spreads.items() if spread > 0]
    if not noisy:
        return Density(qubits), {}
    draws = norm.ppf(qmc.Sobol(len(noisy), seed=1).random(COPIES))
    return Density(qubits, COPIES), {qubit: spreads[qubit] * draws[:, k] for k, qubit in enumerate(noisy)}


def slow_noise(known: Mapping[str, float], qubit: str) -> float:
    """Return the standard deviation of a qubit's frequency from shot to shot, rad/s.

    A coherence ``exp(-t / T2 - (s t)^2 / 2)`` has fallen to 1/e at T2*: ``s = sqrt(2 (1 - T2* / T2)) / T2*``.
    """
    seen, t2 = (_value(known, f"{qubit}.{name}", np.inf) for name in ("t2_ramsey", "t2"))
    return float(np.sqrt(2 * (1 - seen / t2)) / seen) if seen < t2 else 0.0


def decay(seconds: float, t1: float, t2: float) -> Complex:
    """Return amplitude and phase damping on vec(rho), (00, 01, 10, 11) (Nielsen and Chuang, section 8.3)."""
    gone, coherence = 1 - np.exp(-seconds / t1), np.exp(-seconds / t2)
    found = np.diag([1, coherence, coherence, 1 - gone]).astype(np.complex128)
    found[0, 3] = gone
    return found


def process_fidelity(seconds: float, t1: float, t2: float) -> float:
    """Return the process fidelity of decay with doing nothing: a quarter of the trace of its superoperator."""
    return float(np.trace(decay(seconds, t1, t2)).real) / 4


def _value(known: Mapping[str, float], name: str, otherwise: float) -> float:
    return known.get(name, otherwise)
