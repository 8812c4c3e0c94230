"""What a laboratory can do, and why it refuses a program: said before anything is opened or sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qctl.compile import compile_program
from qctl.core.errors import QctlError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.protocols import Limits
from qctl.core.units import format_quantity
from qctl.platforms import platform_of
from qctl.platforms.parts import coherence, measuring_of, not_in_time

from .branching import compile_branching, instruments_decide
from .feedback import HOST_LATENCY
from .flatten import flatten
from .planned import planned, refuse_too_long

_NO_GATES = (Op.MEASURE, Op.DELAY, Op.BARRIER, Op.PULSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What programs may ask of a laboratory.

    Parameters
    ----------
    gates : native ones; all others are made of them
    pairs : qubits that a native gate joins
    measures_last : measurements end the shot of all qubits
    coherence : longest T2 among the parameters, s; 0 when none is known
    at_once : qubits that are measured at a time while others remember, in shots that the host steers; 0: it steers none
    longest_run : s of machine time that one run may take
    decision : s that a decision on measured bits takes, by instruments within the shot or by the host: a part of a shot
    shots_per_second : of one sweep point
    program_time : s that a program may last
    no_feedback : why no decision on a measured bit comes while qubits remember; empty where one does
    """

    platform: str
    qubits: tuple[str, ...]
    gates: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    measures_last: bool
    at_once: int
    coherence: float
    decision: float
    shots_per_second: float
    longest_run: float
    program_time: float
    no_feedback: str

    @property
    def all_to_all(self) -> bool:
        """Say whether a native gate joins any two qubits."""
        return len(self.pairs) == len(self.qubits) * (len(self.qubits) - 1) // 2

    @property
    def feedback(self) -> bool:
        """Say whether a decision on a measured bit comes while qubits remember, and there are any left to act on."""
        return not self.no_feedback


def capabilities(known: Parameters, laboratory: Laboratory, limits: Limits) -> Capabilities:
    """Return what a laboratory can do with what is known of it.

    Raises
    ------
    CompileError, LimitError, ParameterError
        When it cannot even measure one qubit.
    """
    platform = platform_of(laboratory)
    shortest = compile_program(_measurement(), known, laboratory, limits)
    steers = measuring_of(laboratory)
    decision = _decision(known, laboratory, limits) if steers is None else laboratory.slot or 0.0
    pairs = tuple(coupling.pair for coupling in laboratory.couplings.values())
    return Capabilities(
        platform=laboratory.platform,
        qubits=laboratory.qubit_names,
        gates=tuple(Op(op).name.lower() for op in sorted(platform.natives) if op not in _NO_GATES),
        pairs=pairs,
        measures_last=platform.measures_last,
        at_once=0 if steers is None else steers.at_once,
        coherence=_longest(known, laboratory),
        decision=decision,
        shots_per_second=1 / laboratory.period,
        longest_run=laboratory.longest_run,
        program_time=laboratory.period - shortest.lead - shortest.length,
        no_feedback=_no_feedback(known, laboratory, decision),
    )


def refusal(program: Program, known: Parameters, laboratory: Laboratory, limits: Limits) -> str | None:
    """Return why a program cannot run, None when it can; all that would be uploaded is made and checked."""
    try:
        played = planned(program, known, laboratory, limits)
        for sequence in played:
            flatten(sequence, laboratory, limits)
        refuse_too_long(played, laboratory)
    except QctlError as reason:
        return str(reason)
    return None if all(sequence.n_measured for sequence in played) else "nothing is measured"


def _no_feedback(known: Parameters, laboratory: Laboratory, decision: float) -> str:
    """Return why no decision on a measured bit comes while qubits remember; empty where one does."""
    if measuring_of(laboratory) is not None:
        late = not_in_time(known, laboratory)
        return "" if late is None else f"{late.asked.removeprefix('feedback: ')}; allowed: {late.allowed}"
    if platform_of(laboratory).measures_last:
        return "measuring ends the shot of all qubits: nothing is left to act on"
    longest = _longest(known, laboratory)
    took, remembered = (format_quantity(float(f"{seconds:.3g}"), "s") for seconds in (decision, longest))
    if decision < longest and laboratory.event_line() is None:
        host = f"the host, which takes {took} where T2 is {remembered} at most, plays no shots in parts here"
        return f"no instrument branches, and {host}"
    return "" if decision < longest else f"a decision takes {took}, T2 is {remembered} at most"


def _decision(known: Parameters, laboratory: Laboratory, limits: Limits) -> float:
    """Return how long it takes from a readout to what depends on it, s."""
    rows = [event(Op.X, (0,)), event(Op.RESET, (0,)), event(Op.MEASURE, (0,), bit=0)]
    reset = Program(np.array(rows, EVENT), 1, 1, physical=True)
    if not instruments_decide(reset, laboratory):
        return HOST_LATENCY
    branching = compile_branching(reset, known, laboratory, limits).branching
    return HOST_LATENCY if branching is None else branching.latency


def _measurement() -> Program:
    return Program(np.array([event(Op.MEASURE, (0,), bit=0)], EVENT), 1, 1, physical=True)


def _longest(known: Mapping[str, float], laboratory: Laboratory) -> float:
    return max(coherence(known, laboratory.qubits).values(), default=0.0)
