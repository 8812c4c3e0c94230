"""What no laboratory can do, or this one cannot, must be refused by name before anything is played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qctl.compile.capabilities import Capabilities, capabilities
from qctl.core.errors import QctlError
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
    wanted = (*_impossible(lab), *_beyond(able))
    return tuple(_refused(lab, asked, text) for asked, text in wanted)


def _impossible(lab: Lab) -> Iterator[tuple[str, str]]:
    n = len(lab.laboratory.qubits) + 1
    yield "more qubits than there are", f"OPENQASM 3; qubit[{n}] q; bit[{n}] c; c = measure q;"
    one = 'OPENQASM 3; include "stdgates.inc"; qubit q; bit c;'
    yield "a gate that nobody defined", f"{one} warp q; c = measure q;"
    yield "an angle that is no number", f"{one} rx(1e400 - 1e400) q; c = measure q;"
    seconds = 10 * max(1.0, lab.laboratory.period)
    yield "a wait that is longer than a shot", f"{one} x q; delay[{seconds:.0f}s] q; c = measure q;"
    yield "a file of this machine", 'OPENQASM 3; include "/etc/hostname"; qubit q; bit c; c = measure q;'


def _beyond(able: Capabilities) -> Iterator[tuple[str, str]]:
    """Yield what some machines can and this one cannot; qubits that nothing joins are no matter: gates are routed."""
    one = 'OPENQASM 3; include "stdgates.inc"; qubit q; bit c; x q; c = measure q;'
    if able.measures_last:
        yield "a gate on a qubit that was measured", f"{one} x q; c = measure q;"
    if not able.feedback:
        yield "a decision on a measured bit", f"{one} if (c) {{ x q; }} c = measure q;"


def _refused(lab: Lab, asked: str, text: str) -> Refusal:
    try:
        lab.compile(text, 1)
    except QctlError as refusal:
        helpful = refusal.allowed or refusal.remedy
        return Refusal(asked, str(refusal), "" if helpful else "it says neither what is allowed nor what to do")
    return Refusal(asked, "", "it was compiled without a word")
