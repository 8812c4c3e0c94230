"""A machine on paper: programs and their decisions worked out by state vectors, without compiling or instruments.

What plugins make of other projects' programs is tested on it: whatever is wrong is then the plugin's.
"""

from copy import copy

import numpy as np

from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.gates import matrix
from qctl.core.program import Op
from qctl.core.record import Timing
from qctl.core.result import Result
from qctl.core.walk import Walk
from qctl.frontends import read_openqasm, to_inputs
from qctl.run.known import known_parameters


class Paper:
    """As `qctl.Lab`, of a laboratory that decides at once and errs never.

    Parameters
    ----------
    served : programs come as text, as daemons get them

    Attributes
    ----------
    runs : (program, shots) of each run
    """

    def __init__(self, name="ideal20", seed=1, *, served=False):
        self._served = served
        self.laboratory = read_laboratory(find_laboratory(name))
        self.parameters = known_parameters(self.laboratory)
        self.runs, self._random = [], np.random.default_rng(seed)

    def run(self, program, shots=4000, *, optimise=True):
        if self._served:
            text, inputs = to_inputs(program)
            program = read_openqasm(text, inputs=inputs)
        self.runs.append((program, shots))
        answers = [self._point(program, point, shots) for point in range(program.n_points)]
        names = [name for name, _ in program.outputs]
        outputs = {name: np.array([[out[name] for _, out in point] for point in answers]) for name in names}
        return Result(
            bits=np.array([[bits for bits, _ in point] for point in answers], np.uint8),
            iq=np.zeros((program.n_points, shots, 0), complex),
            measured=(),
            qubits=self.laboratory.qubit_names,
            placement=tuple(range(program.n_qubits)),
            parameters_id="paper",
            timing=Timing(),
            registers=program.bits,
            outputs=outputs,
            axes=program.axes,
        )

    def close(self):
        pass

    def _point(self, program, point, shots):
        used = np.unique(program.events["q"])
        place = {q: k for k, q in enumerate(used[used >= 0].tolist())}
        state = np.zeros((2,) * len(place), complex)
        state[(0,) * len(place)] = 1
        found = list(self._shots(Walk(program, point), [], state, place, [], shots))
        return [found[k] for k in self._random.permutation(shots)]

    def _shots(self, walk, rows, state, place, told, shots):
        """Yield bits and outputs of each shot; shots part where a measurement says something else."""
        while True:
            if not rows:
                events = walk.advance()
                if events is None:
                    yield from [(walk.shown(), walk.outputs())] * shots
                    return
                rows, told = events.tolist(), []
            while rows:
                op, q, _, angle = rows[0]
                rows = rows[1:]
                qubits = [place[k] for k in q if k >= 0]
                if op < Op.MEASURE:
                    gate = matrix(Op(op), angle).reshape((2, 2) * len(qubits))
                    state = np.tensordot(gate, state, (range(len(qubits), 2 * len(qubits)), qubits))
                    state = np.moveaxis(state, range(len(qubits)), qubits)
                elif op in (Op.MEASURE, Op.RESET):
                    ways = self._parted(state, qubits[0], shots, keep=op == Op.MEASURE)
                    *others, (answer, state, shots) = ways
                    for other, left, n in others:
                        now = told + [other] * (op == Op.MEASURE)
                        yield from self._shots_after(copy(walk), rows, left, place, now, n)
                    told = told + [answer] * (op == Op.MEASURE)
            walk.tell(told)

    def _shots_after(self, walk, rows, state, place, told, shots):
        if rows:
            yield from self._shots(walk, rows, state, place, told, shots)
        else:
            walk.tell(told)
            yield from self._shots(walk, [], state, place, [], shots)

    def _parted(self, state, qubit, shots, *, keep):
        """Return (answer, state after it, shots) of each answer that some shot gave."""
        moved, found = np.moveaxis(state, qubit, 0), []
        ones = float(np.clip(np.sum(np.abs(moved[1]) ** 2) / np.sum(np.abs(state) ** 2), 0, 1))
        ones = round(ones, 12)
        n_ones = int(self._random.binomial(shots, ones))
        for answer, n in ((0, shots - n_ones), (1, n_ones)):
            if n:
                left = np.zeros_like(moved)
                left[answer if keep else 0] = moved[answer] / np.linalg.norm(moved[answer])
                found.append((answer, np.moveaxis(left, 0, qubit), n))
        return found
