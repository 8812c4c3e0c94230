"""What a laboratory can do, as Qiskit's users see it: gates, durations, errors, qubits and clock."""

from __future__ import annotations

from math import pi

import numpy as np
from qiskit.circuit import BoxOp, BreakLoopOp, ContinueLoopOp, ForLoopOp, IfElseOp, Reset, SwitchCaseOp, WhileLoopOp
from qiskit.circuit.library import IGate
from qiskit.transpiler import InstructionProperties, QubitProperties, Target

from qctl.compile.target import target_of
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import EVENT, Op, Program, event
from qctl.platforms import platform_of
from qctl.platforms.parts import host_decides
from qctl.platforms.wiring import station_tick

_EVERYWHERE = {ForLoopOp: "for_loop", BoxOp: "box"}
_FLOW = {
    IfElseOp: "if_else",
    WhileLoopOp: "while_loop",
    SwitchCaseOp: "switch_case",
    BreakLoopOp: "break_loop",
    ContinueLoopOp: "continue_loop",
}

_TOLD_BY = ("detection.duration", "probe.duration")  # of ions, of atoms


def full_target(known: Parameters, laboratory: Laboratory) -> Target:
    """Return the target that the compiler routes on, with clock and qubits, and what costs no time within a shot.

    Loops over numbers and boxes run everywhere, branches and other loops where measured bits can decide in time. There
    a ``reset`` is a measurement and an X where it says 1. Elsewhere it lasts 0 s, because qubits are reset between
    shots; a circuit that resets one in between is refused.
    """
    target = target_of(known, laboratory)
    target.dt = float(station_tick(laboratory))
    target.granularity = target.min_length = target.pulse_alignment = target.acquire_alignment = 1
    target.qubit_properties = [_qubit(known, name) for name in laboratory.qubit_names]
    _complete(target, known, laboratory)
    everywhere = [(k,) for k in range(len(laboratory.qubits))]
    decides = _decides(known, laboratory)
    resets = {qubit: _reset(target, qubit, known, laboratory, decides=decides) for qubit in everywhere}
    target.add_instruction(IGate(), {qubit: InstructionProperties(0.0, 0.0) for qubit in everywhere})
    target.add_instruction(Reset(), resets)
    for kind, name in (_EVERYWHERE | (_FLOW if decides else {})).items():
        target.add_instruction(kind, name=name)
    return target


def _decides(known: Parameters, laboratory: Laboratory) -> bool:
    """Say whether instruments or the host decide on measured bits while qubits remember."""
    return laboratory.event_line() is not None or host_decides(known, laboratory)


def _complete(target: Target, known: Parameters, laboratory: Laboratory) -> None:
    """Add durations that are no parameters but follow from some, as the platform reckons them."""
    platform, tick, n = platform_of(laboratory), station_tick(laboratory), len(laboratory.qubits)
    for name, op, angles in (("measure", Op.MEASURE, ()), ("cz", Op.CZ, ()), ("rxx", Op.RXX, (pi / 2,))):
        for qubits, facts in target[name].items() if name in target.operation_names else ():
            if facts is not None and facts.duration is None:
                rows = np.array([event(op, qubits, angles, bit=0 if op == Op.MEASURE else -1)], EVENT)
                spans, _ = platform.spans(Program(rows, n, 1, physical=True), known, laboratory, tick)
                seconds = float(int(spans[0]) * tick) or _light(known)
                target.update_instruction_properties(name, qubits, InstructionProperties(seconds, facts.error))


def _light(known: Parameters) -> float:
    """Return for how long light tells the states of all ions or atoms, behind everything that is timed, s."""
    return next((known[name] for name in _TOLD_BY if name in known), 0.0)


def _reset(
    target: Target, qubit: tuple[int], known: Parameters, laboratory: Laboratory, *, decides: bool
) -> InstructionProperties:
    """Return what a reset costs: nothing but what is left in 1 between shots, or a measurement and a decision."""
    if not decides:
        return InstructionProperties(0.0, known.get(f"{laboratory.qubit_names[qubit[0]]}.thermal"))
    measure, flip = target["measure"][qubit], target["x"][qubit]
    seconds = laboratory.slot if laboratory.event_line() is None else measure.duration + flip.duration
    return InstructionProperties(seconds, 1 - (1 - measure.error) * (1 - flip.error))


def _qubit(known: Parameters, name: str) -> QubitProperties:
    """Return T1, T2 (of an echo, else of a Ramsey experiment) and frequency, as far as they are known."""
    t2 = known.get(f"{name}.t2", known.get(f"{name}.t2_ramsey"))
    return QubitProperties(t1=known.get(f"{name}.t1"), t2=t2, frequency=known.get(f"{name}.frequency"))
