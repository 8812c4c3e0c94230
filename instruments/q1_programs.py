"""Programs for the sequencers of a Qblox readout module: one that tells each qubit, one that raises the marker.

Source: the maker's documentation (docs.qblox.com), "Q1ASM user guide", "Readout sequencers" and "Feedback trigger
handling". Time runs in ns from the trigger; each real-time instruction takes at least 4. Every answer 1 is a trigger on
the network of the mainframe, at the address of its qubit; one sequencer counts them and, at the moment of a decision,
raises the marker where the condition holds: where it does not, each conditional instruction waits 4 ns instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qctl.core.branching import Branching, Decision
from qctl.core.errors import LimitError

START_ADDRESS = 15  # of the trigger network, for the external trigger input
MARKER_PATH = (
    148  # ns from an instruction to its marker, counted from when the first sample is there (inputs lag by 112)
)
ANSWER = 216  # ns from the last sample of a window, in time of the program, to its trigger at all sequencers
PULSE = 100  # ns that the marker stays high
SHORTEST, LONGEST_WAIT = 4, 65_532  # ns
_HEAD = 8  # ns: waiting for the trigger, and setting the phase of the carrier back


@dataclass(frozen=True)
class SequencerPlan:
    """What one sequencer is loaded with.

    Parameters
    ----------
    program : Q1ASM
    weights : float32, by name, in the order of their indices
    n_bins : of its one acquisition; 0 for none
    frequency : of its carrier, Hz
    threshold : in units of full scale times samples
    rotation : rad
    address : of the trigger that an answer 1 gives; 0 for none
    columns : windows of the branching, in the order in which each shot fills bins
    """

    program: str
    weights: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    n_bins: int = 0
    frequency: float = 0.0
    threshold: float = 0.0
    rotation: float = 0.0
    address: int = 0
    columns: tuple[int, ...] = ()


def plans(branching: Branching, n_shots: int, full_scale: float) -> list[SequencerPlan]:
    """Return what each sequencer is loaded with: one for each qubit, and one more where something is decided.

    Raises
    ------
    LimitError
        When windows or decisions come too close to each other.
    """
    qubits = sorted(branching.tellings)
    found = [_telling(branching, qubit, k + 1, n_shots, full_scale) for k, qubit in enumerate(qubits)]
    if branching.decisions:
        addresses = {qubit: k + 1 for k, qubit in enumerate(qubits)}
        found.append(SequencerPlan(_marking(branching, addresses, n_shots)))
    return found


def _telling(branching: Branching, qubit: int, address: int, n_shots: int, full_scale: float) -> SequencerPlan:
    windows, telling = branching.windows, branching.tellings[qubit]
    mine = [k for k in np.argsort(windows["start"], kind="stable").tolist() if windows["qubit"][k] == qubit]
    shapes = sorted({(int(windows["length"][k]), int(windows["late"][k])) for k in mine})
    weights = {f"w{length}_{late}": _weights(telling.weights, length, late) for length, late in shapes}
    clock = _Clock()
    for k in mine:
        start, length, late = (int(windows[name][k]) for name in ("start", "length", "late"))
        clock.until(start, f"window {k}")
        clock.say(f"acquire_weighed 0,R0,R{2 + shapes.index((length, late))},R{2 + shapes.index((length, late))},4", 4)
        clock.say("add R0,1,R0", 0)
        clock.busy = start + length + late
    moves = [f"move {k},R{2 + k}" for k in range(len(shapes))]
    total = float(np.abs(telling.weights[: shapes[0][0]]).sum())
    return SequencerPlan(
        _program(n_shots, moves, clock.lines),
        weights,
        n_shots * len(mine),
        telling.frequency,
        telling.threshold / full_scale * total,
        telling.rotation,
        address,
        tuple(mine),
    )


def _weights(envelope: NDArray[np.float64], length: int, late: int) -> NDArray[np.float32]:
    """Return the weights of a window, and zeros behind it: the answer waits for them."""
    return np.concatenate([envelope[:length], np.zeros(late)]).astype("<f4")


def _marking(branching: Branching, addresses: Mapping[int, int], n_shots: int) -> str:
    clock, marker = _Clock(), 1 << (branching.output.number - 1 if branching.output else 0)
    for time, kind, decision in _actions(branching):
        clock.until(time, kind)
        if kind == "forget":
            clock.say("latch_rst 4", 4)
        elif kind == "lower":
            clock.say("set_mrk 0", 0)
            clock.say("upd_param 4", 4)
        elif decision is not None:
            mask = 1 << (addresses[int(branching.windows["qubit"][decision.window])] - 1)
            clock.say(f"set_cond 1,{mask},0,4", 0)
            clock.say(f"set_mrk {marker}", 0)
            clock.say("upd_param 8", 8)
            clock.say("set_cond 0,0,0,4", 0)
    return _program(n_shots, ["set_latch_en 1,4"], clock.lines)


def _actions(branching: Branching) -> list[tuple[int, str, Decision | None]]:
    """Return when to raise and lower the marker, and when to forget triggers that were counted before."""
    windows, actions = branching.windows, list[tuple[int, str, Decision | None]]()
    answers = windows["start"] + windows["length"] + windows["late"] + ANSWER  # when each is there, ns
    held: list[tuple[int, int]] = []  # from an answer to its decision
    forgotten = 0
    for decision in branching.decisions:
        known, acts = int(answers[decision.window]), round(decision.event * 1e9) - MARKER_PATH
        stale = [
            int(t) for t in answers[windows["qubit"] == windows["qubit"][decision.window]] if forgotten < t < known
        ]
        at = known - 8
        if stale or not held:
            if any(begin - 8 < at < end for begin, end in held):
                raise LimitError(
                    "an answer that decides while an older one of its qubit, and one of another, are kept",
                    allowed="decisions one after the other",
                    remedy="put a barrier between the measurements",
                )
            actions.append((at, "forget", None))
            forgotten = at
        held.append((at, acts + 8))
        actions += [(acts, "raise", decision), (acts + PULSE, "lower", None)]
    return sorted(actions, key=lambda action: action[0])


def _program(n_shots: int, before: list[str], shot: list[str]) -> str:
    return "\n".join(
        [
            "move 0,R0",
            f"move {n_shots},R1",
            *before,
            "nop",
            f"shot: wait_trigger {START_ADDRESS},4",
            "reset_ph",
            "upd_param 4",
            *shot,
            "loop R1,@shot",
            "stop",
            "",
        ]
    )


@dataclass
class _Clock:
    """Lines of a shot so far, and when the next one runs."""

    lines: list[str] = field(default_factory=list)
    now: int = _HEAD
    busy: int = 0

    def until(self, time: int, what: str) -> None:
        gap = time - self.now
        if gap < SHORTEST or time < self.busy:
            earliest = max(self.now + SHORTEST, self.busy)
            raise LimitError(f"{what} at {time} ns of the shot", allowed=f"{earliest} ns or later", where="sequencer")
        while gap:
            part = gap if gap <= LONGEST_WAIT else min(LONGEST_WAIT, gap - SHORTEST)
            self.say(f"wait {part}", part)
            gap -= part

    def say(self, line: str, duration: int) -> None:
        self.lines.append(line)
        self.now += duration
