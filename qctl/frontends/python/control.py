"""What a circuit decides by itself while it runs: branches, loops, variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from qctl.core.errors import ProgramError
from qctl.core.flow import Assign, Branch, Loop, Scope, Statement, Store, Term

from ..blocks import Exit
from .draft import Draft
from .value import Measured, Value, Valuelike, Variable, term_of


class Control:
    """Decisions on measured bits. A machine that cannot take them in time refuses the circuit and says why."""

    _draft: Draft

    @contextmanager
    def if_(self, condition: Value) -> Iterator[None]:
        """Do what is written inside only where a condition holds.

        Examples
        --------
        >>> from qctl import Circuit
        >>> circuit = Circuit(2)
        >>> bit = circuit.h(0).measure(0)
        >>> with circuit.if_(bit == 1):
        ...     _ = circuit.x(1)
        """
        asked = self._asked(condition)
        with self._draft.blocks.inner() as then:
            yield
        self._draft.blocks.add(Branch(asked, tuple(then)))

    @contextmanager
    def else_(self) -> Iterator[None]:
        """Do what is written inside where the condition of the ``if_`` right before does not hold."""
        branch = self._draft.blocks.take_last(Branch)
        if not isinstance(branch, Branch) or branch.otherwise:
            raise ProgramError("an else_ without an if_ right before it", allowed="with circuit.if_(...): first")
        with self._draft.blocks.inner() as otherwise:
            yield
        self._draft.blocks.add(Branch(branch.condition, branch.then, tuple(otherwise)))

    @contextmanager
    def while_(self, condition: Value) -> Iterator[None]:
        """Repeat what is written inside as long as a condition holds; it is asked before each round."""
        asked = self._asked(condition)
        with self._draft.blocks.inner(Exit.BREAK, Exit.CONTINUE) as body:
            yield
        self._draft.blocks.add(Loop(asked, (Scope(tuple(body)),)))

    def break_(self) -> Self:
        """Leave the innermost ``while_``."""
        self._draft.blocks.leave(Exit.BREAK)
        return self

    def continue_(self) -> Self:
        """Go on with the next round of the innermost ``while_``."""
        self._draft.blocks.leave(Exit.CONTINUE)
        return self

    def variable(self, value: Valuelike = 0) -> Variable:
        """Return a new variable of the circuit; Python's own variables hold what is known while it is written."""
        found = Variable(self._draft.n_cells, self._draft.number)
        self._draft.n_cells += 1
        self.set(found, value)
        return found

    def set(self, target: Variable | Measured, value: Valuelike) -> Self:
        """Write a value into a variable, or into a bit, which takes its lowest binary digit."""
        statement: Statement
        number = self._draft.number
        if isinstance(target, Value):
            term_of(target, number)
        if isinstance(target, Measured):
            statement = Store((target.index,), term_of(value, number))
        elif isinstance(target, Variable):
            statement = Assign(target.index, term_of(value, number))
        else:
            raise ProgramError(f"a value for {type(target).__name__}", allowed="bits and variables of a circuit")
        self._draft.blocks.add(statement)
        return self

    def _asked(self, condition: object) -> Term:
        if isinstance(condition, Value):
            return term_of(condition, self._draft.number)
        raise ProgramError(
            f"a condition that is {condition!r} before the circuit runs",
            allowed="what measured bits and variables decide",
            remedy="use Python's own if and for for what is known already",
        )
