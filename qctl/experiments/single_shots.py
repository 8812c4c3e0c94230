"""Single shots: the line between 0 and 1, and how often a shot falls on the wrong side of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_two_states
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .assignment import AssignmentCheck, patterns, shots_by_state
from .walks import ROTATION

SHOWN = 400  # shots of each state in a figure


@dataclass(frozen=True)
class SingleShots:
    """Prepare 0 and 1 in turn and tell the clouds apart.

    The errors are those that a program sees: counted, with everything in them that goes wrong
    in preparing and reading. What they are made of is in the notes: the overlap of two Gaussians, and shots in the
    other cloud (a qubit that was warm, a pi pulse that failed, a decay before the middle of the window). Of a qubit
    left alone, those in the other cloud were warm: ``thermal``, which what is heated during readout adds to.
    """

    name: ClassVar[str] = "single_shots"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 2000

    def scan(self, known: Parameters) -> Scan:
        """Return one point for each pattern."""
        return Scan(patterns(self.laboratory, self.targets, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return rotation, threshold and errors of each qubit."""
        by_state = shots_by_state(result)
        return tuple(self._outcome(qubit, *pair) for qubit, pair in zip(self.targets, by_state, strict=True))

    def _outcome(self, qubit: str, zeros: NDArray[np.complex128], ones: NDArray[np.complex128]) -> Outcome:
        fit = fit_two_states(zeros, ones)
        figures = (clouds_picture(zeros, ones, fit), histogram(fit))
        if not fit.ok:
            return Outcome(qubit, fits=(fit,), figures=figures, reason=fit.reason)
        found = decided(fit, self.name)
        part = {name: 100 * fit.value(name) for name in ("fidelity", "overlap", "wrong0", "wrong1")}  # %
        note = (
            f"{part['fidelity']:.2f} % of shots are read as prepared; clouds are {fit.value('separation'):.1f} widths "
            f"apart, {part['overlap']:.2f} % overlap; of 0 {part['wrong0']:.2f} %, of 1 {part['wrong1']:.2f} % lie in "
            "the other cloud"
        )
        named = {f"{qubit}.readout.{name}": estimate for name, estimate in found.items()}
        named[f"{qubit}.thermal"] = Estimate(fit.value("wrong0"), fit.error("wrong0"), run=self.name)
        return Outcome(qubit, named, (fit,), figures, notes=(note,))


def clouds_picture(zeros: NDArray[np.complex128], ones: NDArray[np.complex128], fit: Fit) -> Figure:
    """Return some shots of both states in the IQ plane, in the frame in which the line between them is vertical."""
    turn = np.exp(-1j * fit.value("angle")) if fit.ok else 1.0
    shown = np.concatenate([zeros[:SHOWN], ones[:SHOWN]]) * turn * 1e3
    marks = (fit.value("threshold") * 1e3,) if fit.ok else ()
    return Figure(
        "single shots", shown.real, shown.imag, "along the line between 0 and 1 (mV)", "across (mV)", marks=marks
    )


def histogram(fit: Fit) -> Figure:
    """Return how many shots of each state lie where, and the two Gaussians that explain most of them."""
    half = len(fit.x) // 2
    y, curve = fit.y[:half] + fit.y[half:], fit.curve[:half] + fit.curve[half:]
    marks = (fit.value("threshold") * 1e3,) if fit.ok else ()
    return Figure(
        "shots of both states", fit.x[:half] * 1e3, np.real(y), "along the line between 0 and 1 (mV)", "shots",
        curve_x=fit.x[:half] * 1e3, curve_y=np.real(curve), marks=marks,
    )  # fmt: skip


def told_apart_by(what: str) -> tuple[Quantity, ...]:
    """Return the quantities of whoever tells 0 from 1: ``readout``, or the instrument that decides."""
    return (
        # Where a line stands is a choice.
        Quantity(name=f"{what}.rotation", low=-7.0, high=7.0, floor=7.0, walk=ROTATION),
        Quantity(name=f"{what}.threshold", low=-10.0, high=10.0, floor=10.0),
        Quantity(name=f"{what}.p01", low=-0.01, high=0.5, floor=0.02),
        Quantity(name=f"{what}.p10", low=-0.01, high=0.5, floor=0.02),
    )


NODE = Node(
    name=SingleShots.name,
    kind=Target.QUBIT,
    finds=(
        *told_apart_by("readout"),
        Quantity(name="thermal", low=-0.01, high=0.5, floor=0.02),
    ),
    make=lambda laboratory, targets, known: SingleShots(laboratory, targets),
    needs=("readout_weights",),
    claims=lambda laboratory, known, qubit: frozenset({qubit}),
    check=lambda laboratory, targets, known: AssignmentCheck(laboratory, targets),
)


def decided(fit: Fit, run: str) -> dict[str, Estimate]:
    """Return how to tell two states apart, and how often that is wrong: rotation, threshold, p01 and p10."""
    return {
        "rotation": Estimate(-fit.value("angle"), fit.error("angle"), "rad", run=run),
        "threshold": Estimate(fit.value("threshold"), fit.error("threshold"), "V", run=run),
        "p01": Estimate(fit.value("p01"), fit.error("p01"), run=run),
        "p10": Estimate(fit.value("p10"), fit.error("p10"), run=run),
    }
