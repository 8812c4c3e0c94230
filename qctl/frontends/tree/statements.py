"""Words to syntax trees: statements. Whatever this reader does not know, the slower reference parser reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from openqasm3 import ast

from .flat_run import FlatRun
from .openpulse import PULSES, Calibrations
from .reader import BARE, SCALARS, Meaningless, Unsure
from .words import Words

ASSIGNMENTS = {sign.name: sign for sign in ast.AssignmentOperator}
_ANNOTATION = re.compile(r"@([A-Za-z_]\w*(?:\.\w+)*)[ \t]*([^\r]*)")
_PRAGMA = re.compile(r"#?pragma[ \t]+([^\r]+)")
MODIFIERS = frozenset({"inv", "pow", "ctrl", "negctrl", "gphase"})


Other = Callable[[int], tuple[Any, int]]
"""Reads the statement that begins at a word; returns its tree, and the number of the word behind it."""


def unsure(first: int) -> tuple[Any, int]:
    """Read no statement."""
    raise Unsure


def quick_tree(words: Words, other: Other = unsure) -> ast.Program:
    """Return the syntax tree of a text.

    Parameters
    ----------
    other : reads statements outside of all blocks that this parser does not know, or says what is wrong with them
    """
    return _Statements(words).program(other)


class _Statements(Calibrations):
    """Reads statements."""

    def __init__(self, words: Words) -> None:
        super().__init__(words)
        rules: dict[str, Callable[[int], Any]] = {
            "if": self.branch, "for": self.count, "while": self.loop, "switch": self.switch, "box": self.box,
            "break": self.leave, "continue": self.leave, "return": self.give_back, "end": self.end, "let": self.alias,
            "measure": self.arrow, "reset": self.reset, "barrier": self.barrier, "delay": self.delay,
            "def": self.subroutine, "gate": self.definition, "include": self.include, "const": self.constant,
            "qubit": self.qubits, "qreg": self.old, "creg": self.old, "input": self.outside, "output": self.outside,
            "nop": self.nothing, "array": self.array, "cal": self.calibration, "defcal": self.calibrated,
            "defcalgrammar": self.grammar,
        }  # fmt: skip
        self._rules = rules | dict.fromkeys(MODIFIERS, self.gate) | dict.fromkeys([*SCALARS, *BARE], self.declaration)

    def program(self, other: Other) -> ast.Program:
        """Read the whole text."""
        version = None
        if self.texts[0] == "OPENQASM" and self.texts[2:3] == [";"]:
            version, self.at = self.texts[1], 3
        statements = []
        while self.kinds[self.at] != "END":
            first = self.at
            try:
                statements.append(self.statement())
            except (Unsure, IndexError, KeyError, TypeError, ValueError, OverflowError):
                self.n_loops, self.depth, self.in_subroutine, self.in_calibration = 0, 0, False, False
                notes, first = self.notes(first)
                statement, self.at = other(first)
                if notes:
                    statement.annotations = notes
                statements.append(statement)
        return self.placed(ast.Program(statements=statements, version=version), 0)

    def statement(self) -> Any:  # noqa: ANN401 - any statement
        """Read a statement, or a block of some."""
        start, text = self.at, self.texts[self.at]
        if start in self.runs:
            return self.run(start)
        if text == "{":
            return self.placed(ast.CompoundStatement(statements=self.block()), start)
        if start in self.lines:
            return self.noted(start)
        rule = self._rules.get(text) if self.kinds[start] == "NAME" else None
        if self.in_calibration and text in PULSES:
            rule = self.entity
        return self.placed(rule(start) if rule is not None else self.other(start), start)

    def run(self, start: int) -> FlatRun:
        """Return a row of gates."""
        self.at += 1
        return self.placed(FlatRun(self.starts[start], *self.runs[start]), start)

    def noted(self, start: int) -> Any:  # noqa: ANN401
        """Read a pragma, or a statement with its annotations."""
        if self.lines[start].startswith("@"):
            found, self.at = self.notes(start)
        else:
            found = []
        if found and self.texts[self.at] != "{" and self.at not in self.lines:
            statement = self.statement()
            statement.annotations = found
            return statement
        pragma = _PRAGMA.match(self.lines[start])
        if found or pragma is None:
            raise Unsure
        self.is_global()
        self.at += 1
        return self.placed(ast.Pragma(pragma[1]), start)

    def notes(self, start: int) -> tuple[list[ast.Annotation], int]:
        """Return the annotations from a word on, and the number of the word behind them."""
        found = []
        while (line := _ANNOTATION.match(self.lines.get(start, ""))) is not None:
            found.append(self.placed(ast.Annotation(line[1], line[2] or None), start))
            start += 1
        return found, start

    def block(self) -> list[Any]:
        """Read a block in braces."""
        self.expect("{")
        self.depth += 1
        found = []
        while not self.accept("}"):
            found.append(self.statement())
        self.depth -= 1
        return found

    def body(self) -> list[Any]:
        """Read a block, or a single statement instead."""
        if self.texts[self.at] == "{":
            return self.block()
        self.depth += 1
        found = [self.statement()]
        self.depth -= 1
        return found

    def other(self, start: int) -> Any:  # noqa: ANN401
        """Read what begins with a name: a gate, an assignment, or an expression."""
        following = self.texts[self.at + 1]
        if following == "(":
            return self.called(start)
        if following == "[" or following in ASSIGNMENTS:
            return self.assignment()
        if following == ";":
            return self.ended(ast.ExpressionStatement(self.name()))
        return self.gate(start)

    def called(self, start: int) -> Any:  # noqa: ANN401
        """Read a gate with arguments, or a call that stands alone."""
        name = self.name()
        self.at += 1
        arguments = self.several(self.expression, ")")
        if self.texts[self.at] == ";":
            return self.ended(ast.ExpressionStatement(self.call(name, arguments, start)))
        return self.ended(ast.QuantumGate([], name, arguments, self.operands()))

    def operands(self) -> list[Any]:
        """Read at least one operand."""
        found = [self.place()]
        while self.accept(","):
            found.append(self.place())
        return found

    def gate(self, start: int) -> Any:  # noqa: ANN401
        """Read a gate with modifiers."""
        modifiers = []
        while self.texts[self.at] in MODIFIERS and self.texts[self.at] != "gphase":
            modifiers.append(self.modifier())
        if self.accept("gphase"):
            self.expect("(")
            argument = self.expression()
            self.expect(")")
            on = [] if self.texts[self.at] == ";" else self.operands()
            return self.ended(ast.QuantumPhase(modifiers=modifiers, argument=argument, qubits=on))
        name = self.name()
        arguments = self.several(self.expression, ")") if self.accept("(") else []
        return self.ended(ast.QuantumGate(modifiers, name, arguments, self.operands()))

    def modifier(self) -> ast.QuantumGateModifier:
        """Read a modifier and the sign behind it."""
        start, text, argument = self.at, self.texts[self.at], None
        self.at += 1
        if self.texts[self.at] == "(":
            self.at += 1
            argument = self.expression()
            self.expect(")")
        if (argument is None) if text == "pow" else (argument is not None and text == "inv"):
            raise Unsure
        self.expect("@")
        return self.placed(ast.QuantumGateModifier(ast.GateModifierName[text], argument), start)

    def assignment(self) -> Any:  # noqa: ANN401
        """Read an assignment, also of what is measured."""
        target = self.place()
        sign = ASSIGNMENTS[self.texts[self.at]]
        self.at += 1
        if self.texts[self.at] == "measure":
            if sign.name != "=":  # the reference parser forgets the operator
                what = f"{sign.name!r} before a measurement"
                raise Meaningless(what, self.starts[self.at - 1], "measure into a bit of its own first")
            return self.ended(ast.QuantumMeasurementStatement(self.measurement(), target))
        return self.ended(ast.ClassicalAssignment(target, sign, self.expression()))

    def arrow(self, start: int) -> Any:  # noqa: ANN401
        """Read a measurement whose target, if any, stands behind it."""
        measure = self.measurement()
        return self.ended(ast.QuantumMeasurementStatement(measure, self.place() if self.accept("->") else None))

    def named(self) -> Any:  # noqa: ANN401
        """Read what begins with a word; ``durationof`` holds statements."""
        start = self.at
        if not self.accept("durationof"):
            return super().named()
        self.expect("(")
        target = self.block()
        self.expect(")")
        return self.placed(ast.DurationOf(target), start)

    def branch(self, start: int) -> Any:  # noqa: ANN401
        """Read ``if`` and ``else``."""
        self.at += 1
        condition = self.in_parentheses()
        then = self.body()
        return ast.BranchingStatement(condition, then, self.body() if self.accept("else") else [])

    def in_parentheses(self) -> Any:  # noqa: ANN401
        """Read an expression in parentheses."""
        self.expect("(")
        found = self.expression()
        self.expect(")")
        return found

    def loop(self, start: int) -> Any:  # noqa: ANN401
        """Read ``while``."""
        self.at += 1
        condition = self.in_parentheses()
        return ast.WhileLoop(condition, self.round())

    def round(self) -> list[Any]:
        """Read the body of a loop."""
        self.n_loops += 1
        found = self.body()
        self.n_loops -= 1
        return found

    def count(self, start: int) -> Any:  # noqa: ANN401
        """Read ``for``."""
        self.at += 1
        kind, name = self.type(), self.name()
        self.expect("in")
        values: Any
        if self.texts[self.at] == "[":
            self.at += 1
            values = self.range()
            self.expect("]")
            if not isinstance(values, ast.RangeDefinition):
                raise Unsure
        else:
            values = self.set() if self.texts[self.at] == "{" else self.expression()
        return ast.ForInLoop(kind, name, values, self.round())

    def switch(self, start: int) -> Any:  # noqa: ANN401
        """Read ``switch``."""
        self.at += 1
        target = self.in_parentheses()
        self.expect("{")
        cases: list[Any] = []
        default = None
        while not self.accept("}"):
            if default is not None:
                raise Unsure
            if self.accept("default"):
                default = self.scope()
                continue
            self.expect("case")
            labels = [self.expression()]
            while self.accept(","):
                labels.append(self.expression())
            cases.append((labels, self.scope()))
        return ast.SwitchStatement(target, cases, default)

    def scope(self) -> ast.CompoundStatement:
        """Read a block in braces, as one statement."""
        start = self.at
        return self.placed(ast.CompoundStatement(statements=self.block()), start)

    def leave(self, start: int) -> Any:  # noqa: ANN401
        """Read ``break`` and ``continue``."""
        if not self.n_loops:
            raise Unsure
        self.at += 1
        return self.ended(ast.BreakStatement() if self.texts[start] == "break" else ast.ContinueStatement())

    def give_back(self, start: int) -> Any:  # noqa: ANN401
        """Read ``return``."""
        if not self.in_subroutine:
            raise Unsure
        self.at += 1
        return self.ended(ast.ReturnStatement(None if self.texts[self.at] == ";" else self.value()))

    def end(self, start: int) -> Any:  # noqa: ANN401
        """Read ``end``."""
        self.at += 1
        return self.ended(ast.EndStatement())

    def nothing(self, start: int) -> Any:  # noqa: ANN401
        """Leave ``nop`` to the reference parser."""
        raise Unsure

    def reset(self, start: int) -> Any:  # noqa: ANN401
        """Read ``reset``."""
        self.at += 1
        return self.ended(ast.QuantumReset(self.place()))

    def barrier(self, start: int) -> Any:  # noqa: ANN401
        """Read ``barrier``."""
        self.at += 1
        return self.ended(ast.QuantumBarrier([] if self.texts[self.at] == ";" else self.operands()))

    def delay(self, start: int) -> Any:  # noqa: ANN401
        """Read ``delay``."""
        self.at += 1
        length = self.designator()
        if length is None:
            raise Unsure
        return self.ended(ast.DelayInstruction(length, [] if self.texts[self.at] == ";" else self.operands()))

    def box(self, start: int) -> Any:  # noqa: ANN401
        """Read ``box``."""
        self.at += 1
        length = self.designator()
        return ast.Box(length, self.block())
