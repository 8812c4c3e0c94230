"""Gates of qelib1.inc and stdgates.inc, from their definitions, as steps.

Sources: "Open Quantum Assembly Language" (Cross et al., arXiv:1707.03429), qelib1.inc with the later additions that
Qiskit ships; OpenQASM 3 specification, "Standard library". OpenQASM 2 leaves the phase of a gate open; here the gates
of qelib1.inc have those of Qiskit's gates of the same name, which matters only where an OpenQASM 3 program includes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from qctl.core.program import Op

from .gate import LibraryGate
from .steps import PHASE, Step

_PI = math.pi


def _phase(angle: float, *controls: int) -> Step:
    return Step(PHASE, len(controls), controls, (angle,))


def _plain(op: Op, n_parameters: int = 0) -> LibraryGate:
    """Return a one-qubit gate that is one event."""
    return LibraryGate(n_parameters, 1, lambda *angles: [Step(op, 0, (0,), angles)], (op, ()))


def _under(op: Op, controls: int, direct: Op | None = None, n_parameters: int = 0) -> LibraryGate:
    """Return a gate on one qubit (two for a SWAP) under controls."""
    qubits = tuple(range(controls + (2 if op >= Op.CX else 1)))
    one = None if direct is None else (direct, ())
    return LibraryGate(n_parameters, len(qubits), lambda *angles: [Step(op, controls, qubits, angles)], one)


def _u_like(*before: float, n_parameters: int, phase: float) -> LibraryGate:
    """Return U with its first angles given; ``phase`` times (theta + phi + lambda) is its phase beyond that of U."""

    def build(*angles: float) -> list[Step]:
        triple = (*before, *angles)
        return [_phase(phase * sum(triple)), Step(Op.U, 0, (0,), triple)]

    return LibraryGate(n_parameters, 1, build, (Op.U, before))


def _qiskit_u(n_parameters: int, *before: float) -> LibraryGate:
    """Return Qiskit's u: the phase of U beyond it is theta / 2."""

    def build(*angles: float) -> list[Step]:
        triple = (*before, *angles)
        return [_phase(-triple[0] / 2), Step(Op.U, 0, (0,), triple)]

    return LibraryGate(n_parameters, 1, build, (Op.U, before))


def _controlled_u(theta: float, phi: float, lam: float, gamma: float = 0.0) -> list[Step]:
    return [_phase(gamma - theta / 2, 0), Step(Op.U, 1, (0, 1), (theta, phi, lam))]


def _pair(op: Op) -> LibraryGate:
    return LibraryGate(1, 2, lambda angle: [Step(op, 0, (0, 1), (angle,))], (op, ()))


def _relative_toffoli() -> list[Step]:
    """Return rccx: a Toffoli gate up to phases of its basis states."""
    out = [Step(Op.H, 0, (2,))]
    for turn, control in ((Op.T, 1), (Op.TDG, 0), (Op.T, 1)):
        out += [Step(turn, 0, (2,)), Step(Op.X, 1, (control, 2))]
    return [*out, Step(Op.TDG, 0, (2,)), Step(Op.H, 0, (2,))]


def _relative_toffoli_3() -> list[Step]:
    """Return rc3x: X under three controls up to phases of its basis states."""
    h, t, tdg = (Step(op, 0, (3,)) for op in (Op.H, Op.T, Op.TDG))
    from_a, from_b, from_c = (Step(Op.X, 1, (control, 3)) for control in (0, 1, 2))
    corner = [h, t, from_c, tdg, h]
    return [*corner, from_a, t, from_b, tdg, from_a, t, from_b, tdg, *corner]


BUILT_IN: Mapping[str, LibraryGate] = {
    "U": LibraryGate(3, 1, lambda *angles: [Step(Op.U, 0, (0,), angles)], (Op.U, ())),
}
"""What OpenQASM 3 knows without any library, except gphase."""

BUILT_IN_2: Mapping[str, LibraryGate] = {"U": _qiskit_u(3), "CX": _under(Op.X, 1, Op.CX)}
"""What OpenQASM 2 knows without any library."""

_COMMON: Mapping[str, LibraryGate] = {
    "x": _plain(Op.X),
    "y": _plain(Op.Y),
    "z": _plain(Op.Z),
    "h": _plain(Op.H),
    "s": _plain(Op.S),
    "sdg": _plain(Op.SDG),
    "t": _plain(Op.T),
    "tdg": _plain(Op.TDG),
    "id": _plain(Op.ID),
    "rx": _plain(Op.RX, 1),
    "ry": _plain(Op.RY, 1),
    "rz": _plain(Op.RZ, 1),
    "u1": _plain(Op.P, 1),
    "cx": _under(Op.X, 1, Op.CX),
    "cy": _under(Op.Y, 1, Op.CY),
    "cz": _under(Op.Z, 1, Op.CZ),
    "ch": _under(Op.H, 1, Op.CH),
    "crz": _under(Op.RZ, 1, Op.CRZ, 1),
    "ccx": _under(Op.X, 2),
}

_LATER: Mapping[str, LibraryGate] = {
    "p": _plain(Op.P, 1),
    "sx": _plain(Op.SX),
    "swap": _under(Op.SWAP, 0, Op.SWAP),
    "cswap": _under(Op.SWAP, 1),
    "cp": _under(Op.P, 1, Op.CP, 1),
    "crx": _under(Op.RX, 1, Op.CRX, 1),
    "cry": _under(Op.RY, 1, Op.CRY, 1),
    "cu": LibraryGate(4, 2, _controlled_u),
}

QELIB1: Mapping[str, LibraryGate] = {
    **_COMMON,
    "u2": _qiskit_u(2, _PI / 2),
    "u3": _qiskit_u(3),
    "cu1": _under(Op.P, 1, Op.CP, 1),
    "cu3": LibraryGate(3, 2, _controlled_u),
}
"""The gates of qelib1.inc as published: a program that includes it may not define them again."""

QELIB1_LATER: Mapping[str, LibraryGate] = {
    **_LATER,
    "u": _qiskit_u(3),
    "u0": LibraryGate(1, 1, lambda _gamma: [Step(Op.ID, 0, (0,))]),
    "sxdg": _plain(Op.SXDG),
    "csx": _under(Op.SX, 1),
    "rxx": _pair(Op.RXX),
    "rzz": _pair(Op.RZZ),
    "rccx": LibraryGate(0, 3, _relative_toffoli),
    "rc3x": LibraryGate(0, 4, _relative_toffoli_3),
    "c3x": _under(Op.X, 3),
    "c3sqrtx": _under(Op.SX, 3),
    "c4x": _under(Op.X, 4),
}
"""Later additions to qelib1.inc: a program may define gates of these names itself."""

STDGATES: Mapping[str, LibraryGate] = {
    **_COMMON,
    **_LATER,
    "CX": _under(Op.X, 1, Op.CX),
    "phase": _plain(Op.P, 1),
    "cphase": _under(Op.P, 1, Op.CP, 1),
    "u2": _u_like(_PI / 2, n_parameters=2, phase=-0.5),
    "u3": _u_like(n_parameters=3, phase=-0.5),
}
"""The gates of stdgates.inc."""
