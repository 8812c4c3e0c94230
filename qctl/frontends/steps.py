"""Gates as lists of elementary steps, and what the modifiers inv, pow and ctrl make of them."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from qctl.core.gates import Matrix, matrix
from qctl.core.program import Op

PHASE = -1
"""Kind of a step that multiplies the state by exp(i angle); with controls it is a phase gate on them."""


class Step(NamedTuple):
    """One elementary operation under any number of controls.

    Parameters
    ----------
    kind : a one-qubit gate, SWAP, RXX, RYY, RZZ or BARRIER of ``core.program.Op``, or PHASE
    controls : how many of the first qubits control it
    qubits : controls, then targets
    angles : rad, of the kind
    """

    kind: int
    controls: int
    qubits: tuple[int, ...]
    angles: tuple[float, ...] = ()


_SELF_INVERSE = frozenset({Op.ID, Op.X, Op.Y, Op.Z, Op.H, Op.SWAP, Op.BARRIER})
_TURNS = frozenset({PHASE, Op.RX, Op.RY, Op.RZ, Op.P, Op.RXX, Op.RYY, Op.RZZ})
_INVERSE = {
    Op.S: Op.SDG, Op.SDG: Op.S, Op.T: Op.TDG, Op.TDG: Op.T, Op.SX: Op.SXDG, Op.SXDG: Op.SX,
}  # fmt: skip


def inverse(steps: Sequence[Step]) -> list[Step]:
    """Return the steps that undo the given ones, exactly."""
    return [_undone(step) for step in reversed(steps)]


def _undone(step: Step) -> Step:
    if step.kind in _SELF_INVERSE:
        return step
    if step.kind in _TURNS:
        return step._replace(angles=(-step.angles[0],))
    if step.kind == Op.U:
        theta, phi, lam = step.angles
        return step._replace(angles=(-theta, -lam, -phi))
    return step._replace(kind=_INVERSE[Op(step.kind)])


def controlled(steps: Sequence[Step], controls: Sequence[tuple[int, bool]]) -> list[Step]:
    """Return the steps under further controls.

    Parameters
    ----------
    steps : qubits of theirs are not among the controls
    controls : qubit, and whether it controls by |1> (otherwise by |0>)
    """
    flips = [Step(Op.X, 0, (qubit,)) for qubit, by_one in controls if not by_one]
    qubits = tuple(qubit for qubit, _ in controls)
    inner = (
        step
        if step.kind == Op.BARRIER
        else step._replace(controls=step.controls + len(qubits), qubits=qubits + step.qubits)
        for step in steps
    )
    return [*flips, *inner, *flips]


class Shape(NamedTuple):
    """Common controls and common target of steps: with both, they are one controlled 2x2 matrix.

    Parameters
    ----------
    controls : controls of every step
    target : the one qubit they act on; None for nothing but phases
    """

    controls: frozenset[int]
    target: int | None

    def merged(self, other: Shape) -> Shape | None:
        """Return the shape of steps of both shapes, if they have one."""
        one_target = None in (self.target, other.target) or self.target == other.target
        if self.controls != other.controls or not one_target:
            return None
        return other if self.target is None else self

    def placed(self, qubits: Sequence[int]) -> Shape:
        """Return the shape after qubit ``k`` has become ``qubits[k]``."""
        target = None if self.target is None else qubits[self.target]
        return Shape(frozenset(qubits[control] for control in self.controls), target)


def shape_of(steps: Sequence[Step]) -> Shape | None:
    """Return what all steps have in common; None when they are not one controlled 2x2 matrix."""
    shape: Shape | None = None
    for step in steps:
        targets = step.qubits[step.controls :]
        if len(targets) > 1 or step.kind == Op.BARRIER:
            return None
        own = Shape(frozenset(step.qubits[: step.controls]), targets[0] if targets else None)
        shape = own if shape is None else shape.merged(own)
        if shape is None:
            return None
    return shape or Shape(frozenset(), None)


def scales(kind: int) -> bool:
    """Say whether a whole power of one such step is again one such step, or none."""
    return kind in _TURNS or kind in _SELF_INVERSE


def power(steps: Sequence[Step], exponent: float) -> list[Step]:
    """Return the steps to a power.

    Fractional powers are principal ones: eigenphases are taken from (-pi, pi].

    Raises
    ------
    ValueError
        When the power is no whole number and the steps are no controlled 2x2 matrix.
    """
    whole = int(exponent) if float(exponent).is_integer() else None
    if whole is not None and abs(whole) <= 1:
        return (inverse(steps) if whole < 0 else list(steps)) * abs(whole)
    if whole is not None and len(steps) == 1 and scales(steps[0].kind):
        return _scaled(steps[0], whole)
    shape = shape_of(steps)
    if shape is not None:
        return _closed_power(steps, shape, exponent)
    if whole is None:
        raise ValueError("a fractional power of a gate that is no controlled one-qubit gate")
    return (inverse(steps) if whole < 0 else list(steps)) * abs(whole)


def _scaled(step: Step, exponent: int) -> list[Step]:
    if step.kind in _TURNS:
        return [step._replace(angles=(step.angles[0] * exponent,))]
    return [step] * (exponent % 2)


def _closed_power(steps: Sequence[Step], shape: Shape, exponent: float) -> list[Step]:
    product: Matrix = np.eye(2, dtype=np.complex128)
    for step in steps:
        if step.kind == PHASE:
            product = np.asarray(cmath.exp(1j * step.angles[0]) * product, np.complex128)
        else:
            product = matrix(Op(step.kind), step.angles) @ product
    controls = tuple(sorted(shape.controls))
    if shape.target is None:
        return [Step(PHASE, len(controls), controls, (_principal(cmath.phase(product[0, 0])) * exponent,))]
    return _as_steps(_raised(product, exponent), len(controls), (*controls, shape.target))


def _principal(phase: float) -> float:
    """Return the phase in (-pi, pi]; what lies within rounding of -pi counts as pi."""
    wrapped = math.remainder(phase, math.tau)
    return wrapped + math.tau if wrapped < -math.pi + 1e-9 else wrapped


def _raised(unitary: Matrix, exponent: float) -> Matrix:
    """Return a principal power of a 2x2 unitary."""
    half = cmath.sqrt(np.linalg.det(unitary))
    special = unitary / half  # cos(a) - i sin(a) n.sigma
    cosine = float(np.clip(special.trace().real / 2, -1, 1))
    traceless = special - cosine * np.eye(2)  # -i sin(a) n.sigma
    sine = float(np.sqrt(abs(np.linalg.det(traceless))))
    centre, spread = cmath.phase(half), math.atan2(sine, cosine)
    lower, upper = (_principal(centre + sign * spread) * exponent for sign in (-1, 1))
    mean, turn = (upper + lower) / 2, (upper - lower) / 2
    axis = traceless / sine if sine > 1e-12 else np.zeros((2, 2))
    return np.asarray(cmath.exp(1j * mean) * (math.cos(turn) * np.eye(2) + math.sin(turn) * axis), np.complex128)


def _as_steps(unitary: Matrix, controls: int, qubits: tuple[int, ...]) -> list[Step]:
    """Return a 2x2 unitary as a phase and a U gate, both under the same controls."""
    theta = 2 * math.atan2(abs(unitary[1, 0]), abs(unitary[0, 0]))
    if abs(unitary[0, 0]) > abs(unitary[1, 0]):
        first = cmath.phase(unitary[0, 0])
        total = cmath.phase(unitary[1, 1] / unitary[0, 0])
        phi = cmath.phase(unitary[1, 0] / unitary[0, 0]) if abs(unitary[1, 0]) > 1e-12 else total
        lam = total - phi
    else:
        phi_first = cmath.phase(unitary[1, 0])
        lam_first = cmath.phase(-unitary[0, 1])
        first = cmath.phase(unitary[0, 0]) if abs(unitary[0, 0]) > 1e-12 else (phi_first + lam_first) / 2
        phi, lam = phi_first - first, lam_first - first
    phase = first - theta / 2  # U carries exp(i theta / 2) of its own
    return [Step(PHASE, controls, qubits[:controls], (phase,)), Step(Op.U, controls, qubits, (theta, phi, lam))]
