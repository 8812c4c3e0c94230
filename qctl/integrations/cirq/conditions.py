"""Conditions that SymPy says about measurement keys, as terms of a program's flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from qctl.core.flow import Term, combine

Word = Callable[[str], Term]
"""What a key says, as a number whose highest bit is its first qubit's."""

_RELATIONS: dict[type, str] = {
    sympy.Eq: "==", sympy.Ne: "!=", sympy.Lt: "<", sympy.Le: "<=", sympy.Gt: ">", sympy.Ge: ">=",
}  # fmt: skip
_SUMS: dict[type, str] = {sympy.Add: "+", sympy.Mul: "*"}
_LOGIC: dict[type, str] = {sympy.And: "and", sympy.Or: "or"}


def term_of(expression: Any, word: Word, digits: Callable[[str], list[Term]]) -> Term:  # noqa: ANN401 (SymPy's)
    """Return an expression of keys as a term.

    Parameters
    ----------
    digits : bits of a key, that of its first qubit first

    Raises
    ------
    TypeError
        When it holds what is neither arithmetic, relation nor logic.
    """
    if isinstance(expression, sympy.Symbol):
        return word(expression.name)
    if isinstance(expression, sympy.Indexed):
        return digits(str(expression.base))[int(expression.indices[0])]
    if expression in (sympy.true, sympy.false):
        return int(bool(expression))
    if expression.is_number:
        return int(expression) if expression.is_Integer else float(expression)
    parts = [term_of(part, word, digits) for part in expression.args]
    kind = type(expression)
    if kind in _RELATIONS:
        return combine(_RELATIONS[kind], *parts)
    if isinstance(expression, sympy.Not):
        return combine("not", *parts)
    if kind in _SUMS:
        return _folded(_SUMS[kind], parts)
    if kind in _LOGIC:
        return _folded(_LOGIC[kind], parts)
    if isinstance(expression, sympy.Xor):
        return _folded("!=", [combine("bool", part) for part in parts])
    if isinstance(expression, sympy.Abs):
        return _chosen(combine("<", *parts, 0), parts[0], combine("-", 0, *parts))
    if isinstance(expression, sympy.Mod):
        left, by = combine("%", *parts), parts[1]  # with the sign of what is divided; SymPy's has that of the divisor
        return combine("%", combine("+", left, by), by)
    if isinstance(expression, sympy.Max | sympy.Min):
        return _extreme(parts, "<" if isinstance(expression, sympy.Max) else ">")
    if isinstance(expression, sympy.Pow) and expression.exp.is_Integer and expression.exp >= 0:
        return combine("**", *parts)
    raise TypeError(f"{kind.__name__} of measurement keys")


def _chosen(condition: Term, otherwise: Term, then: Term) -> Term:
    """Return one of two numbers, in operators that OpenQASM 3 has."""
    return combine("+", otherwise, combine("*", condition, combine("-", then, otherwise)))


def _extreme(parts: list[Term], sign: str) -> Term:
    """Return the one of several terms that no other is beyond."""
    found = parts[0]
    for part in parts[1:]:
        found = _chosen(combine(sign, found, part), found, part)
    return found


def _folded(sign: str, parts: list[Term]) -> Term:
    found = parts[0]
    for part in parts[1:]:
        found = combine(sign, found, part)
    return found
