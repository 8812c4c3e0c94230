"""The error of single-qubit gates, whatever their kinds: randomised benchmarking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_line
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .cliffords import COMPOSED, INVERSE, PULSES, clifford
from .drawn import drawn
from .rows import Row, flip, indices, program
from .signal import between

Floats = NDArray[np.float64]
FLIP = 4  # number of X among the Clifford gates
INTERLEAVED = {"": None, "x180": FLIP, "x90": 8}
LEAST = 0.1  # contrast below which nothing is left to see


@dataclass(frozen=True, slots=True)
class Rb1:
    """Random Clifford gates and what undoes them: the contrast falls as ``p^m`` (Magesan et al., PRL 106, 180504).

    Half of the sequences end in 1: the difference of both falls to 0 exactly, which leaves one parameter less to fit
    (Harper et al., PRA 99, 052350). All targets run at once, with sequences of their own, as programs do.

    Parameters
    ----------
    interleaved : "x90" or "x180": put this gate behind each random one, beside the plain sequences, for its own error
        (Magesan et al., PRL 109, 080505)
    longest : Clifford gates in a row, at most
    sequences : of each length and end
    """

    name: ClassVar[str] = "rb1"
    laboratory: Laboratory
    targets: tuple[str, ...]
    interleaved: str = ""
    longest: int = 500
    n_lengths: int = 5
    sequences: int = 4
    shots: int = 120
    seed: int = 1

    def lengths(self, known: Parameters) -> list[int]:
        """Return how many gates are played: at the longest about a third of the contrast is gone."""
        worst = max(min(known[f"{target}.error"], 0.05) for target in self.targets)
        most = int(np.clip(0.2 / worst, 20, self.longest))
        return [1, *(round(most * k / (self.n_lengths - 1)) for k in range(1, self.n_lengths))]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return which sequences are played: plain ones, and those with a gate in between."""
        return ("", self.interleaved) if self.interleaved else ("",)

    def scan(self, known: Parameters) -> Scan:
        """Return two references; then kinds, lengths, sequences and ends, the last ones fastest."""
        rng, qubits = np.random.default_rng(self.seed), indices(self.laboratory, self.targets)
        circuits: list[list[Row]] = [[], [flip(q) for q in qubits]]
        for kind in self.kinds:
            for length in self.lengths(known):
                for _ in range(self.sequences):
                    gates = [rng.integers(24, size=length).tolist() for _ in qubits]
                    for end in (0, FLIP):
                        each = zip(qubits, gates, strict=True)
                        circuits.append(self.beside([sequence(q, g, INTERLEAVED[kind], end) for q, g in each]))
        return Scan(program(self.laboratory, circuits, qubits, self.shots))

    def beside(self, rows: list[list[Row]]) -> list[Row]:
        """Return one circuit of the rows of all targets."""
        return [row for each in rows for row in each]

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the error of a gate for each target."""
        ones, sigma = self.ones(result, known)
        shape = (len(self.kinds), self.n_lengths * self.sequences, 2, len(self.targets))
        p, e = ones[2:].reshape(shape), sigma[2:].reshape(shape)
        contrast, error = p[:, :, 1] - p[:, :, 0], np.hypot(e[:, :, 0], e[:, :, 1])
        lengths = np.repeat(np.array(self.lengths(known), float), self.sequences)
        logs = 1 + np.log(np.maximum(contrast, LEAST / 2))
        fits = [
            fit_line(lengths, y.T, (s / np.maximum(c, LEAST)).T) for y, s, c in zip(logs, error, contrast, strict=True)
        ]
        start = contrast[0, : self.sequences].mean(axis=0)
        return tuple(
            self._outcome(target, [kind[k] for kind in fits], float(start[k])) for k, target in enumerate(self.targets)
        )

    def ones(self, result: Result, known: Parameters) -> tuple[Floats, Floats]:
        """Return how far each point lies on the way from 0 to 1 and its error, shape (n_points, n_targets)."""
        return between(result, [0], [1])

    def _outcome(self, target: str, fits: list[Fit], start: float) -> Outcome:
        figures = tuple(
            drawn(f"{kind or 'random gates'} on {target}", fit, "Clifford gates", y_label="1 + ln(contrast)")
            for kind, fit in zip(self.kinds, fits, strict=True)
        )
        bad = next((fit.reason for fit in fits if not fit.ok), "")
        if not bad and start < 0.5:
            bad = f"a single gate leaves a contrast of {start:.2f}"
        if bad:
            return Outcome(target, fits=tuple(fits), figures=figures, reason=f"no decay that benchmarks gates: {bad}")
        (p, spread), *others = [(float(np.exp(fit.value("slope"))), fit.error("slope")) for fit in fits]
        notes = tuple(self._note(p, spread, *other) for other in others)
        value, error = (1 - p) / 2 / PULSES, p * spread / 2 / PULSES
        if value < error:
            value = error  # a decay too slow to be seen is an upper bound
        found = {f"{target}.error": Estimate(value, error, run=self.name)}
        return Outcome(target, found, tuple(fits), figures, notes=notes)

    def _note(self, p: float, spread: float, q: float, other: float) -> str:
        return f"{self.interleaved}: error {(1 - q / p) / 2:.2e} ± {q / p * np.hypot(spread, other) / 2:.1e}"


def sequence(qubit: int, gates: list[int], between_them: int | None, end: int) -> list[Row]:
    """Return Clifford gates in a row and the one that brings 0 back to 0 (``end`` 0) or to 1 (``end`` `FLIP`)."""
    rows, whole = list[Row](), 0
    for gate in gates:
        for one in (gate,) if between_them is None else (gate, between_them):
            rows += clifford(qubit, one)
            whole = int(COMPOSED[whole, one])
    return [*rows, *clifford(qubit, int(COMPOSED[INVERSE[whole], end]))]


NODE = Node(
    name=Rb1.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="error", low=0.0, high=0.5, floor=0.01),),
    make=lambda laboratory, targets, known: Rb1(laboratory, targets),
    needs=("fine_amplitude", "drag"),
    claims=lambda laboratory, known, target: frozenset({target}),
    largest_error=1.0,
    least_contrast=1.0,  # good gates hardly decay; whether there is a decay at all is for the fit to say
)
