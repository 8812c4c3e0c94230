"""What can be looked at before anything is played: sequences, schedules, samples, and the laboratory itself."""

from __future__ import annotations

from collections.abc import Mapping

from qctl.compile import durations, flatten, schedule_program
from qctl.compile.planned import machine_time, only, planned
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.picture.laboratory import drawn
from qctl.core.program import Program
from qctl.core.protocols import Limits
from qctl.core.schedule import Schedule
from qctl.core.sequence import Playlist, Sequence
from qctl.frontends import Inputs, Text, Written, as_program


class Viewing:
    """Looks at a laboratory that knows its parameters and limits; no instrument is needed."""

    laboratory: Laboratory
    parameters: Parameters
    limits: Limits

    def compile(
        self,
        program: Program | Written | Text,
        shots: int | None = None,
        *,
        inputs: Inputs | None = None,
        parameters: Parameters | None = None,
        optimise: bool = True,
    ) -> Sequence:
        """Return what `run` would play, checked against every limit; no instrument is needed.

        Of a program that the host steers, the sweep points of what is returned are the parts of a shot; its ``tree``
        says which follows which.

        Raises
        ------
        ProgramError, CompileError, LimitError
            As `run` does; also for a sweep each point of which is played for itself: compile one point at a time.
        """
        ready = self._read(program, inputs, parameters)
        ready = ready if shots is None else ready.with_shots(shots)
        return only(planned(ready, parameters or self.parameters, self.laboratory, self.limits, optimise=optimise))

    def machine_time(
        self, program: Program | Written | Text, shots: int = 4000, *, inputs: Inputs | None = None
    ) -> float:
        """Return how long the instruments take to run a program, s; at most, where answers decide."""
        ready = self._read(program, inputs, None).with_shots(shots)
        return machine_time(planned(ready, self.parameters, self.laboratory, self.limits))

    def schedule(
        self, program: Program | Written | Text, *, inputs: Inputs | None = None, optimise: bool = True
    ) -> Schedule:
        """Return the native operations of a program and when they start."""
        return schedule_program(self._read(program, inputs, None), self.parameters, self.laboratory, optimise=optimise)

    def playlists(self, sequence: Sequence) -> Mapping[str, Playlist]:
        """Return the samples that each instrument would play, as they would be uploaded."""
        return flatten(sequence, self.laboratory, self.limits)

    def _read(self, program: Program | Written | Text, inputs: Inputs | None, known: Parameters | None) -> Program:
        return as_program(program, inputs, durations(known or self.parameters, self.laboratory))

    def _repr_html_(self) -> str:
        """Return qubits and couplings as tables for a notebook."""
        return drawn(self.laboratory, self.parameters)
