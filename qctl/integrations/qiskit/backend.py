"""A laboratory as Qiskit's BackendV2."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from qiskit import QuantumCircuit
from qiskit.providers import BackendV2, Options
from qiskit.result import Result
from qiskit.transpiler import Target

from qctl._version import __version__
from qctl.core.errors import UsageError
from qctl.core.result import Result as Answer
from qctl.integrations.machine import Lablike, Machine, keeps_shots, machine_of
from qctl.integrations.points import run_points
from qctl.integrations.queue import queue_of

from .binds import tables_of
from .circuit import Source, read_circuit
from .job import Job
from .primitive import bound
from .results import experiment
from .run_options import Asked, checked, default_options
from .target import full_target


class Backend(BackendV2):
    """A laboratory that runs Qiskit's circuits.

    Circuits that were transpiled for this backend keep their qubits; others are placed and routed by qctl.

    Parameters
    ----------
    lab : an open `qctl.Lab`, the name or file of a laboratory, or the address of a daemon
    seed : makes a simulated laboratory that is opened here repeat itself
    options : other defaults of `run`, such as ``shots``
    """

    def __init__(self, lab: Lablike, *, seed: int | None = None, **options: object) -> None:
        self.machine: Machine = machine_of(lab, seed=seed)
        name = self.machine.laboratory.name
        super().__init__(None, f"qctl.{name}", f"{name}, through qctl", None, __version__)
        self._options.update_options(**checked(options))
        self._target: tuple[str, Target] | None = None

    @classmethod
    def _default_options(cls) -> Options:
        return default_options()

    @property
    def target(self) -> Target:
        """Return gates, durations, errors, qubits and clock by the parameters that are in force now."""
        known = self.machine.parameters
        if self._target is None or self._target[0] != known.digest:
            self._target, self._coupling_map = (known.digest, full_target(known, self.machine.laboratory)), None
        return self._target[1]

    @property
    def max_circuits(self) -> None:
        """Return None: a job may hold any number of circuits."""
        return None

    @property
    def dtm(self) -> float:
        """Return the clock of readout, s."""
        return float(self.target.dt)

    def run(self, run_input: QuantumCircuit | Iterable[QuantumCircuit], **options: object) -> Job:
        """Run circuits in the background.

        Parameters
        ----------
        run_input : a circuit or several
        shots : repetitions of each circuit and set of parameter values
        memory : keep the answer of every shot
        parameter_binds : for each circuit a mapping from parameters to a number or a row of numbers
        meas_level : 2 for states, 1 for points of the IQ plane
        meas_return : of level 1: ``single`` shots, or ``avg``
        optimise : let qctl look for shorter programs; circuits on physical qubits are always played as they stand

        Raises
        ------
        UsageError
            When an option is not known or its value is none of those allowed.
        ProgramError
            When a circuit holds what cannot run; names it.
        """
        asked = Asked.of(self._options, options)
        if not keeps_shots(self.machine) and (asked.memory or asked.meas_level == 1):
            raise UsageError("shots of a daemon one by one", allowed="counts", remedy="leave memory and meas_level out")
        circuits = [run_input] if isinstance(run_input, QuantumCircuit) else list(run_input)
        tables = tables_of(circuits, asked.parameter_binds)
        sources = [self.source(circuit) for circuit in circuits]
        if asked.meas_level == 1 and any(source.program.flow for source in sources):
            raise UsageError("points of the IQ plane of a circuit with branches or variables", allowed="meas_level=2")
        values = [source.split(table) for source, table in zip(sources, tables, strict=True)]

        def work(go_on: Callable[[], None]) -> list[list[Answer]]:
            answers: list[list[Answer | None]] = [[None] * len(table) for table in tables]
            pairs = zip(sources, values, strict=True)
            programs = [bound(self.machine, one, *numbers, optimise=asked.optimise) for one, numbers in pairs]
            for point in run_points(self.machine, programs, asked.shots, optimise=asked.optimise, between=go_on):
                answers[point.program][point.point] = point.result
            return answers  # type: ignore[return-value]

        def finish(answers: list[list[Answer]], job_id: str) -> Result:
            results = [
                experiment(circuit, answer, memory=asked.memory, level=asked.meas_level, average=asked.average)
                for circuit, points in zip(circuits, answers, strict=True)
                for answer in points
            ]
            return Result(
                backend_name=self.name, backend_version=__version__, job_id=job_id, success=True, results=results,
                date=datetime.now(UTC).isoformat(), status="COMPLETED",
            )  # fmt: skip

        return Job(self, queue_of(self.machine).submit(work), finish)

    def source(self, circuit: QuantumCircuit) -> Source:
        """Return a circuit as a gate stream, on physical qubits if it was transpiled for this backend."""
        if not isinstance(circuit, QuantumCircuit):
            raise UsageError(f"a circuit of type {type(circuit).__name__}", allowed="QuantumCircuit")
        return read_circuit(circuit, float(self.target.dt), physical=self.is_physical(circuit))

    def is_physical(self, circuit: QuantumCircuit) -> bool:
        """Say whether a circuit's qubits are the laboratory's: it has all of them, and the transpiler chose them.

        A circuit over all qubits in which nothing is foreign to the target counts too, whoever wrote it.
        """
        if circuit.num_qubits != self.num_qubits:
            return False
        return circuit.layout is not None or self._is_native(circuit)

    def _is_native(self, circuit: QuantumCircuit) -> bool:
        place = {qubit: k for k, qubit in enumerate(circuit.qubits)}
        return all(
            instruction.name == "barrier"
            or self.target.instruction_supported(instruction.name, tuple(place[q] for q in instruction.qubits))
            for instruction in circuit.data
        )

    def close(self) -> None:
        """Close the laboratory, after the jobs that wait."""
        queue_of(self.machine).run(lambda go_on: self.machine.close())

    def __enter__(self) -> Backend:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()
