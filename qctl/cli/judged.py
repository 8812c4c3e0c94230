"""What is compiled for the judge: every native gate alone, and all qubits read out at once."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.compile import compile_program, flatten
from qctl.control import limits_of
from qctl.core.errors import QctlError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.sequence import Playlist, Sequence
from qctl.platforms import platform_of
from qctl.readout.demodulate import carrier_weights
from qctl.readout.weights import weights_of

SETTLED = 200e-9  # s before each gate, in which every line reaches the offset at which it idles

Gates = list[tuple[str, str]]
Played = tuple[Sequence, dict[str, Playlist]]


def gates_of(laboratory: Laboratory) -> Gates:
    """Return all native gates as (kind, target)."""
    qubits = [(kind, qubit) for qubit in laboratory.qubits for kind in ("x90", "x180")]
    pair = "rxx" if Op.RXX in platform_of(laboratory).natives else "cz"
    return [*qubits, *((pair, coupling) for coupling in laboratory.couplings)]


def playable(laboratory: Laboratory, parameters: Parameters, gates: Gates) -> tuple[Gates, dict[str, str]]:
    """Return the gates that can be played with these parameters, and why the others cannot, by target and kind."""
    refused: dict[str, str] = {}
    try:
        played_gates(laboratory, parameters, gates)
    except QctlError:
        for kind, target in gates:
            try:
                played_gates(laboratory, parameters, [(kind, target)])
            except QctlError as reason:
                refused[f"{target} {kind}"] = str(reason)
    return [gate for gate in gates if f"{gate[1]} {gate[0]}" not in refused], refused


def played_gates(laboratory: Laboratory, parameters: Parameters, gates: Gates) -> Played:
    """Return what would be uploaded, one sweep point for each gate, as it would be played within a program.

    An output steps to its offset when it begins to play: at the very start of a shot a line whose delay is long would
    still let its carrier through while a gate on other lines is under way.
    """
    rows = [_alone(laboratory, kind, target) for kind, target in gates]
    events = np.array([row for several in rows for row in several], EVENT)
    starts = np.cumsum([0, *map(len, rows)])
    return played(laboratory, parameters, Program(events, len(laboratory.qubits), 0, starts, physical=True))


def played_readout(laboratory: Laboratory, parameters: Parameters) -> Played:
    """Return what would be uploaded to measure all qubits at once."""
    events = np.array(list(_measurements(laboratory)), EVENT)
    n, starts = len(laboratory.qubits), np.array([0, len(events)])
    return played(laboratory, parameters, Program(events, n, n, starts, physical=True))


def weights_by_qubit(
    laboratory: Laboratory, parameters: Parameters, sequence: Sequence
) -> dict[str, NDArray[np.complex128]]:
    """Return what multiplies I + iQ of each sample of each qubit's window."""
    found = {}
    for line, heard in sequence.listening.items():
        source = laboratory.lines[line].mixed_with
        carrier = laboratory.instruments[source].frequency if source is not None else None
        envelopes = weights_of(heard.windows, sequence.qubits, parameters)
        for qubit in np.unique(heard.windows["qubit"]).tolist():
            name, window = sequence.qubits[qubit], heard.windows[heard.windows["qubit"] == qubit]
            tone = {qubit: parameters[f"{name}.readout.frequency"] - (carrier or 0.0)}
            found[name] = carrier_weights(window, heard.sample_rate, tone, envelopes)[0]
    return found


def _alone(laboratory: Laboratory, kind: str, target: str) -> list[tuple[object, ...]]:
    names = laboratory.qubit_names
    qubits = [names.index(q) for q in (laboratory.couplings[target].pair if kind in ("cz", "rxx") else (target,))]
    if Op.RXX in platform_of(laboratory).natives:  # beams of ions do not idle at any offset
        angles = (pi / 2,) if kind == "rxx" else (pi / 2 if kind == "x90" else pi, 0.0)
        return [event(Op.RXX if kind == "rxx" else Op.R, qubits, angles)]
    waits = [event(Op.DELAY, (q,), (SETTLED,)) for q in qubits]
    if kind == "cz":
        return [*waits, event(Op.CZ, qubits)]
    return [*waits, event(Op.R, qubits, (pi / 2 if kind == "x90" else pi, 0.0))]


def _measurements(laboratory: Laboratory) -> Iterator[tuple[object, ...]]:
    for number in range(len(laboratory.qubits)):
        yield event(Op.MEASURE, (number,), (), number)


def played(laboratory: Laboratory, parameters: Parameters, program: Program) -> Played:
    """Return a program compiled as it stands, and what each AWG would play of it."""
    limits = limits_of(laboratory)
    sequence = compile_program(program, parameters, laboratory, limits, optimise=False)
    return sequence, flatten(sequence, laboratory, limits)
