"""From any quantum function to what the device executes: native gates, and one sample of all that is measured."""

from __future__ import annotations

from typing import Any

from pennylane.devices import MCMConfig
from pennylane.devices.preprocess import (
    decompose,
    device_resolve_dynamic_wires,
    measurements_from_samples,
    no_analytic,
    validate_device_wires,
    validate_measurements,
)
from pennylane.measurements import ClassicalShadowMP, SampleMeasurement, ShadowExpvalMP
from pennylane.operation import Operator
from pennylane.ops import Conditional
from pennylane.ops.mid_measure import MidMeasure
from pennylane.transforms import (
    broadcast_expand,
    defer_measurements,
    diagonalize_measurements,
    dynamic_one_shot,
    split_non_commuting,
)
from pennylane.transforms.core import CompilePipeline
from pennylane.wires import Wires

from .tape import GATES, SILENT

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
    steps.add_transform(no_analytic, name=NAME)
    steps.add_transform(validate_device_wires, wires=wires, name=NAME)
    if not within:
        steps.add_transform(defer_measurements, allow_postselect=False)
    steps.add_transform(validate_measurements, sample_measurements=_counted, name=NAME)
    steps.add_transform(split_non_commuting)
    steps.add_transform(diagonalize_measurements)
    if not within:
        steps.add_transform(measurements_from_samples)
    gates: dict[str, Any] = {"target_gates": set(GATES) | SILENT | {"MidMeasureMP"}, "device_wires": wires}
    steps.add_transform(decompose, stopping_condition=_native, skip_initial_state_prep=False, name=NAME, **gates)
    steps.add_transform(device_resolve_dynamic_wires, wires=wires, allow_resets=False)
    steps.add_transform(broadcast_expand)
    if within:
        steps.add_transform(dynamic_one_shot, postselect_mode=measurements_within.postselect_mode)
    return steps


def _native(operation: Operator) -> bool:
    return operation.name in GATES or operation.name in SILENT or isinstance(operation, MidMeasure | Conditional)


def _counted(measurement: object) -> bool:
    return isinstance(measurement, SampleMeasurement) and not isinstance(
        measurement, ClassicalShadowMP | ShadowExpvalMP
    )
