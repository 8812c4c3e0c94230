"""What a text may ask of the laboratory that will play it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from qctl.core.program import Op, Program
from qctl.core.pulse import Tone


@runtime_checkable
class Machine(Protocol):
    """A laboratory, as texts see it; calling it says how long an event on physical qubits lasts, s."""

    @property
    def tick(self) -> float:
        """Return the step of its clock, s: a ``dt``."""

    def __call__(self, op: Op, qubits: tuple[int, ...], angles: tuple[float, ...]) -> float:
        """Return how long an event lasts, s."""

    def rate(self, line: str) -> float | None:
        """Return the sample rate of a line, Hz; None for lines that play no samples."""

    @property
    def one_at_a_time(self) -> bool:
        """Say whether operations share light, so that only one is played at a time."""

    def placed(self, program: Program) -> Sequence[int]:
        """Return a physical qubit for each qubit of a program, on which it needs no swap.

        Raises
        ------
        CompileError
            When there is no such placement.
        """

    def led_to(self, line: str) -> Sequence[int]:
        """Return the qubits that a line leads to."""

    def readout(self, qubit: int) -> Tone | None:
        """Return the tone that reads a qubit as it is calibrated; None where qubits are read otherwise."""
