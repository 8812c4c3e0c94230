"""From any quantum function to what the device executes: native gates, and measurements of Z alone."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from pennylane.devices import MCMConfig
from pennylane.devices.preprocess import (
    decompose,
    device_resolve_dynamic_wires,
    validate_device_wires,
    validate_measurements,
)
from pennylane.exceptions import DeviceError
from pennylane.measurements import ClassicalShadowMP, SampleMeasurement, ShadowExpvalMP
from pennylane.operation import Operator
from pennylane.ops import Conditional, QubitUnitary
from pennylane.ops.mid_measure import MidMeasure
from pennylane.tape import QuantumScript
from pennylane.transforms import (
    broadcast_expand,
    defer_measurements,
    dynamic_one_shot,
    split_non_commuting,
)
from pennylane.transforms.core import CompilePipeline, transform
from pennylane.wires import Wires

from .tape import GATES, SILENT
from .variances import spreads_apart

MCM_METHODS = ("deferred", "one-shot")
NAME = "qctl"


def pipeline(wires: Wires | None, measurements_within: MCMConfig) -> CompilePipeline:
    """Return the transforms of a device with these wires.

    Parameters
    ----------
    measurements_within : ``deferred`` gives each a qubit of its own; ``one-shot`` measures where they stand
    """
    within = measurements_within.mcm_method == "one-shot"
    steps = CompilePipeline()
    steps.add_transform(counted_alone)
    resolve = {"wires": wires, "allow_resets": False}
    steps.add_transform(device_resolve_dynamic_wires, **resolve)  # those that the circuit allocates itself
    steps.add_transform(validate_device_wires, wires=wires, name=NAME)
    if not within:
        steps.add_transform(unselected)
        steps.add_transform(defer_measurements, allow_postselect=False)
    steps.add_transform(validate_measurements, sample_measurements=_counted, name=NAME)
    steps.add_transform(spreads_apart)
    steps.add_transform(split_non_commuting)
    steps.add_transform(turned)
    gates: dict[str, Any] = {"target_gates": set(GATES) | SILENT | {"MidMeasureMP"}, "device_wires": wires}
    steps.add_transform(
        decompose, stopping_condition=_native, decomposer=_parts, skip_initial_state_prep=False, name=NAME, **gates
    )
    steps.add_transform(device_resolve_dynamic_wires, **resolve)  # and those that parts of it do
    steps.add_transform(broadcast_expand)
    if within:
        steps.add_transform(dynamic_one_shot, postselect_mode=measurements_within.postselect_mode)
    return steps


@transform  # type: ignore[untyped-decorator]
def counted_alone(tape: QuantumScript) -> tuple[list[QuantumScript], Callable[[Any], Any]]:
    """Refuse measurements without shots; a tape that measures nothing needs none."""
    if tape.measurements and not tape.shots:
        raise DeviceError(f"Analytic execution is not supported with {NAME}: a laboratory needs shots, qml.set_shots")
    return [tape], itemgetter(0)


def selecting(tape: QuantumScript) -> bool:
    """Say whether a tape drops shots by what it measures within: ``qml.measure(wire, postselect=1)``."""
    return any(isinstance(each, MidMeasure) and each.postselect is not None for each in tape.operations)


@transform  # type: ignore[untyped-decorator]
def unselected(tape: QuantumScript) -> tuple[list[QuantumScript], Callable[[Any], Any]]:
    """Refuse to select shots by measurements that are deferred."""
    if selecting(tape):
        raise DeviceError("post-selection with mcm_method 'deferred': set mcm_method='one-shot'")
    return [tape], itemgetter(0)


@transform  # type: ignore[untyped-decorator]
def turned(tape: QuantumScript) -> tuple[list[QuantumScript], Callable[[Any], Any]]:
    """Add the gates that turn every observable into Z; what is measured then keeps its name and its eigenvalues."""
    for measurement in tape.measurements:
        if measurement.obs is not None and not measurement.obs.has_diagonalizing_gates:
            raise DeviceError(f"{measurement}: {NAME} measures only what gates can turn into Z")
    return [tape.copy(operations=[*tape.operations, *tape.diagonalizing_gates])], itemgetter(0)


def _parts(operation: Operator) -> list[Operator]:
    """Return what an operation is made of: by its own decomposition, else by its matrix."""
    if isinstance(operation, Conditional):
        return [Conditional(operation.meas_val, part) for part in _parts(operation.base)]
    if not operation.has_decomposition and operation.has_matrix:
        return [QubitUnitary(operation.matrix(), operation.wires)]
    return list(operation.decomposition())


def _native(operation: Operator) -> bool:
    if isinstance(operation, Conditional):
        return _native(operation.base)
    return operation.name in GATES or operation.name in SILENT or isinstance(operation, MidMeasure)


def _counted(measurement: object) -> bool:
    return isinstance(measurement, SampleMeasurement) and not isinstance(
        measurement, ClassicalShadowMP | ShadowExpvalMP
    )
