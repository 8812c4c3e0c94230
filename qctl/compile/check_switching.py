"""What pulse generators, photon counters and cameras cannot do, said before anything is sent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import LimitError
from qctl.core.protocols import CameraLimits, CounterLimits, Limits, PulserLimits
from qctl.core.sequence import Digital, Sequence

GRID = 1e-3  # distance of a time from the grid of the instrument that still counts as on it, in steps


def check_switching(sequence: Sequence, limits: Limits) -> None:
    """Raise LimitError at the first pulse or window that an instrument cannot do."""
    by_pulser: dict[str, dict[str, Digital]] = {}
    for line, digital in sequence.digital.items():
        by_pulser.setdefault(digital.output.instrument, {})[line] = digital
    for name, lines in by_pulser.items():
        _check_pulser(name, lines, sequence, limits)
    for line, counting in sequence.counting.items():
        counter = limits.get(counting.input.instrument)
        if not isinstance(counter, CounterLimits):
            raise LimitError(f"{counting.input.instrument} counts photons", allowed="a counter", where=line)
        _at_most(counting.input.number, counter.n_channels, "input number {}", line)
        _check_windows(line, counting.windows, counter.min_gate, counter.rearm)
    for line, exposing in sequence.exposing.items():
        camera = limits.get(exposing.input.instrument)
        if not isinstance(camera, CameraLimits):
            raise LimitError(f"{exposing.input.instrument} takes images", allowed="a camera", where=line)
        _check_windows(line, exposing.windows, camera.min_exposure, camera.rearm)


def _check_pulser(name: str, lines: dict[str, Digital], sequence: Sequence, limits: Limits) -> None:
    pulser = limits.get(name)
    if not isinstance(pulser, PulserLimits):
        raise LimitError(f"{name} feeds switches", allowed="a pulse generator", where=name)
    different: set[tuple[int, int]] = set()
    for line, digital in lines.items():
        _at_most(digital.output.number, pulser.n_outputs, "output number {}", line)
        times = digital.spans + sequence.lead
        steps = times / pulser.resolution
        off = np.abs(steps - np.rint(steps)) > GRID
        if np.any(off):
            asked = f"an edge at {float(times[off][0]):.12g} s"
            raise LimitError(asked, allowed=f"multiples of {pulser.resolution:g} s", where=line)
        _check_spans(line, times, pulser, sequence.period)
        different |= {(a, b) for a, b in np.rint(steps).astype(np.int64).tolist()}
    _at_most(len(different), pulser.n_timers, "{} different pulses in a shot", name)


def _check_spans(line: str, times: NDArray[np.float64], pulser: PulserLimits, period: float) -> None:
    widths, gaps = times[:, 1] - times[:, 0], times[1:, 0] - times[:-1, 1]
    if np.any(widths < pulser.min_width * (1 - 1e-9)):
        raise LimitError(f"a pulse of {float(widths.min()):g} s", allowed=f"{pulser.min_width:g} s or more", where=line)
    if np.any(gaps <= 0):
        raise LimitError("pulses that overlap", allowed="one after another", where=line)
    latest = min(pulser.max_time, period - pulser.min_gap)
    if len(times) and (float(times.min()) < 0 or float(times.max()) > latest * (1 + 1e-9)):
        raise LimitError(
            f"a pulse from {float(times.min()):g} to {float(times.max()):g} s of a shot",
            allowed=f"0 to {latest:g} s",
            where=line,
            remedy="shorten the program or its lights, or raise period in the laboratory file",
        )


def _check_windows(line: str, windows: NDArray[np.float64], shortest: float, rearm: float) -> None:
    widths, gaps = windows[:, 1] - windows[:, 0], windows[1:, 0] - windows[:-1, 1]
    if np.any(widths < shortest * (1 - 1e-9)):
        raise LimitError(f"a window of {float(widths.min()):g} s", allowed=f"{shortest:g} s or more", where=line)
    if np.any(gaps < rearm * (1 - 1e-9)):
        asked, allowed = f"windows {float(gaps.min()):g} s apart", f"{rearm:g} s, to be ready again"
        raise LimitError(asked, allowed=allowed, where=line)


def _at_most(number: int, most: int, what: str, where: str) -> None:
    if number > most:
        raise LimitError(what.format(number), allowed=f"up to {most}", where=where)
