"""How large a program may be before it is refused, so that no text can exhaust the machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Every bound of a reader; what would pass one is refused before the work is done.

    Parameters
    ----------
    characters : of the text
    events : of the program after all gates are expanded
    spread : events of gates, measurements, barriers, resets and waits on whole registers
    expanded : events of one gate on its qubits
    work : gate applications and terms of angles handled while gates are expanded, on all levels of definition
    qubits, bits : of all registers together
    nesting : parentheses and signs within each other in an expression
    depth : gate definitions that use each other
    controls : control qubits of one gate
    digits : characters of one number or name
    steps : statements that are run while a program with control flow is read
    rounds : of a loop whose end is known only by running it
    words : words and signs of a program with control flow, which is read through a syntax tree
    rare : words of its statements that only the reference parser knows, which takes 30 us for each
    names : registers, gates, constants and variables that the text declares
    notes : pragmas and annotations of a program that is read through a syntax tree
    angles : of one gate
    stretches : lengths that are solved for together
    points : of a sweep over inputs; ``events`` bounds those of all points together
    """

    characters: int = 64 * 2**20
    events: int = 4_000_000
    spread: int = 250_000
    expanded: int = 100_000
    work: int = 2_000_000
    qubits: int = 4096
    bits: int = 65536
    nesting: int = 256
    depth: int = 100
    controls: int = 16
    digits: int = 256
    steps: int = 200_000
    rounds: int = 1_000
    words: int = 200_000
    rare: int = 1_000
    names: int = 2_048
    notes: int = 10_000
    angles: int = 1_024
    stretches: int = 1_000
    points: int = 10_000
