"""Qiskit's classical expressions as terms of a program's flow."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qctl.core.errors import ProgramError
from qctl.core.flow import Assign, Bit, Cell, Statement, Store, Term, combine

_BINARY = {
    "BIT_AND": "&", "BIT_OR": "|", "BIT_XOR": "^", "LOGIC_AND": "and", "LOGIC_OR": "or", "EQUAL": "==",
    "NOT_EQUAL": "!=", "LESS": "<", "LESS_EQUAL": "<=", "GREATER": ">", "GREATER_EQUAL": ">=", "ADD": "+", "SUB": "-",
    "MUL": "*", "DIV": "/", "SHIFT_LEFT": "<<",
}  # fmt: skip

Cells = MutableMapping[Any, int]
"""Number of each variable that stands for itself."""


def condition_of(asked: Any, bits: Mapping[Clbit, int], cells: Cells) -> Term:  # noqa: ANN401 (a pair or an expression)
    """Return a condition, or the target of a switch, as a term.

    Parameters
    ----------
    asked : a bit or register and its value, either alone, or an expression
    bits : number of each bit

    Raises
    ------
    ProgramError
        Names what has no meaning here.
    """
    if isinstance(asked, tuple):
        target, value = asked
        return combine("==", _variable(target, bits, cells), int(value))
    if isinstance(asked, Clbit | ClassicalRegister):
        return _variable(asked, bits, cells)
    return _term(asked, bits, cells)


def store_of(target: expr.Expr, value: expr.Expr, bits: Mapping[Clbit, int], cells: Cells) -> Statement:
    """Return what writes a value into a bit, a register, one of its bits, or a variable."""
    term = _term(value, bits, cells)
    if isinstance(target, expr.Index) and isinstance(target.target, expr.Var) and isinstance(target.index, expr.Value):
        register = target.target.var
        if isinstance(register, ClassicalRegister):
            return Store((bits[register[int(target.index.value)]],), term)
    if isinstance(target, expr.Var):
        if isinstance(target.var, Clbit):
            return Store((bits[target.var],), term)
        if isinstance(target.var, ClassicalRegister):
            return Store(tuple(bits[bit] for bit in target.var), term)
        return Assign(_cell(target.var, cells), term)
    raise ProgramError("an assignment to an expression", allowed="bits, registers and variables")


def _variable(target: Any, bits: Mapping[Clbit, int], cells: Cells) -> Term:  # noqa: ANN401
    if isinstance(target, Clbit):
        return Bit(_place(target, bits))
    if isinstance(target, ClassicalRegister):
        return combine("packed", *(Bit(_place(bit, bits)) for bit in target))
    return Cell(_cell(target, cells))


def _place(bit: Clbit, bits: Mapping[Clbit, int]) -> int:
    if bit not in bits:
        raise ProgramError(f"a condition on {bit}", allowed="bits of the circuit or block that it stands in")
    return bits[bit]


def _cell(variable: Any, cells: Cells) -> int:  # noqa: ANN401 (what Qiskit tells variables apart by)
    return cells.setdefault(variable, len(cells))


def _term(node: expr.Expr, bits: Mapping[Clbit, int], cells: Cells) -> Term:
    def term(inner: expr.Expr) -> Term:
        return _term(inner, bits, cells)

    if isinstance(node.type, types.Duration) or isinstance(node, expr.Stretch):
        raise ProgramError("a duration among classical values", allowed="bits, whole numbers and floats")
    if isinstance(node, expr.Var):
        return _variable(node.var, bits, cells)
    if isinstance(node, expr.Value):
        return node.value if isinstance(node.value, float) else int(node.value)
    if isinstance(node, expr.Cast):
        return _fitted(term(node.operand), node.type, cast=True)
    if isinstance(node, expr.Unary):
        return _unary(node, term(node.operand))
    if isinstance(node, expr.Index):
        moved = combine("<<", term(node.target), combine("-", 0, term(node.index)))
        return combine("&", moved, 1)
    if isinstance(node, expr.Binary):
        name, left, right = node.op.name, term(node.left), term(node.right)
        if name == "SHIFT_RIGHT":
            return combine("<<", left, combine("-", 0, right))
        if name in _BINARY:
            return _fitted(combine(_BINARY[name], left, right), node.type)
    raise ProgramError(f"the classical expression {node}", allowed="operators on bits, registers and variables")


def _unary(node: expr.Unary, operand: Term) -> Term:
    if node.op.name == "BIT_NOT" and isinstance(node.type, types.Uint):
        return combine("^", operand, (1 << node.type.width) - 1)
    if node.op.name in ("BIT_NOT", "LOGIC_NOT"):
        return combine("not", operand)
    return _fitted(combine("-", 0, operand), node.type)


def _fitted(value: Term, kind: types.Type, *, cast: bool = False) -> Term:
    """Return a value as its type holds it: words wrap."""
    if isinstance(kind, types.Uint):
        return combine("word", value, kind.width)
    if cast and isinstance(kind, types.Bool):
        return combine("bool", value)
    return combine("float", value) if cast and isinstance(kind, types.Float) else value
