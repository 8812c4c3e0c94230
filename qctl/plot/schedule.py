"""Draw a schedule: a row for each qubit, native operations as bars as long as they last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qctl.core.errors import UsageError
from qctl.core.program import Op
from qctl.core.schedule import Schedule

from .figure import figure_of, named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {Op.MEASURE: "#2e8540", Op.PULSE: "#d9731a"}
ONE, TWO = "#1f6fb4", "#7b4fc0"  # gates on one and on two qubits
_LEAST = 0.03  # of the whole time: shorter bars have no room for their name


def draw_schedule(schedule: Schedule, point: int = 0) -> Figure:
    """Return a figure of one sweep point.

    Parameters
    ----------
    schedule : as `qctl.Lab.schedule` gives it

    Raises
    ------
    UsageError
        When there is no such point, or matplotlib is not installed.
    """
    if not 0 <= point < schedule.n_points:
        raise UsageError(f"sweep point {point}", allowed=f"0 to {schedule.n_points - 1}")
    rows = schedule.operations[schedule.operations["point"] == point]
    qubits = np.unique(rows["q"][rows["q"] >= 0]).tolist()
    figure, (axes,) = figure_of(1, 0.34 * max(len(qubits), 1) + 1.1)
    scale, end = float(schedule.tick) * 1e9, float(schedule.length_ticks[point]) * float(schedule.tick) * 1e9
    for row in rows:
        op, start, width = Op(int(row["op"])), float(row["start"]) * scale, float(row["duration"]) * scale
        colour = COLOURS.get(op, ONE if row["q"][1] < 0 else TWO)
        for qubit in (int(q) for q in row["q"] if q >= 0):
            height = qubits.index(qubit)
            axes.barh(height, width, left=start, height=0.7, color=colour, alpha=0.75, edgecolor="white", linewidth=0.5)
            if width > _LEAST * end:
                word = "M" if op == Op.MEASURE else op.name
                axes.text(start + width / 2, height, word, ha="center", va="center", fontsize=7, color="white")
    axes.set_yticks(range(len(qubits)), [schedule.qubits[q] for q in qubits], fontsize=8)
    axes.set_ylim(len(qubits) - 0.5, -0.5)
    named(axes, "")
    axes.set_xlim(0, max(end, 1.0) * 1.01)
    axes.set_xlabel("time (ns)")
    axes.set_title(f"{len(rows)} operations, {end:.0f} ns; readout green, pulses orange, pairs violet", fontsize=9)
    return figure
