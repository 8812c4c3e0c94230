"""Any gate becomes native ones: at most two pi/2 pulses or one pi pulse per qubit and turn, virtual Z, CZ or RXX."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.program import EVENT, Op, Program

from .merge import merge_turns
from .templates import TABLES, Table

PULSE_TOLERANCE = 1e-9  # rad: a rotation this close to 0, pi/2 or pi is that rotation
FRAME_TOLERANCE = 1e-12  # rad: what arithmetic leaves of a frame change of 0

_NATIVE = np.zeros(max(Op) + 1, bool)
_NATIVE[[Op.RZ, Op.MEASURE, Op.DELAY, Op.BARRIER, Op.PULSE]] = True
_PASSES = np.zeros(max(Op) + 1, bool)
_PASSES[[Op.CZ, Op.MEASURE, Op.DELAY, Op.BARRIER]] = True


def entangler_of(natives: frozenset[int]) -> Op:
    """Return the 2-qubit gate among the native operations of a platform."""
    return Op.RXX if Op.RXX in natives else Op.CZ


def lower(program: Program, *, merge: bool = False, entangler: Op = Op.CZ) -> Program:
    """Return the same program in R(+-pi/2, phi), R(+-pi, phi), RZ, the entangler, MEASURE, DELAY, BARRIER and PULSE.

    A program that is native already stays as it is. The unitary is the same up to a global phase; angles are met to
    1e-9 rad.

    Parameters
    ----------
    merge : join neighbouring 1-qubit gates of a qubit; barriers, waits and measurements keep them apart
    entangler : the 2-qubit gate of the machine: CZ, or RXX by at most a quarter turn either way

    Raises
    ------
    CompileError
        When the program holds a reset, which no gate can express.
    """
    _refuse(program.events["op"], Op.RESET, "a reset after a gate", "remove it: this rack has no feedback")
    if not merge and _is_native(program.events, entangler):
        return program
    events, source = _expand(program.events, TABLES[entangler])
    if entangler is Op.RXX:
        events, source = _quarter_turns(events, source)
    starts = np.searchsorted(source, program.starts).astype(np.int64)
    if merge:
        events, starts = merge_turns(events, starts)
    return _pulses(replace(program, events=events, starts=starts))


def _refuse(op: NDArray[np.int16], refused: Op, asked: str, remedy: str) -> None:
    where = np.flatnonzero(op == refused)
    if len(where):
        raise CompileError(f"event {where[0]} is {asked}", remedy=remedy)


def _is_native(events: NDArray[np.void], entangler: Op) -> bool:
    rotation, pair = events["op"] == Op.R, events["op"] == entangler
    if not np.all(_NATIVE[events["op"]] | rotation | pair):
        return False
    size = np.abs(events["angle"][:, 0])
    if entangler is Op.RXX and np.any(size[pair] > np.pi / 2):
        return False
    return bool(np.all(~rotation | (size == np.pi) | (size == np.pi / 2)))


def _expand(events: NDArray[np.void], table: Table) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Return events of U, the entangler and what passes only, and the source row of each."""
    op = events["op"]
    count = table.count[op]
    source = np.repeat(np.arange(len(events)), count)
    row = table.first[op][source] + np.arange(len(source)) - (np.cumsum(count) - count)[source]
    out = np.empty(len(source), EVENT)
    passes = row == 0
    out["op"] = np.where(passes, op[source], table.op[row])
    qubits = np.column_stack([events["q"], np.full(len(events), -1, np.int32)])
    out["q"] = np.take_along_axis(qubits[source], table.qubits[row], axis=1)
    out["bit"] = np.where(passes, events["bit"][source], -1)
    angle = events["angle"][source]
    out["angle"] = np.where(passes[:, None], angle, table.constant[row] + table.factor[row] * angle[:, :1])
    rotation = op[source] == Op.R  # R(theta, phi) = U(theta, phi - pi/2, pi/2 - phi)
    if np.any(rotation):
        theta, phi = angle[rotation, 0], angle[rotation, 1]
        out["angle"][rotation] = np.column_stack([theta, phi - np.pi / 2, np.pi / 2 - phi])
        out["op"][rotation] = Op.U
    return out, source


def _quarter_turns(events: NDArray[np.void], source: NDArray[np.int64]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Return events in which no RXX turns by more than pi/2: ``RXX(t) = RXX(t -+ pi) X X``, and none by 0."""
    pair = events["op"] == Op.RXX
    turn = np.remainder(events["angle"][:, 0] + np.pi, 2 * np.pi) - np.pi
    far = pair & (np.abs(turn) > np.pi / 2 + PULSE_TOLERANCE)
    turn = np.where(far, turn - np.pi * np.sign(turn), turn)
    events["angle"][pair, 0] = turn[pair]
    none = pair & (np.abs(turn) < PULSE_TOLERANCE)
    count = np.where(far, 3, 1) - none
    first, where = np.cumsum(count) - count, np.repeat(np.arange(len(events)), count)
    out = events[where]
    for column in range(2):  # the last two rows that a far one became are X on either qubit
        rows = (first + count - 2 + column)[far]
        out["op"][rows], out["q"][rows, 0], out["q"][rows, 1] = Op.U, events["q"][far, column], -1
        out["angle"][rows] = (np.pi, 0.0, np.pi)
    return out, source[where]


def _pulses(program: Program) -> Program:
    """Return U as pulses and one frame change: U = RZ(turn) R(pi/2, second) R(pi/2, first), or one pulse, or none.

    From ``U(t, p, l) = RZ(p + pi) RX(pi/2) RZ(t + pi) RX(pi/2) RZ(l)`` (McKay et al., PRA 96, 022330), with every RZ
    moved to the left: ``RX(a) RZ(l) = RZ(l) R(a, -l)``.
    """
    events = program.events
    theta, phi, lam = _canonical(events["angle"])
    gate = events["op"] == Op.U
    none = gate & (theta < PULSE_TOLERANCE)
    half = gate & (np.abs(theta - np.pi / 2) < PULSE_TOLERANCE)
    full = gate & (np.abs(theta - np.pi) < PULSE_TOLERANCE)
    two = gate & ~(none | half | full)
    turn = np.where(two, phi + lam + theta, np.where(full, 0.0, phi + lam))
    turn = np.remainder(turn + np.pi, 2 * np.pi) - np.pi
    virtual = gate & (np.abs(turn) > FRAME_TOLERANCE)
    pulses = (half | full).astype(np.int64) + 2 * two
    count = np.where(gate, pulses + virtual, 1)
    first = np.cumsum(count) - count
    source = np.repeat(np.arange(len(events)), count)
    out = events[source]
    out["op"] = np.where(gate[source], Op.R, events["op"][source])
    _fill(out, first[half], np.pi / 2, np.pi / 2 - lam[half])
    _fill(out, first[full], np.pi, (phi - lam + np.pi)[full] / 2)
    _fill(out, first[two], np.pi / 2, -lam[two])
    _fill(out, first[two] + 1, np.pi / 2, -(lam + theta + np.pi)[two])
    last = (first + pulses)[virtual]
    _fill(out, last, turn[virtual], 0.0)
    out["op"][last] = Op.RZ
    starts = np.concatenate([first, [len(out)]])[program.starts]
    return replace(program, events=out, starts=starts.astype(np.int64))


def _canonical(
    angle: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return theta, phi and lambda of the same gates with theta from 0 to pi."""
    theta = np.remainder(angle[:, 0] + np.pi, 2 * np.pi) - np.pi
    turned = np.where(theta < 0, np.pi, 0.0)
    return np.abs(theta), angle[:, 1] + turned, angle[:, 2] - turned


def _fill(
    out: NDArray[np.void],
    rows: NDArray[np.intp],
    angle: float | NDArray[np.float64],
    phase: float | NDArray[np.float64],
) -> None:
    out["angle"][rows, 0] = angle
    out["angle"][rows, 1] = phase
    out["angle"][rows, 2] = 0.0
