"""Qiskit's branches, loops and assignments as the flow of a program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import (
    CASE_DEFAULT,
    BreakLoopOp,
    Clbit,
    ContinueLoopOp,
    ForLoopOp,
    IfElseOp,
    Operation,
    Parameter,
    Store,
    SwitchCaseOp,
    WhileLoopOp,
)

from qctl.core.flow import Block, Branch, Loop, Scope, Term, combine
from qctl.frontends.blocks import Blocks, Exit

from .conditions import condition_of, store_of

Read = Callable[[QuantumCircuit, Mapping[Any, float]], None]
"""Adds a block of an instruction, with these loop variables known."""


class FlowReader:
    """Adds what steers a circuit to the blocks of a program."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.cells: dict[Any, int] = {}

    def add(self, operation: Operation, bits: Mapping[Clbit, int], read: Read) -> bool:
        """Add an instruction that steers; say whether it is one.

        Parameters
        ----------
        bits : number of each bit of the circuit around it
        read : reads a block of the instruction
        """
        if isinstance(operation, IfElseOp):
            self._branch(operation, bits, read)
        elif isinstance(operation, WhileLoopOp):
            self._while(operation, bits, read)
        elif isinstance(operation, ForLoopOp):
            self._for(operation, read)
        elif isinstance(operation, SwitchCaseOp):
            self._switch(operation, bits, read)
        elif isinstance(operation, BreakLoopOp | ContinueLoopOp):
            self.blocks.leave(Exit.BREAK if isinstance(operation, BreakLoopOp) else Exit.CONTINUE)
        elif isinstance(operation, Store):
            self.blocks.add(store_of(operation.lvalue, operation.rvalue, bits, self.cells))
        else:
            return False
        return True

    def _block(self, body: QuantumCircuit | None, read: Read, *exits: Exit) -> Block:
        with self.blocks.inner(*exits) as statements:
            if body is not None:
                read(body, {})
        return tuple(statements)

    def _branch(self, operation: IfElseOp, bits: Mapping[Clbit, int], read: Read) -> None:
        yes, no = (*operation.blocks, None)[:2]
        condition = condition_of(operation.condition, bits, self.cells)
        self.blocks.add(Branch(condition, self._block(yes, read), self._block(no, read), "if_else"))

    def _while(self, operation: WhileLoopOp, bits: Mapping[Clbit, int], read: Read) -> None:
        condition = condition_of(operation.condition, bits, self.cells)
        body = self._block(operation.blocks[0], read, Exit.BREAK, Exit.CONTINUE)
        self.blocks.add(Loop(condition, (Scope(body),), "while_loop"))

    def _for(self, operation: ForLoopOp, read: Read) -> None:
        """Write a loop over numbers out; where something leaves it early, every round is a scope."""
        numbers, variable, body = operation.params
        rounds = [{} if variable is None else {variable: float(number)} for number in numbers]
        if not leaves_early(body):
            for known in rounds:
                read(body, known)
            return
        with self.blocks.inner(Exit.BREAK) as outer:
            for known in rounds:
                with self.blocks.inner(Exit.CONTINUE) as inner:
                    read(body, known)
                self.blocks.add(Scope(tuple(inner)))
        self.blocks.add(Scope(tuple(outer)))

    def _switch(self, operation: SwitchCaseOp, bits: Mapping[Clbit, int], read: Read) -> None:
        target = condition_of(operation.target, bits, self.cells)
        rest: Block = ()
        for labels, body in reversed(list(operation.cases_specifier())):
            block = self._block(body, read)
            whole = CASE_DEFAULT in labels
            rest = block if whole else (Branch(_any(target, labels), block, rest, "switch_case"),)
        for statement in rest:
            self.blocks.add(statement)


def _any(target: Term, labels: tuple[int, ...]) -> Term:
    found: Term = 0
    for label in labels:
        found = combine("or", found, combine("==", target, int(label)))
    return found


def loop_variables(circuit: QuantumCircuit) -> Iterator[Parameter]:
    """Yield the variables of loops over numbers, which Qiskit counts among a circuit's parameters."""
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, ForLoopOp) and operation.params[1] is not None:
            yield operation.params[1]
        for block in getattr(operation, "blocks", ()):
            yield from loop_variables(block)


def leaves_early(body: QuantumCircuit) -> bool:
    """Say whether a round of a loop may end before its end; loops within have exits of their own."""
    for instruction in body.data:
        operation = instruction.operation
        if isinstance(operation, BreakLoopOp | ContinueLoopOp):
            return True
        if isinstance(operation, IfElseOp | SwitchCaseOp) and any(map(leaves_early, operation.blocks)):
            return True
    return False
