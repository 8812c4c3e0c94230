"""Qiskit's EstimatorV2 on a laboratory: every setting of axes and all parameter values are points of one program."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import BaseEstimatorV2, DataBin, EstimatorPubLike, PrimitiveResult, PubResult
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from qctl.core.flow import Play
from qctl.core.program import EVENT, Op, event
from qctl.core.result import tally
from qctl.integrations.machine import Lablike
from qctl.integrations.points import run_points
from qctl.integrations.queue import queue_of

from .backend import Backend
from .circuit import Source
from .job import PrimitiveJob
from .observables import TURN, Group, Term, groups_of, moments, terms_of, value_of
from .primitive import EstimatorOptions, bound, options_of, table_of


class EstimatorV2(BaseEstimatorV2):
    """Estimates observables; circuits transpiled for the backend keep their qubits, others are placed once per shape.

    Terms that commute qubit by qubit are measured together. The standard error is that of the mean of an observable,
    covariances of terms measured together included; a PUB of precision p is run with 1/p^2 shots for each setting.

    Parameters
    ----------
    backend : a `Backend`, or what one is made of
    options : ``default_precision`` (1/64) and ``optimise``
    """

    def __init__(self, backend: Backend | Lablike, *, options: Mapping[str, Any] | None = None) -> None:
        self.backend = backend if isinstance(backend, Backend) else Backend(backend)
        self.options = options_of(EstimatorOptions, options)

    def run(self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None) -> PrimitiveJob:
        """Estimate in the background; ``precision`` is for PUBs that say none themselves.

        Raises
        ------
        TypeError, ValueError
            When a PUB is none, as Qiskit's own primitives raise them.
        ProgramError
            When a circuit holds what cannot run; names it.
        """
        default = self.options.default_precision if precision is None else precision
        ready = [_Task.of(EstimatorPub.coerce(pub, default), self.backend) for pub in pubs]

        def work(go_on: Callable[[], None]) -> PrimitiveResult[PubResult]:
            return PrimitiveResult([self._estimate(task, go_on) for task in ready], metadata={"version": 2})

        return PrimitiveJob(queue_of(self.backend.machine).submit(work))

    def _estimate(self, task: _Task, go_on: Callable[[], None]) -> PubResult:
        mean = np.tile([one.get((), 0.0) for one in task.observables], (task.n_bindings, 1))
        variance = np.zeros_like(mean)
        if task.points:
            machine, optimise = self.backend.machine, self.options.optimise
            program = bound(machine, task.source, task.angles(), optimise=optimise)
            for found in run_points(machine, [program], task.shots, optimise=optimise, between=go_on):
                binding, group = task.points[found.point]
                rows, numbers = tally(found.result.bits[0][:, task.first_bit : task.first_bit + len(task.column)])
                values = {term: value_of(term, rows, task.column) for term in group.terms}
                for k in task.wanted[binding]:
                    one, spread = moments(task.observables[k], values, numbers / task.shots)
                    mean[binding, k] += one
                    variance[binding, k] += spread / task.shots
        which = (task.binding, task.observable)
        data = DataBin(evs=mean[which], stds=np.sqrt(variance[which]), shape=task.pub.shape)
        facts = {"target_precision": task.pub.precision, "shots": task.shots}
        return PubResult(data, metadata={**facts, "circuit_metadata": task.pub.circuit.metadata})


@dataclass(frozen=True)
class _Task:
    """A PUB, and the sweep points that answer it.

    Parameters
    ----------
    source : its circuit, then an open turn and a measurement of each qubit that an observable is about
    values : open angles of the circuit itself, shape (n_bindings, n_open)
    binding, observable : which of each belongs to each element of the PUB, of the PUB's shape
    wanted : by binding, the observables that are asked for
    column : of each measured qubit among the bits that follow the circuit's own
    points : binding and group of each sweep point
    """

    pub: EstimatorPub
    shots: int
    source: Source
    values: NDArray[np.float64]
    observables: list[dict[Term, float]]
    binding: NDArray[np.int64]
    observable: NDArray[np.int64]
    wanted: list[list[int]]
    column: dict[int, int]
    points: list[tuple[int, Group]]

    @property
    def n_bindings(self) -> int:
        """Return how many sets of parameter values there are."""
        return len(self.values)

    @property
    def first_bit(self) -> int:
        """Return where the bits of the observables begin."""
        return int(self.pub.circuit.num_clbits)

    @classmethod
    def of(cls, pub: EstimatorPub, backend: Backend) -> _Task:
        if not pub.precision or not math.isfinite(pub.precision):
            raise ValueError(
                f"a precision of {pub.precision}: a laboratory needs more than 0, to take 1/precision^2 shots"
            )
        circuit, settings = pub.circuit, pub.parameter_values
        source = backend.source(circuit)
        values = source.values(table_of(circuit, settings))
        observables = [terms_of(one) for one in pub.observables.sparse_observables_array().ravel()]
        binding = np.broadcast_to(np.arange(settings.size).reshape(settings.shape), pub.shape)
        observable = np.broadcast_to(np.arange(len(observables)).reshape(pub.observables.shape), pub.shape)
        wanted: list[list[int]] = [[] for _ in range(settings.size)]
        for b, k in sorted(set(zip(binding.ravel().tolist(), observable.ravel().tolist(), strict=True))):
            wanted[b].append(k)
        done = {tuple(ks): groups_of({term for k in ks for term in observables[k]}) for ks in wanted}
        points = [(b, group) for b, ks in enumerate(wanted) for group in done[tuple(ks)]]
        qubits = sorted({qubit for _, group in points for qubit in group.axes})
        column = {qubit: k for k, qubit in enumerate(qubits)}
        return cls(
            pub, math.ceil(1 / pub.precision**2), _measured(source, qubits), values, observables, binding, observable,
            wanted, column, points,
        )  # fmt: skip

    def angles(self) -> NDArray[np.float64]:
        """Return all open angles of each sweep point."""
        turns = [[angle for q in self.column for angle in TURN[group.axes.get(q, "Z")]] for _, group in self.points]
        return np.hstack([self.values[[b for b, _ in self.points]], np.array(turns).reshape(len(turns), -1)])


def _measured(source: Source, qubits: list[int]) -> Source:
    """Return a circuit that ends with an open turn of these qubits and their measurement into bits of their own."""
    program = source.program
    together = [event(Op.BARRIER, (qubit,), bit=int(program.events["bit"].max(initial=0)) + 1) for qubit in qubits]
    rows = together if program.flow else []  # all ways that shots can go measure at one time
    n_before = len(rows)
    rows += [event(Op.R, (qubit,)) for qubit in qubits]
    rows += [event(Op.MEASURE, (qubit,), bit=program.n_bits + k) for k, qubit in enumerate(qubits)]
    added = np.array(rows, EVENT)
    marks = np.zeros((len(added), 3), bool)
    marks[n_before : n_before + len(qubits), :2] = True
    n_rows = len(program.events)
    flow = tuple((*block, Play(n_rows, n_rows + len(added))) for block in program.flow)
    more = replace(
        program, flow=flow, events=np.concatenate([program.events, added]), starts=np.zeros(0, np.int64), bits=(),
        n_bits=program.n_bits + len(qubits),
    )  # fmt: skip
    return replace(source, program=more, free=np.concatenate([source.free, marks]))
