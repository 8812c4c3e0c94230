"""From what was written to what was measured: one run, or averages that grow while it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

from qctl.core.averages import Averages
from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program
from qctl.core.result import Result

if TYPE_CHECKING:
    from .circuit import Circuit
    from .pulses import Pulses


class Machine(Protocol):
    """What runs programs: `qctl.Lab`, or a daemon by `qctl.connect`."""

    @property
    def laboratory(self) -> Laboratory:
        """Return what the laboratory's file says."""

    @property
    def parameters(self) -> Parameters:
        """Return what is known now."""

    def run(self, program: Program, shots: int = ...) -> Result:
        """Run all sweep points of a program."""


def run(written: Circuit, lab: Machine, shots: int, settings: Mapping[str, Any]) -> Result:
    """Run what was written, once for each of its sweep points."""
    changed = getattr(written, "changed", {})
    traces = bool(getattr(written, "traces", False))
    if not changed and not traces:
        return lab.run(written.program(shots), shots, **settings)
    return _run_each(written, lab, shots, settings)  # type: ignore[arg-type]  # only Pulses change parameters


def _run_each(written: Pulses, lab: Machine, shots: int, settings: Mapping[str, Any]) -> Result:
    """Run with parameters that are changed, or swept, and with traces."""
    together = getattr(lab, "run_each", None)
    if together is None:
        raise UsageError(
            "parameters that are changed for a run, or traces, on a daemon",
            allowed="a laboratory that is open here",
            remedy="with Lab.open(...) as lab: ...",
        )
    outer = written.outer
    pairs = []
    for where in product(*(range(len(axis)) for axis in outer)):
        places = dict(zip(outer, where, strict=True))
        pairs.append((written.program(shots, places), lab.parameters.replaced(written.settings(places))))
    found: Result = together(pairs, shots, traces=written.traces, **settings)
    return replace(found, axes=(*outer, *pairs[0][0].axes))


def averages(
    written: Circuit, lab: Machine, shots: int, at_a_time: int, settings: Mapping[str, Any]
) -> Iterator[Averages]:
    """Yield the averages of the shots so far, after each part of them."""
    if shots < 1 or at_a_time < 1:
        raise UsageError(f"averages of {shots} shots, {at_a_time} at a time", allowed="at least 1")
    total: Averages | None = None
    for first in range(0, shots, at_a_time):
        part = Averages.of(run(written, lab, min(at_a_time, shots - first), settings))
        total = part if total is None else total + part
        yield total
