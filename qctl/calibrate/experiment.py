"""What every experiment can do: ask, and read the answer."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.result import Result

from .outcome import Outcome
from .scan import Scan


@runtime_checkable
class Experiment(Protocol):
    """One question, asked of several targets in one scan. Data in, data out: no instrument, no file, no plot.

    Experiments are frozen dataclasses. What to sweep follows from the errors of what is known: a frequency known to
    1 MHz is asked for with short waits, one known to 10 kHz with long ones.
    """

    name: ClassVar[str]

    @property
    def laboratory(self) -> Laboratory:
        """Return the laboratory, by a field."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Return what is asked, by a field."""

    def scan(self, known: Parameters) -> Scan:
        """Return what to play."""

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return one outcome for each target, in order; never raises because of data."""


@runtime_checkable
class Check(Protocol):
    """A quick experiment whose answer is one number for each target: how wrong it works now.

    Verification plays it with the old values and with the candidates, in one scan.
    """

    name: ClassVar[str]

    @property
    def laboratory(self) -> Laboratory:
        """Return the laboratory, by a field."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Return what is asked, by a field."""

    def scan(self, known: Parameters) -> Scan:
        """Return what to play: under what is known, or under settings that follow from it."""

    def score(self, result: Result, known: Parameters) -> dict[str, tuple[float, float]]:
        """Return by target the share of wrong answers and its standard error; lower is better."""
