"""Words to syntax trees: ``cal`` and ``defcal``, and what stands in them."""

from __future__ import annotations

from typing import Any

from openpulse import ast as pulses
from openqasm3 import ast

from .declarations import Declarations
from .reader import BARE, SCALARS, Unsure
from .words import Words

PULSES = {"port": pulses.PortType, "frame": pulses.FrameType, "waveform": pulses.WaveformType}
_BUILT_IN = frozenset({"measure", "reset", "delay", "barrier"})


class Calibrations(Declarations):
    """Reads calibrations; ``in_calibration`` says whether words of OpenPulse have their meaning here."""

    def __init__(self, words: Words) -> None:
        super().__init__(words)
        self.in_calibration = False

    def grammar(self, start: int) -> Any:  # noqa: ANN401 - a statement
        """Read ``defcalgrammar``."""
        self.is_global()
        self.at += 2
        if self.kinds[self.at - 1] != "STRING":
            raise Unsure
        return self.ended(ast.CalibrationGrammarDeclaration(self.texts[self.at - 1][1:-1]))

    def calibration(self, start: int) -> Any:  # noqa: ANN401
        """Read ``cal``."""
        self.at += 1
        return pulses.CalibrationStatement(self._held())

    def calibrated(self, start: int) -> Any:  # noqa: ANN401
        """Read ``defcal``."""
        self.at += 1
        target = self.at
        name = ast.Identifier(self.texts[target]) if self.texts[target] in _BUILT_IN else self.name()
        self.at = target + 1
        arguments = self.several(self._argument, ")") if self.accept("(") else []
        on = [self._qubit()]
        while self.accept(","):
            on.append(self._qubit())
        kind = self.type() if self.accept("->") else None
        outer, self.in_subroutine = self.in_subroutine, True
        body = self._held()
        self.in_subroutine = outer
        return pulses.CalibrationDefinition(name, arguments, on, kind, body)

    def entity(self, start: int) -> Any:  # noqa: ANN401
        """Read the declaration of a port, frame or waveform."""
        kind = self.placed(PULSES[self.texts[start]](), start)
        self.at += 1
        name = self.name()
        return self.ended(ast.ClassicalDeclaration(kind, name, self.rows() if self.accept("=") else None))

    def _held(self) -> list[Any]:
        outer, self.n_loops, self.in_calibration = self.n_loops, 0, True
        found = self.block()
        self.n_loops, self.in_calibration = outer, False
        return found

    def _argument(self) -> Any:  # noqa: ANN401
        if self.texts[self.at] in SCALARS or self.texts[self.at] in BARE:
            return self.argument()
        return self.expression()

    def _qubit(self) -> Any:  # noqa: ANN401
        return self.literal() if self.kinds[self.at] == "QUBIT" else self.name()
