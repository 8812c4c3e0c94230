"""What is said of runs that cannot begin, take long, or fail."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Sequence as Seq

from qctl.compile.planned import refuse_too_long
from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.sequence import Sequence
from qctl.core.units import spoken

log = logging.getLogger(__name__)

WORTH_SAYING = 10.0  # s of machine time


Tell = Callable[[float], None]
"""Whoever is told how much machine time a run takes, s, before it begins."""


def check_run(
    sequences: Seq[Sequence], laboratory: Laboratory, longest: float | None, tell: Tell | None = None
) -> None:
    """Refuse what measures nothing or takes longer than ``longest``; note, and tell, how long the rest takes."""
    for sequence in sequences:
        refuse_silence(sequence)
    seconds = refuse_too_long(sequences, laboratory, longest)
    if seconds >= WORTH_SAYING:
        log.info("%s: %s of machine time to come", laboratory.name, spoken(seconds))
        if tell is not None:
            tell(seconds)


def refuse_silence(sequence: Sequence) -> None:
    """Raise CompileError when nothing is measured."""
    if not sequence.n_measured:
        raise CompileError(
            "nothing is measured",
            allowed="at least one measurement into a bit",
            remedy="end the program with a measurement, such as c = measure q;",
        )


def log_failure(what: str, error: BaseException) -> None:
    """Note how a run ended."""
    if isinstance(error, KeyboardInterrupt):
        log.info("%s interrupted", what)
    else:
        log.error("%s failed: %s", what, str(error) or type(error).__name__)
