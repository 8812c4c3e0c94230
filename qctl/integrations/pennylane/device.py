"""A laboratory as PennyLane's device ``qctl``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from collections.abc import Sequence as Seq
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pennylane.devices import Device, ExecutionConfig
from pennylane.devices.modifiers import simulator_tracking, single_tape_support
from pennylane.exceptions import DeviceError
from pennylane.tape import QuantumScript
from pennylane.transforms.core import CompilePipeline
from pennylane.wires import Wires

from qctl.integrations.machine import Lablike, machine_of
from qctl.integrations.placing import placed_together
from qctl.integrations.points import run_points
from qctl.integrations.queue import queue_of
from qctl.platforms.wiring import station_tick

from .measurements import results_of
from .preprocessing import MCM_METHODS, pipeline, selecting
from .tape import Source, read_tape


@simulator_tracking
@single_tape_support
class QctlDevice(Device):
    """Runs quantum functions on a laboratory; what they return is counted from shots.

    Wires that are called as the laboratory's qubits are played where they are; others are placed by qctl.

    Parameters
    ----------
    wires : how many, or their labels; whatever a quantum function names when None
    shots : as PennyLane means them; a laboratory needs some
    lab : an open `qctl.Lab`, the name or file of a laboratory, or the address of a daemon
    optimise : let qctl look for shorter programs; circuits on the laboratory's own qubits are played as they stand
    seed : makes a simulated laboratory that is opened here repeat itself
    """

    name = "qctl"

    def __init__(
        self,
        wires: int | Iterable[Any] | None = None,
        shots: Any = None,  # noqa: ANN401 (numbers, sequences of them, pairs)
        *,
        lab: Lablike | os.PathLike[str],
        optimise: bool = True,
        seed: int | None = None,
    ) -> None:
        super().__init__(wires=wires, shots=shots)
        self.machine = machine_of(lab, seed=seed)
        self.optimise = optimise
        self._tick = float(station_tick(self.machine.laboratory))
        available = len(self.machine.laboratory.qubits)
        if self.wires is not None and len(self.wires) > available:
            raise DeviceError(f"{len(self.wires)} wires: {self.machine.laboratory.name} has {available} qubits")

    def setup_execution_config(
        self, config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> ExecutionConfig:
        """Return the configuration completed: gradients by PennyLane, measurements within circuits deferred.

        Unless a method is asked for, a circuit that selects shots is measured where it stands: ``one-shot``.

        Raises
        ------
        DeviceError
            When it asks for what no laboratory has.
        """
        config = config or ExecutionConfig()
        if config.device_options:
            raise DeviceError(f"the device option {next(iter(config.device_options))!r}: qctl has none")
        if config.use_device_gradient or config.gradient_method in ("device", "backprop", "adjoint"):
            raise DeviceError(f"gradients by {config.gradient_method}: use parameter-shift")
        usual = "one-shot" if circuit is not None and selecting(circuit) else "deferred"
        method = config.mcm_config.mcm_method or usual
        if method not in MCM_METHODS:
            raise DeviceError(f"mcm_method {str(method)!r}: use one of {', '.join(MCM_METHODS)}")
        if config.mcm_config.postselect_mode == "fill-shots":
            raise DeviceError("postselect_mode 'fill-shots': shots that are dropped are not repeated")
        return replace(
            config,
            use_device_gradient=False,
            use_device_jacobian_product=False,
            grad_on_execution=False,
            mcm_config=replace(config.mcm_config, mcm_method=method),
        )

    def preprocess_transforms(self, execution_config: ExecutionConfig | None = None) -> CompilePipeline:
        """Return what makes any quantum function one that this device executes."""
        return pipeline(self.wires, self.setup_execution_config(execution_config).mcm_config)

    def supports_derivatives(
        self, execution_config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> bool:
        """Return False: PennyLane shifts parameters."""
        return False

    def execute(self, circuits: Seq[QuantumScript], execution_config: ExecutionConfig | None = None) -> tuple[Any, ...]:
        """Run circuits that were preprocessed; those of one shape and as many shots are one upload.

        Raises
        ------
        DeviceError, QctlError
            When a circuit was not preprocessed, or cannot run.
        """
        sources = [read_tape(tape, self._places(tape), self._tick) for tape in circuits]
        answers: list[Any] = [None] * len(sources)
        for shots in dict.fromkeys(tape.shots.total_shots for tape in circuits):
            members = [k for k, tape in enumerate(circuits) if tape.shots.total_shots == shots]
            for k, bits in zip(members, self._sample([sources[k] for k in members], shots), strict=True):
                answers[k] = results_of(circuits[k], sources[k], bits)
        return tuple(answers)

    def _places(self, tape: QuantumScript) -> tuple[dict[Any, int], bool]:
        """Return the number of each wire, and whether these are the laboratory's own."""
        wires = Wires.all_wires([self.wires or Wires([]), tape.wires])
        names = self.machine.laboratory.qubit_names
        if wires and all(wire in names for wire in wires):
            return {wire: names.index(wire) for wire in wires}, True
        return {wire: k for k, wire in enumerate(wires)}, False

    def _sample(self, sources: Seq[Source], shots: int | None) -> list[NDArray[np.uint8]]:
        """Return the bits of each source, shape (shots, n_bits)."""
        if not shots:
            raise DeviceError("no shots: a laboratory has no analytic results; use qml.set_shots")

        def work(go_on: Callable[[], None]) -> list[NDArray[np.uint8]]:
            silent = np.zeros((shots, 0), np.uint8)
            found = [silent] * len(sources)
            asked = [k for k, source in enumerate(sources) if source.n_bits]
            placed = placed_together(self.machine, [sources[k].marked for k in asked], optimise=self.optimise)
            programs = [program for program, _ in placed]
            for point in run_points(self.machine, programs, shots, optimise=self.optimise, between=go_on):
                k = asked[placed[point.program][1][point.point]]
                found[k] = point.result.bits[0][:, : sources[k].n_bits]
            return found

        return queue_of(self.machine).run(work)

    def close(self) -> None:
        """Close the laboratory, after what others still run on it."""
        queue_of(self.machine).run(lambda go_on: self.machine.close())
