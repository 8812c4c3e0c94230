"""Where experiments are carried out: a laboratory, and what is known of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from qctl.core.errors import CompileError, LimitError, ProgramError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result
from qctl.run import Lab

from .experiment import Check, Experiment
from .outcome import Outcome
from .scan import Scan

Score = tuple[float, float]


@dataclass(frozen=True)
class Carried:
    """One experiment that was carried out.

    Parameters
    ----------
    outcomes : one for each target
    scan, result : what was played and what came back; None where it could not be played
    """

    outcomes: tuple[Outcome, ...]
    scan: Scan | None = None
    result: Result | None = None


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
        if scan.parts:
            return self.lab.run_in_parts(pairs)
        return self.lab.run_told(pairs) if scan.told else self.lab.run_each(pairs, traces=scan.traces)

    @property
    def laboratory(self) -> Laboratory:
        """Return what the laboratory's file says."""
        return self.lab.laboratory

    def now(self) -> float:
        """Return the time of the laboratory, s since 1970."""
        return self.lab.now()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.lab.wait(seconds)

    def carry_out(self, experiment: Experiment) -> Carried:
        """Carry out one experiment; what cannot be played is an outcome too."""
        try:
            scan = experiment.scan(self.known)
            result = self.play(scan)
        except (CompileError, LimitError, ProgramError) as refused:
            reason = f"it cannot be played: {refused}"
            return Carried(tuple(Outcome(target, reason=reason) for target in experiment.targets))
        return Carried(experiment.read(result, self.known), scan, result)

    def ask(self, experiment: Experiment) -> tuple[Outcome, ...]:
        """Carry out one experiment; return its outcomes only."""
        return self.carry_out(experiment).outcomes

    def compare(self, check: Check, settings: tuple[Mapping[str, Estimate], ...]) -> tuple[dict[str, Score], ...]:
        """Play a check under several settings in one upload (one each where biases differ); return each one's scores.

        Parameters
        ----------
        settings : what replaces the known values in each

        Returns
        -------
        by target the share of wrong answers and its standard error; empty where a setting cannot be played
        """
        try:
            scan = check.scan(self.known)
            played = tuple(one for setting in settings for one in self._settings(check, scan, setting))
            result = self.play(replace(scan, settings=played))
        except (CompileError, LimitError, ProgramError):
            return tuple({} for _ in settings)
        n = scan.n_points
        return tuple(
            check.score(result.points(k * n, (k + 1) * n), self.known.replaced(setting))
            for k, setting in enumerate(settings)
        )

    def _settings(self, check: Check, scan: Scan, setting: Mapping[str, Estimate]) -> tuple[Mapping[str, float], ...]:
        """Return a setting as a check plays it: with settings of its own, where it has some."""
        plain = {name: one.value for name, one in setting.items()}
        if scan.settings == ({},):
            return (plain,)
        return tuple({**plain, **own} for own in check.scan(self.known.replaced(setting)).settings)

    def believe(self, outcomes: tuple[Outcome, ...]) -> None:
        """Take every candidate for true, without judging it."""
        for outcome in outcomes:
            self.known = self.known.replaced(outcome.found)
