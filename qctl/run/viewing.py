"""What can be looked at before anything is played: schedules, samples, and the laboratory itself."""

from __future__ import annotations

from collections.abc import Mapping

from qctl.compile import durations, flatten, schedule_program
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

    def schedule(
        self, program: Program | Written | Text, *, inputs: Inputs | None = None, optimise: bool = True
    ) -> Schedule:
        """Return the native operations of a program and when they start."""
        ready = as_program(program, inputs, durations(self.parameters, self.laboratory))
        return schedule_program(ready, self.parameters, self.laboratory, optimise=optimise)

    def playlists(self, sequence: Sequence) -> Mapping[str, Playlist]:
        """Return the samples that each instrument would play, as they would be uploaded."""
        return flatten(sequence, self.laboratory, self.limits)

    def _repr_html_(self) -> str:
        """Return qubits and couplings as tables for a notebook."""
        return drawn(self.laboratory, self.parameters)
