"""A laboratory as Cirq's sampler: all points of a sweep, and all circuits of a batch, go together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Seq
from numbers import Integral
from typing import Any

import cirq
import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ReadoutError, UsageError
from qctl.integrations.machine import Lablike, machine_of
from qctl.integrations.placing import Marked, placed_together
from qctl.integrations.points import run_points
from qctl.integrations.queue import queue_of
from qctl.platforms.wiring import station_tick

from .circuit import MOST_ROUNDS, read_circuit
from .keys import Keys


class Sampler(cirq.Sampler):
    """Samples circuits on a laboratory.

    Qubits that are named in ``qubits``, and named qubits that are called as the laboratory's, are played where they
    are. All others are numbered in Cirq's order and placed by qctl.

    Parameters
    ----------
    lab : an open `qctl.Lab`, the name or file of a laboratory, or the address of a daemon
    qubits : names of the laboratory's qubits, by Cirq's
    optimise : let qctl look for shorter programs; circuits on the laboratory's own qubits are played as they stand
    rounds : of a circuit operation with ``repeat_until``; a run in which a shot needs more raises ReadoutError
    seed : makes a simulated laboratory that is opened here repeat itself
    """

    def __init__(
        self,
        lab: Lablike,
        *,
        qubits: Mapping[cirq.Qid, str] | None = None,
        optimise: bool = True,
        rounds: int = MOST_ROUNDS,
        seed: int | None = None,
    ) -> None:
        if rounds < 1:
            raise UsageError(f"{rounds} rounds", allowed="at least 1")
        self.machine = machine_of(lab, seed=seed)
        self.optimise, self._rounds = optimise, rounds
        names = self.machine.laboratory.qubit_names
        wrong = [name for name in (qubits or {}).values() if name not in names]
        if wrong:
            raise UsageError(f"the qubit {wrong[0]!r}", allowed=", ".join(names))
        self._numbers: dict[cirq.Qid, int] = {cirq.NamedQubit(name): k for k, name in enumerate(names)}
        self._numbers |= {qubit: names.index(name) for qubit, name in (qubits or {}).items()}

    def run_sweep(
        self, program: cirq.AbstractCircuit, params: cirq.Sweepable, repetitions: int = 1
    ) -> Seq[cirq.Result]:
        """Sample a circuit for each point of a sweep, as `cirq.Sampler` says.

        Raises
        ------
        ValueError
            When nothing is measured, a symbol has no value, or repetitions are no whole number from 0.
        ProgramError
            When the circuit holds what cannot run; names it.
        """
        return self._run([(program, params)], repetitions)[0]

    def run_batch(
        self,
        programs: Seq[cirq.AbstractCircuit],
        params_list: Seq[cirq.Sweepable] | None = None,
        repetitions: int | Seq[int] = 1,
    ) -> Seq[Seq[cirq.Result]]:
        """Sample circuits, each for its sweep; those with the same repetitions go together."""
        sweeps, numbers = self._normalize_batch_args(programs, params_list, repetitions)
        pairs = list(zip(programs, sweeps, strict=True))
        found: list[Seq[cirq.Result]] = [()] * len(pairs)
        for number in dict.fromkeys(numbers):
            members = [k for k, one in enumerate(numbers) if one == number]
            for k, results in zip(members, self._run([pairs[k] for k in members], number), strict=True):
                found[k] = results
        return found

    async def run_batch_async(self, *args: Any, **kwargs: Any) -> Seq[Seq[cirq.Result]]:  # noqa: ANN401
        """Do as `run_batch` does."""
        return self.run_batch(*args, **kwargs)

    def _run(
        self, pairs: Seq[tuple[cirq.AbstractCircuit, cirq.Sweepable]], repetitions: int
    ) -> list[list[cirq.Result]]:
        if not isinstance(repetitions, Integral) or isinstance(repetitions, bool) or repetitions < 0:
            raise ValueError(f"repetitions of {repetitions!r}: a whole number from 0 is needed")
        resolvers = [list(cirq.to_resolvers(params)) for _, params in pairs]
        read = [
            self._read(circuit, resolver)
            for (circuit, _), several in zip(pairs, resolvers, strict=True)
            for resolver in several
        ]
        bits = self._sample([marked for marked, _ in read], int(repetitions)) if repetitions else {}
        for k, (_, keys) in enumerate(read):
            _refuse_unfinished(keys, bits.get(k), self._rounds)
        answers = iter(
            keys.records(bits.get(k, np.zeros((0, keys.n_bits), np.uint8))) for k, (_, keys) in enumerate(read)
        )
        return [
            [cirq.ResultDict(params=resolver, records=next(answers)) for resolver in several] for several in resolvers
        ]

    def _read(self, circuit: cirq.AbstractCircuit, resolver: cirq.ParamResolver) -> tuple[Marked, Keys]:
        place, physical = self._places(circuit)
        tick = float(station_tick(self.machine.laboratory))
        marked, keys = read_circuit(circuit, resolver, place, tick, physical=physical, rounds=self._rounds)
        if not keys.times:
            raise ValueError("nothing is measured: the circuit needs cirq.measure")
        return marked, keys

    def _places(self, circuit: cirq.AbstractCircuit) -> tuple[dict[cirq.Qid, int], bool]:
        """Return the number of each qubit, and whether these are the laboratory's own."""
        qubits = cirq.QubitOrder.DEFAULT.order_for(circuit.all_qubits())
        known = [qubit in self._numbers for qubit in qubits]
        if all(known):
            return {qubit: self._numbers[qubit] for qubit in qubits}, True
        if any(known):
            one, other = qubits[known.index(True)], qubits[known.index(False)]
            raise UsageError(
                f"the qubit {one} of the laboratory beside {other}", allowed="all of them its own, or none"
            )
        return {qubit: k for k, qubit in enumerate(qubits)}, False

    def _sample(self, sources: Seq[Marked], shots: int) -> dict[int, NDArray[np.uint8]]:
        """Return the bits of each source, shape (shots, n_bits)."""

        def work(go_on: Callable[[], None]) -> dict[int, NDArray[np.uint8]]:
            placed = placed_together(self.machine, sources, optimise=self.optimise)
            programs, found = [program for program, _ in placed], {}
            for point in run_points(self.machine, programs, shots, optimise=self.optimise, between=go_on):
                source = placed[point.program][1][point.point]
                found[source] = point.result.bits[0][:, : sources[source].program.n_bits]
            return found

        return queue_of(self.machine).run(work)

    def close(self) -> None:
        """Close the laboratory, after what others still run on it."""
        queue_of(self.machine).run(lambda go_on: self.machine.close())

    def __enter__(self) -> Sampler:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()


def _refuse_unfinished(keys: Keys, bits: NDArray[np.uint8] | None, rounds: int) -> None:
    """Raise ReadoutError where shots were given up: whoever leaves them out changes what is found."""
    if bits is None:
        return
    given_up = int(bits[:, keys.unfinished].any(axis=1).sum())
    if given_up:
        raise ReadoutError(
            f"{given_up} of {len(bits)} shots would go on", allowed=f"{rounds} rounds of repeat_until",
            remedy="Sampler(..., rounds=...)",
        )  # fmt: skip
