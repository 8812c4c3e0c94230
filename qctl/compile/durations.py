"""What programs ask whose waits and pulses depend on the laboratory: how long events last, clocks, lines, readout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.pulse import Tone
from qctl.platforms import platform_of
from qctl.platforms.pulses import readout_tone
from qctl.platforms.wiring import sample_rate, station_tick

from .lower import lower
from .route import check_size, fits, route
from .timing import time_program


def durations(known: Parameters, laboratory: Laboratory) -> Asked:
    """Return what a text may ask of a laboratory, first of all how long an event on physical qubits lasts."""
    return Asked(known, laboratory)


class Asked:
    """A laboratory as texts see it: a `qctl.frontends.machine.Machine`.

    Calling it raises CompileError, LimitError or ParameterError where the laboratory cannot play an event as it stands.
    """

    def __init__(self, known: Parameters, laboratory: Laboratory) -> None:
        self._known, self._laboratory = known, laboratory
        self._seconds = cache(self._timed)

    def __call__(self, op: Op, qubits: tuple[int, ...], angles: tuple[float, ...]) -> float:
        """Return how long an event on physical qubits lasts as it would be played, s."""
        return self._seconds(op, qubits, angles)

    def _timed(self, op: Op, qubits: tuple[int, ...], angles: tuple[float, ...]) -> float:
        laboratory = self._laboratory
        rows = np.array([event(op, qubits, angles, bit=0 if op == Op.MEASURE else -1)], EVENT)
        program = lower(Program(rows, len(laboratory.qubits), 1, physical=True))
        placement = tuple(range(len(laboratory.qubits)))
        schedule = time_program(program, placement, platform_of(laboratory), self._known, laboratory)
        return float(schedule.length_ticks[0] * schedule.tick)

    @property
    def tick(self) -> float:
        """Return the step of the laboratory's clock, s."""
        return float(station_tick(self._laboratory))

    @property
    def one_at_a_time(self) -> bool:
        """Say whether operations share light, so that only one is played at a time."""
        return bool(getattr(platform_of(self._laboratory), "one_light", False))

    def placed(self, program: Program) -> Sequence[int]:
        """Return a physical qubit for each qubit of a program, on which it needs no swap; -1 for those it never uses.

        Raises
        ------
        CompileError
            When there is no such placement.
        """
        laboratory = self._laboratory
        check_size(program, laboratory)
        if fits(program, laboratory):
            return [q if q < len(laboratory.qubits) else -1 for q in range(program.n_qubits)]
        _, placement = route(replace(program, flow=()), self._known, laboratory)
        events = program.events.copy()
        events["q"] = np.where(events["q"] < 0, -1, np.array(placement, np.int32)[events["q"]])
        if not fits(replace(program, events=events, n_qubits=len(laboratory.qubits), physical=True), laboratory):
            raise CompileError(
                "durations in a program that needs swaps, which no text can name",
                allowed="gates between qubits that are coupled wherever they are placed",
                where=laboratory.name,
            )
        return placement

    def rate(self, line: str) -> float | None:
        """Return the sample rate of a line, Hz; None for lines that play no samples."""
        wiring = self._laboratory.lines.get(line)
        if wiring is None or not wiring.outputs or wiring.starts or wiring.branches:
            return None
        return sample_rate(self._laboratory, wiring.outputs[0])

    def led_to(self, line: str) -> Sequence[int]:
        """Return the qubits that a line leads to."""
        names = self._laboratory.qubit_names
        return [names.index(name) for name in self._laboratory.led_to(line)]

    def readout(self, qubit: int) -> Tone | None:
        """Return the tone that reads a qubit as it is calibrated; None where qubits are read otherwise."""
        laboratory = self._laboratory
        if qubit >= len(laboratory.qubits):
            return None
        line = laboratory.lines.get(laboratory.qubits[laboratory.qubit_names[qubit]].readout)
        if line is None or line.back is None:
            return None
        return readout_tone(laboratory, self._known, qubit)
