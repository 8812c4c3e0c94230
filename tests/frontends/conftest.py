"""A small exact simulator of gate streams: what a program means, worked out in another way than it is read."""

from collections import defaultdict
from copy import copy

import numpy as np
import pytest

from qctl.core.gates import matrix, n_qubits
from qctl.core.program import Op
from qctl.core.walk import Walk


def apply(event, state, n):
    """Return the state (its first n axes are the qubits) after one gate."""
    op = Op(int(event["op"]))
    targets = [int(qubit) for qubit in event["q"][: n_qubits(op)]]
    gate = matrix(op, event["angle"]).reshape((2,) * (2 * len(targets)))
    moved = np.tensordot(gate, state, axes=(range(len(targets), 2 * len(targets)), targets))
    return np.moveaxis(moved, range(len(targets)), targets)


def unitary(program):
    """Return the matrix of a program of gates only; the first qubit is the most significant."""
    n = program.n_qubits
    state = np.eye(2**n, dtype=complex).reshape((2,) * n + (2**n,))
    for event in program.events:
        if event["op"] != Op.BARRIER:
            state = apply(event, state, n)
    return state.reshape(2**n, 2**n)


def split(state, qubit):
    """Yield the outcome and the unnormalised state of a measurement, where it is possible at all."""
    for outcome in (0, 1):
        kept = np.zeros_like(state)
        where = (slice(None),) * qubit + (outcome,)
        kept[where] = state[where]
        if np.vdot(kept, kept).real > 1e-14:
            yield outcome, kept


def step(event, branches, n):
    """Return the branches (bits, state) after one event."""
    op = Op(int(event["op"]))
    if op in (Op.BARRIER, Op.DELAY):
        return branches
    if op < Op.MEASURE:
        return [(bits, apply(event, state, n)) for bits, state in branches]
    qubit, out = int(event["q"][0]), []
    for bits, state in branches:
        for outcome, kept in split(state, qubit):
            if op == Op.MEASURE:
                out.append(({**bits, int(event["bit"]): outcome}, kept))
            else:
                out.append((bits, np.flip(kept, axis=qubit) if outcome else kept))
    return out


def final_measurements(events):
    """Return the rows of measurements after which neither their qubit nor their bit is used."""
    qubits, bits, final = set(), set(), {}
    for row in range(len(events) - 1, -1, -1):
        event = events[row]
        if event["op"] == Op.BARRIER:
            continue
        if event["op"] == Op.MEASURE and event["q"][0] not in qubits and event["bit"] not in bits:
            final[row] = (int(event["q"][0]), int(event["bit"]))
        qubits.update(event["q"].tolist())
        bits.add(int(event["bit"]))
    return final


LEAST = 1e-9  # ways that are less likely are not followed: loops that repeat until success never end surely


def distribution_of_flow(program, point=0):
    """Return the exact probability of each key of a program with feedback: all ways, each with its state."""
    n, found = program.n_qubits, defaultdict(float)
    start = np.zeros((2,) * n, complex)
    start[(0,) * n] = 1
    todo = [(Walk(program, point), start)]
    while todo:
        walk, state = todo.pop()
        events = walk.advance()
        if events is None:
            shown = walk.bits[: program.n_bits - program.n_hidden]
            found["".join(map(str, shown))] += np.vdot(state, state).real
            continue
        branches = [((), state)]
        for event in events:
            branches = [(b + more, s) for b, old in branches for more, s in answered(event, old, n)]
        for answers, new in branches:
            if np.vdot(new, new).real > LEAST:
                way = copy(walk)
                way.tell(answers)
                todo.append((way, new))
    return found


def answered(event, state, n):
    """Yield the answers that an event gives, and the states after it."""
    for bits, new in step(event, [({}, state)], n):
        yield tuple(bits.values()), new


def distribution(program):
    """Return the exact probability of each key; character i is bit i."""
    if program.flow:
        return distribution_of_flow(program)
    n, final = program.n_qubits, final_measurements(program.events)
    start = np.zeros((2,) * n, complex)
    start[(0,) * n] = 1
    branches = [({}, start)]
    for row, event in enumerate(program.events):
        if row not in final:
            branches = step(event, branches, n)
    found = defaultdict(float)
    for bits, state in branches:
        for outcomes, chance in outcomes_of(state, [qubit for qubit, _ in final.values()]):
            read = {**bits, **dict(zip((bit for _, bit in final.values()), outcomes, strict=True))}
            found["".join(str(read.get(bit, 0)) for bit in range(program.n_bits - program.n_hidden))] += chance
    return found


def outcomes_of(state, qubits):
    """Yield the outcomes of measuring some qubits, with their probabilities."""
    others = tuple(axis for axis in range(state.ndim) if axis not in qubits)
    chances = np.transpose(np.sum(np.abs(state) ** 2, axis=others), np.argsort(np.argsort(qubits)))
    for place in np.argwhere(chances > 1e-14):
        yield place.tolist(), float(chances[tuple(place)])


@pytest.fixture(scope="session")
def unitary_of():
    """Return a function from a Program of gates to its unitary matrix."""
    return unitary


@pytest.fixture(scope="session")
def distribution_of():
    """Return a function from a Program to its exact distribution."""
    return distribution


@pytest.fixture(scope="session")
def same_up_to_phase():
    """Return a function that asserts that two matrices differ by no more than a global phase."""

    def check(found, expected):
        overlap = np.vdot(expected, found)
        assert abs(overlap) > 0
        np.testing.assert_allclose(found, expected * overlap / abs(overlap), atol=1e-9)

    return check
