"""Where experiments are carried out: a laboratory, and what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass

from qctl.core.errors import CompileError, LimitError, ProgramError
from qctl.core.parameters import Parameters
from qctl.core.result import Result
from qctl.run import Lab

from .experiment import Experiment
from .outcome import Outcome
from .scan import Scan


@dataclass
class Workbench:
    """A laboratory at work.

    Attributes
    ----------
    lab : open; its parameters are left as they are
    known : what is believed now
    seconds : machine time used so far
    """

    lab: Lab
    known: Parameters
    seconds: float = 0.0

    def play(self, scan: Scan) -> Result:
        """Play a scan with what is known."""
        self.seconds += scan.seconds(self.lab.laboratory)
        pairs = [(scan.program, self.known.replaced(setting) if setting else self.known) for setting in scan.settings]
        return self.lab.run_each(pairs, traces=scan.traces)

    def ask(self, experiment: Experiment) -> tuple[Outcome, ...]:
        """Carry out one experiment; what cannot be played is an outcome too."""
        try:
            scan = experiment.scan(self.known)
            result = self.play(scan)
        except (CompileError, LimitError, ProgramError) as refused:
            return tuple(Outcome(target, reason=f"it cannot be played: {refused}") for target in experiment.targets)
        return experiment.read(result, self.known)

    def believe(self, outcomes: tuple[Outcome, ...]) -> None:
        """Take every candidate for true, without judging it."""
        for outcome in outcomes:
            self.known = self.known.replaced(outcome.found)
