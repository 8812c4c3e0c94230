"""What no laboratory can do, or this one cannot, must be refused by name before anything is played."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from qctl.compile.capabilities import Capabilities, capabilities
from qctl.compile.planned import refuse_too_long
from qctl.core.errors import CompileError, LimitError, ProgramError, QctlError
from qctl.run import Lab


@dataclass(frozen=True, slots=True)
class Refusal:
    """One program that cannot run.

    Parameters
    ----------
    asked : what it wants
    said : the answer; empty when there was none
    reason : what is wrong with the answer; empty when nothing is
    """

    asked: str
    said: str
    reason: str = ""


def refusals(lab: Lab) -> tuple[Refusal, ...]:
    """Return what was said to programs that cannot run; compiling plays nothing."""
    able = capabilities(lab.parameters, lab.laboratory, lab.limits)
    return tuple(_refused(lab, one) for one in (*_impossible(lab), *_beyond(able)))


class Wanted(NamedTuple):
    """A program that cannot run; the error that must say so, a word that it must use, and how many shots are asked."""

    asked: str
    text: str
    error: type[QctlError]
    word: str
    shots: int = 1


def _impossible(lab: Lab) -> Iterator[Wanted]:
    n = len(lab.laboratory.qubits) + 1
    many = f"OPENQASM 3; qubit[{n}] q; bit[{n}] c; c = measure q;"
    yield Wanted("more qubits than there are", many, CompileError, str(n - 1))
    one = 'OPENQASM 3; include "stdgates.inc"; qubit q; bit c;'
    yield Wanted("a gate that nobody defined", f"{one} warp q; c = measure q;", ProgramError, "warp")
    yield Wanted("an angle that is no number", f"{one} rx(1e400 - 1e400) q; c = measure q;", ProgramError, "number")
    seconds = 10 * max(1.0, lab.laboratory.period)
    wait = f"{one} x q; delay[{seconds:.0f}s] q; c = measure q;"
    yield Wanted("a wait that is longer than a shot", wait, LimitError, "period")
    file = 'OPENQASM 3; include "/etc/hostname"; qubit q; bit c; c = measure q;'
    yield Wanted("a file of this machine", file, ProgramError, "hostname")
    shots = max(2, ceil(2 * lab.laboratory.longest_run / lab.laboratory.period))
    long = "more machine time than a run may take"
    yield Wanted(long, f"{one} x q; c = measure q;", LimitError, f"{shots} shots", shots)


def _beyond(able: Capabilities) -> Iterator[Wanted]:
    """Yield what some machines can and this one cannot; qubits that nothing joins are no matter: gates are routed."""
    one = 'OPENQASM 3; include "stdgates.inc"; qubit q; bit c; x q; c = measure q;'
    if able.measures_last and not able.feedback:
        yield Wanted("a gate on a qubit that was measured", f"{one} x q; c = measure q;", CompileError, "measure")
    if not able.feedback:
        yield Wanted(
            "a decision on a measured bit", f"{one} if (c) {{ x q; }} c = measure q;", CompileError, "T2|slot|branch"
        )


def _refused(lab: Lab, wanted: Wanted) -> Refusal:
    """Ask for a program as a run would, up to where something would be opened."""
    asked, text, error, word, shots = wanted
    try:
        refuse_too_long([lab.compile(text, shots)], lab.laboratory)
    except QctlError as refusal:
        said, reason = str(refusal), ""
        if not isinstance(refusal, error) or not re.search(word, said):
            reason = f"it is refused for something else: {said}"
        elif not (refusal.allowed or refusal.remedy):
            reason = "it says neither what is allowed nor what to do"
        return Refusal(asked, said, reason)
    return Refusal(asked, "", "it was compiled without a word")
