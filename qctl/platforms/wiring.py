"""Clocks and cable lengths: the station's tick, and how much later each line plays so that all meet at the chip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.sequence import Port

from .known import value


@dataclass(frozen=True)
class Arrival:
    """When things reach the chip and come back.

    Parameters
    ----------
    chip : s from sample 0 of the shot until a play that starts at 0 reaches the chip, the same for all lines
    tracks : samples by which each line plays later than its start
    listen : s between the start of an operation and its arrival at the first sample the digitizer can take, by feedline
    """

    chip: float
    tracks: Mapping[str, int]
    listen: Mapping[str, float]


def sample_rate(laboratory: Laboratory, port: Port) -> float:
    """Return the sample rate of the instrument behind a port, Hz."""
    rate = laboratory.instruments[port.instrument].sample_rate
    if rate is None:
        raise CompileError(
            "no sample_rate", allowed="a frequency", where=port.instrument, remedy="give it in the laboratory file"
        )
    return rate


def station_tick(laboratory: Laboratory) -> Fraction:
    """Return the shortest time that is whole in samples of every clock: one over the greatest common divisor, s."""
    rates = set()
    for line in laboratory.lines.values():
        if not (line.starts or line.branches):
            rates |= {sample_rate(laboratory, port) for port in (*line.outputs, *line.heard_by)}
    if not rates:
        raise CompileError("no line has an output", where=laboratory.path or laboratory.name)
    exact = [Fraction(rate).limit_denominator(10**6) for rate in rates]
    whole = math.lcm(*(rate.denominator for rate in exact))
    return Fraction(whole, math.gcd(*(int(rate * whole) for rate in exact)))


def start_latency(laboratory: Laboratory) -> dict[str, float]:
    """Return by instrument the time from sample 0 of the master to its own first sample, s; 0 for the master."""
    latency = {}
    for line in laboratory.lines.values():
        for name in line.starts:
            latency[name] = line.delay + laboratory.instruments[name].trigger_latency
    return latency


def arrival(laboratory: Laboratory, known: Mapping[str, float]) -> Arrival:
    """Return how lines are aligned. ``LINE.delay`` and ``LINE.return_delay`` stand before those of the laboratory file.

    A delay is met to the nearest sample: what remains, half a sample at most, is a constant phase on a carrier and
    a constant shift of a flux pulse, and calibration of phases and timing absorbs it.
    """
    latency = start_latency(laboratory)
    late, back = {}, {}
    for name, line in laboratory.lines.items():
        if line.starts or line.branches or not line.outputs:
            continue
        late[name] = value(known, f"{name}.delay", line.delay) + latency.get(line.outputs[0].instrument, 0.0)
        if line.back is not None:
            back[name] = value(known, f"{name}.return_delay", line.return_delay)
            back[name] -= latency.get(line.back[0].instrument, 0.0)
    chip = max([0.0, *late.values(), *(-time for time in back.values())])
    rates = {name: sample_rate(laboratory, laboratory.lines[name].outputs[0]) for name in late}
    tracks = {name: round((chip - time) * rates[name]) for name, time in late.items()}
    return Arrival(chip, tracks, {name: chip + time for name, time in back.items()})
