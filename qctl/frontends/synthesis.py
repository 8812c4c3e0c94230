"""Steps under any number of controls, as gates on one and two qubits: exact, without helper qubits.

Sources: Barenco et al., Phys. Rev. A 52, 3457 (1995), lemmas 7.2, 7.3 and 7.5; parity networks for phases as in
Welch et al., New J. Phys. 16, 033040 (2014). Gates with more than one control act on the statement's own qubits only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

from qctl.core.program import Op

from .steps import PHASE, Step

Row = tuple[float, float, float, float, float, float]
"""op, first qubit, second qubit (-1 if unused), three angles."""

_ONE_CONTROL = {
    Op.X: Op.CX, Op.Y: Op.CY, Op.Z: Op.CZ, Op.H: Op.CH, Op.P: Op.CP, Op.RX: Op.CRX, Op.RY: Op.CRY, Op.RZ: Op.CRZ,
}  # fmt: skip
_AS_PHASE = {Op.Z: math.pi, Op.S: math.pi / 2, Op.SDG: -math.pi / 2, Op.T: math.pi / 4, Op.TDG: -math.pi / 4}
_PARITY_QUBITS = 6  # up to here a parity network needs fewer gates than the recursion


def row(op: Op, *qubits: int, angles: tuple[float, ...] = ()) -> Row:
    """Return one event without its bit; -0.0 becomes 0.0."""
    first, second = (*qubits, -1)[:2]
    a, b, c = (*angles, 0.0, 0.0, 0.0)[:3]
    return int(op), first, second, a + 0.0, b + 0.0, c + 0.0


def rows(step: Step) -> Iterator[Row]:
    """Yield the gates of one step; a barrier becomes one row per qubit, the first marked by a third angle of 1."""
    kind, n = step.kind, step.controls
    controls, targets = step.qubits[:n], step.qubits[n:]
    if kind == PHASE:
        if controls:
            yield from _phase(controls, step.angles[0])
    elif kind == Op.BARRIER:
        for qubit in targets:
            yield row(Op.BARRIER, qubit, angles=(0, 0, qubit == targets[0]))
    elif not n:
        yield row(Op(kind), *targets, angles=step.angles)
    elif len(targets) == 2:
        yield from _on_pair(Op(kind), controls, targets[0], targets[1], step.angles)
    else:
        yield from _on_one(Op(kind), controls, targets[0], step.angles)


@cache
def n_rows(kind: int, controls: int) -> int:
    """Return how many gates a step of this kind becomes; a barrier counts its qubits elsewhere."""
    n_targets = 0 if kind == PHASE else 2 if kind >= Op.CX and kind != Op.BARRIER else 1
    step = Step(kind, controls, tuple(range(controls + n_targets)), (0.1, 0.1, 0.1))
    return sum(1 for _ in rows(step))


def _phase(qubits: tuple[int, ...], angle: float) -> Iterator[Row]:
    """Multiply |1...1> by exp(i angle); all qubits play the same part."""
    if len(qubits) == 1:
        yield row(Op.P, qubits[0], angles=(angle,))
    elif len(qubits) == 2:
        yield row(Op.CP, *qubits, angles=(angle,))
    elif len(qubits) <= _PARITY_QUBITS:
        yield from _parities(qubits, angle)
    else:
        *most, last, target = qubits
        for turn in (angle / 2, -angle / 2):
            yield row(Op.CP, last, target, angles=(turn,))
            yield from _flip_with_spare(tuple(most), last, target)
        yield from _phase((*most, target), angle / 2)


def _parities(qubits: tuple[int, ...], angle: float) -> Iterator[Row]:
    """Turn the phase into phases of parities: a product of bits is a signed sum over the parities of all subsets."""
    share = angle / 2 ** (len(qubits) - 1)
    for last, qubit in enumerate(qubits):
        sign = 1
        for index in range(2**last):
            yield row(Op.P, qubit, angles=(sign * share,))
            sign = -sign
            if last:  # Gray code: the next subset differs by one qubit, and the last step closes the circle
                changed = min((~index & (index + 1)).bit_length(), last) - 1
                yield row(Op.CX, qubits[changed], qubit)


def _flip(controls: tuple[int, ...], target: int) -> Iterator[Row]:
    """X under controls."""
    if len(controls) == 1:
        yield row(Op.CX, controls[0], target)
    elif len(controls) == 2:
        yield from _toffoli(controls[0], controls[1], target)
    else:
        yield row(Op.H, target)
        yield from _phase((*controls, target), math.pi)
        yield row(Op.H, target)


def _toffoli(a: int, b: int, target: int) -> Iterator[Row]:
    yield row(Op.H, target)
    for control, turn in ((b, Op.TDG), (a, Op.T), (b, Op.TDG), (a, Op.T)):
        yield row(Op.CX, control, target)
        yield row(turn, target)
    yield row(Op.T, b)
    yield row(Op.H, target)
    yield row(Op.CX, a, b)
    yield row(Op.T, a)
    yield row(Op.TDG, b)
    yield row(Op.CX, a, b)


def _flip_with_spare(controls: tuple[int, ...], target: int, spare: int) -> Iterator[Row]:
    """X under controls, with one further qubit in any state, which is given back unchanged (lemma 7.3)."""
    if len(controls) <= _PARITY_QUBITS - 1:
        yield from _flip(controls, target)
        return
    half = (len(controls) + 1) // 2
    low, high = controls[:half], (*controls[half:], spare)
    for _ in range(2):
        yield from _ladder(low, spare, (*controls[half:], target))
        yield from _ladder(high, target, low)


def _ladder(controls: tuple[int, ...], target: int, spares: tuple[int, ...]) -> Iterator[Row]:
    """X under controls, with as many spare qubits in any state as controls less two (lemma 7.2)."""
    n = len(controls)
    if n <= 2:
        yield from _flip(controls, target)
        return
    chain = (*spares[: n - 2], target)
    down = [(controls[k + 1], chain[k - 1], chain[k]) for k in range(n - 2, 0, -1)]
    bottom = (controls[0], controls[1], chain[0])
    inner = down[1:]
    for a, b, c in (*down, bottom, *reversed(down), *inner, bottom, *reversed(inner)):
        yield from _toffoli(a, b, c)


def _on_one(kind: Op, controls: tuple[int, ...], target: int, angles: tuple[float, ...]) -> Iterator[Row]:
    if kind == Op.ID:
        return
    if len(controls) == 1 and kind in _ONE_CONTROL:
        yield row(_ONE_CONTROL[kind], controls[0], target, angles=angles)
    elif kind == Op.X:
        yield from _flip(controls, target)
    elif kind == Op.P or kind in _AS_PHASE:
        yield from _phase((*controls, target), angles[0] if kind == Op.P else _AS_PHASE[kind])
    elif kind == Op.Y:
        yield from _between(row(Op.SDG, target), _flip(controls, target), row(Op.S, target))
    elif kind == Op.H:
        eighth = math.pi / 4  # H = Ry(pi/4) Z Ry(-pi/4)
        before, after = row(Op.RY, target, angles=(-eighth,)), row(Op.RY, target, angles=(eighth,))
        yield from _between(before, _phase((*controls, target), math.pi), after)
    elif kind in (Op.SX, Op.SXDG):
        quarter = math.pi / 4 if kind == Op.SX else -math.pi / 4
        yield from _phase(controls, quarter)
        yield from _on_one(Op.RX, controls, target, (2 * quarter,))
    elif kind == Op.RX:
        yield from _between(row(Op.H, target), _on_one(Op.RZ, controls, target, angles), row(Op.H, target))
    elif kind in (Op.RY, Op.RZ):
        for turn in (angles[0] / 2, -angles[0] / 2):
            yield row(kind, target, angles=(turn,))
            yield from _flip(controls, target)
    else:
        yield from _u(controls, target, *angles)


def _u(controls: tuple[int, ...], target: int, theta: float, phi: float, lam: float) -> Iterator[Row]:
    """U = exp(i (theta + phi + lambda) / 2) Rz(phi) Ry(theta) Rz(lambda), as A X B X C with A B C = 1."""
    yield from _phase(controls, (theta + phi + lam) / 2)
    yield row(Op.RZ, target, angles=((lam - phi) / 2,))
    yield from _flip(controls, target)
    yield row(Op.RZ, target, angles=(-(phi + lam) / 2,))
    yield row(Op.RY, target, angles=(-theta / 2,))
    yield from _flip(controls, target)
    yield row(Op.RY, target, angles=(theta / 2,))
    yield row(Op.RZ, target, angles=(phi,))


def _on_pair(kind: Op, controls: tuple[int, ...], a: int, b: int, angles: tuple[float, ...]) -> Iterator[Row]:
    """A gate on two targets: only what stands between a change of basis and its inverse needs the controls."""
    if kind == Op.SWAP:
        yield from _between(row(Op.CX, b, a), _flip((*controls, a), b), row(Op.CX, b, a))
        return
    into, out = {
        Op.RZZ: ((), ()),
        Op.RXX: ((row(Op.H, a), row(Op.H, b)), (row(Op.H, a), row(Op.H, b))),
        Op.RYY: ((row(Op.SXDG, a), row(Op.SXDG, b)), (row(Op.SX, a), row(Op.SX, b))),
    }[kind]
    yield from into
    yield from _between(row(Op.CX, a, b), _on_one(Op.RZ, controls, b, angles), row(Op.CX, a, b))
    yield from out


def _between(before: Row, inner: Iterator[Row], after: Row) -> Iterator[Row]:
    yield before
    yield from inner
    yield after
