"""Qiskit's SamplerV2 on a laboratory: one program for all parameter values of a PUB."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.primitives import BaseSamplerV2, BitArray, DataBin, PrimitiveResult, SamplerPubLike, SamplerPubResult
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qctl.core.program import Op
from qctl.integrations.machine import Lablike
from qctl.integrations.points import run_points
from qctl.integrations.queue import queue_of

from .backend import Backend
from .circuit import Source
from .job import PrimitiveJob
from .primitive import SamplerOptions, bound, options_of, table_of


class SamplerV2(BaseSamplerV2):
    """Samples circuits; circuits transpiled for the backend keep their qubits, others are placed once per shape.

    Parameters
    ----------
    backend : a `Backend`, or what one is made of
    options : ``default_shots`` (1024) and ``optimise``
    """

    def __init__(self, backend: Backend | Lablike, *, options: Mapping[str, Any] | None = None) -> None:
        self.backend = backend if isinstance(backend, Backend) else Backend(backend)
        self.options = options_of(SamplerOptions, options)

    def run(self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None) -> PrimitiveJob:
        """Sample in the background; ``shots`` is for PUBs that say none themselves.

        Raises
        ------
        TypeError, ValueError
            When a PUB is none, as Qiskit's own primitives raise them.
        ProgramError
            When a circuit holds what cannot run; names it.
        """
        default = self.options.default_shots if shots is None else shots
        ready = [SamplerPub.coerce(pub, default) for pub in pubs]
        _warn_of_silence(ready)
        sources = [self.backend.source(pub.circuit) for pub in ready]
        tables = [table_of(pub.circuit, pub.parameter_values) for pub in ready]
        values = [source.values(table) for source, table in zip(sources, tables, strict=True)]

        def work(go_on: Callable[[], None]) -> PrimitiveResult[SamplerPubResult]:
            done = [self._sample(*one, go_on) for one in zip(ready, sources, values, strict=True)]
            return PrimitiveResult(done, metadata={"version": 2})

        return PrimitiveJob(queue_of(self.backend.machine).submit(work))

    def _sample(
        self, pub: SamplerPub, source: Source, values: NDArray[np.float64], go_on: Callable[[], None]
    ) -> SamplerPubResult:
        bits = {register.name: _empty(pub, register.size) for register in pub.circuit.cregs}
        if np.any(source.program.events["op"] == Op.MEASURE):  # bits that nothing is measured into stay 0
            machine, optimise = self.backend.machine, self.options.optimise
            program = bound(machine, source, values, optimise=optimise)
            for point in run_points(machine, [program], pub.shots, optimise=optimise, between=go_on):
                for name, columns in _columns(pub.circuit).items():
                    bits[name][point.point] = _packed(point.result.bits[0][:, columns])
        arrays = {
            register.name: BitArray(
                bits[register.name].reshape(*pub.shape, pub.shots, -(-register.size // 8)), register.size
            )
            for register in pub.circuit.cregs
        }
        data = DataBin(**arrays, shape=pub.shape)
        return SamplerPubResult(data, metadata={"shots": pub.shots, "circuit_metadata": pub.circuit.metadata})


def _warn_of_silence(pubs: Iterable[SamplerPub]) -> None:
    """Warn, as Qiskit's own samplers do, of circuits whose result holds nothing: it holds registers alone."""
    for k, pub in enumerate(pubs):
        if not pub.circuit.cregs:
            loose = f"{len(pub.circuit.clbits)} bits without a register: add a ClassicalRegister of them"
            why = loose if pub.circuit.clbits else "no bits: add measure_all()"
            warnings.warn(f"the result of PUB {k} will be empty; its circuit has {why}", UserWarning, stacklevel=3)


def _empty(pub: SamplerPub, n_bits: int) -> NDArray[np.uint8]:
    return np.zeros((pub.size, pub.shots, -(-n_bits // 8)), np.uint8)


def _columns(circuit: QuantumCircuit) -> dict[str, list[int]]:
    """Return which bits of the circuit each register holds; registers may share some."""
    return {register.name: [circuit.find_bit(bit).index for bit in register] for register in circuit.cregs}


def _packed(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return rows of bits as `BitArray` keeps them: whole bytes, the first bit the least significant of the last."""
    padding = np.zeros((len(bits), -bits.shape[1] % 8), np.uint8)
    return np.packbits(np.concatenate([padding, bits[:, ::-1]], axis=1), axis=1)
