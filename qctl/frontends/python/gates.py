"""The gates of a circuit, as methods: angles first, then qubits, as OpenQASM 3 has them."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Seq
from typing import Self

from qctl.core.axis import Number
from qctl.core.program import Op

from .value import Value

Angle = Number | Value
"""Radians: a number, one that is swept, or one worked out from measured bits."""
On = int | str | Iterable[int | str]
"""A qubit by number or name, or several: a gate on several is done on each; two rows go in pairs."""


class Gates:
    """What every circuit can do to its qubits. All return the circuit: ``circuit.h(0).cx(0, 1)``."""

    def gate(self, op: Op, on: Seq[On], angles: Seq[Angle] = ()) -> Self:
        """Add a gate; here every method below ends."""
        raise NotImplementedError

    def x(self, qubit: On) -> Self:
        """Add the Pauli X: a half turn about x."""
        return self.gate(Op.X, (qubit,))

    def y(self, qubit: On) -> Self:
        """Add the Pauli Y."""
        return self.gate(Op.Y, (qubit,))

    def z(self, qubit: On) -> Self:
        """Add the Pauli Z."""
        return self.gate(Op.Z, (qubit,))

    def h(self, qubit: On) -> Self:
        """Add the Hadamard gate."""
        return self.gate(Op.H, (qubit,))

    def s(self, qubit: On) -> Self:
        """Add a quarter turn about z."""
        return self.gate(Op.S, (qubit,))

    def sdg(self, qubit: On) -> Self:
        """Add a quarter turn back about z."""
        return self.gate(Op.SDG, (qubit,))

    def t(self, qubit: On) -> Self:
        """Add an eighth turn about z."""
        return self.gate(Op.T, (qubit,))

    def tdg(self, qubit: On) -> Self:
        """Add an eighth turn back about z."""
        return self.gate(Op.TDG, (qubit,))

    def sx(self, qubit: On) -> Self:
        """Add a quarter turn about x."""
        return self.gate(Op.SX, (qubit,))

    def sxdg(self, qubit: On) -> Self:
        """Add a quarter turn back about x."""
        return self.gate(Op.SXDG, (qubit,))

    def rx(self, angle: Angle, qubit: On) -> Self:
        """Add a turn about x."""
        return self.gate(Op.RX, (qubit,), (angle,))

    def ry(self, angle: Angle, qubit: On) -> Self:
        """Add a turn about y."""
        return self.gate(Op.RY, (qubit,), (angle,))

    def rz(self, angle: Angle, qubit: On) -> Self:
        """Add a turn about z."""
        return self.gate(Op.RZ, (qubit,), (angle,))

    def p(self, angle: Angle, qubit: On) -> Self:
        """Add a phase of 1: ``diag(1, exp(i angle))``."""
        return self.gate(Op.P, (qubit,), (angle,))

    def r(self, angle: Angle, axis: Angle, qubit: On) -> Self:
        """Add a turn about ``cos(axis) x + sin(axis) y``: what a pulse of this phase does."""
        return self.gate(Op.R, (qubit,), (angle, axis))

    def u(self, theta: Angle, phi: Angle, lam: Angle, qubit: On) -> Self:
        """Add ``U(theta, phi, lambda)`` of OpenQASM 3."""
        return self.gate(Op.U, (qubit,), (theta, phi, lam))

    def cx(self, control: On, target: On) -> Self:
        """Add a controlled X."""
        return self.gate(Op.CX, (control, target))

    def cy(self, control: On, target: On) -> Self:
        """Add a controlled Y."""
        return self.gate(Op.CY, (control, target))

    def cz(self, control: On, target: On) -> Self:
        """Add a controlled Z."""
        return self.gate(Op.CZ, (control, target))

    def ch(self, control: On, target: On) -> Self:
        """Add a controlled Hadamard gate."""
        return self.gate(Op.CH, (control, target))

    def swap(self, one: On, other: On) -> Self:
        """Add an exchange of two qubits."""
        return self.gate(Op.SWAP, (one, other))

    def iswap(self, one: On, other: On) -> Self:
        """Add an exchange with a phase of i."""
        return self.gate(Op.ISWAP, (one, other))

    def cp(self, angle: Angle, control: On, target: On) -> Self:
        """Add a controlled phase."""
        return self.gate(Op.CP, (control, target), (angle,))

    def crx(self, angle: Angle, control: On, target: On) -> Self:
        """Add a controlled turn about x."""
        return self.gate(Op.CRX, (control, target), (angle,))

    def cry(self, angle: Angle, control: On, target: On) -> Self:
        """Add a controlled turn about y."""
        return self.gate(Op.CRY, (control, target), (angle,))

    def crz(self, angle: Angle, control: On, target: On) -> Self:
        """Add a controlled turn about z."""
        return self.gate(Op.CRZ, (control, target), (angle,))

    def rxx(self, angle: Angle, one: On, other: On) -> Self:
        """Add ``exp(-i angle XX / 2)``."""
        return self.gate(Op.RXX, (one, other), (angle,))

    def ryy(self, angle: Angle, one: On, other: On) -> Self:
        """Add ``exp(-i angle YY / 2)``."""
        return self.gate(Op.RYY, (one, other), (angle,))

    def rzz(self, angle: Angle, one: On, other: On) -> Self:
        """Add ``exp(-i angle ZZ / 2)``."""
        return self.gate(Op.RZZ, (one, other), (angle,))

    def ccx(self, one: On, other: On, target: On) -> Self:
        """Add a Toffoli gate, out of six controlled X (Nielsen and Chuang, figure 4.9)."""
        self.h(target).cx(other, target).tdg(target).cx(one, target).t(target).cx(other, target).tdg(target)
        self.cx(one, target).t(other).t(target).h(target).cx(one, other)
        return self.t(one).tdg(other).cx(one, other)
