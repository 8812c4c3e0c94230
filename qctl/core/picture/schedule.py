"""Schedules as time charts: a row for each qubit, native operations as boxes as long as they last."""

from __future__ import annotations

import numpy as np

from ..program import Op
from ..schedule import Schedule
from . import svg
from .circuit import angle, seconds
from .scale import axis

WIDTH, LEFT, ROW, TOP, BOTTOM = 860, 64, 30, 22, 34
MOST_ROWS, MOST_BOXES = 60, 2000


def drawn(schedule: Schedule, point: int = 0) -> str:
    """Return one sweep point of a schedule; points at a box say when and what."""
    rows = schedule.operations[schedule.operations["point"] == point]
    used = np.unique(rows["q"])
    wires = {int(q): k for k, q in enumerate(used[used >= 0][:MOST_ROWS])}
    tick = float(schedule.tick)
    length = float(schedule.length_ticks[point]) * tick if len(schedule.length_ticks) else 0.0
    across = axis(np.array([0.0, length]), LEFT, WIDTH - 12, "time (s)", margin=0.0)
    height = TOP + ROW * max(len(wires), 1) + BOTTOM
    parts = [svg.text(LEFT, 14, f"{seconds(length)} in {len(rows)} operations", size=11, faint=True)]
    for qubit, k in wires.items():
        y = TOP + ROW * (k + 0.5)
        parts.append(svg.text(LEFT - 8, y + 4, schedule.qubits[qubit][:9], anchor="end"))
        parts.append(svg.line(LEFT, y, WIDTH - 12, y, faint=0.3))
    for row in rows[:MOST_BOXES]:
        parts += _operation(row, wires, tick, across.start, (WIDTH - 12 - LEFT) / (length or 1.0), schedule)
    foot = TOP + ROW * max(len(wires), 1)
    for place, number in across.ticks(8):
        parts.append(svg.line(place, foot, place, foot + 4, faint=0.6))
        parts.append(svg.text(place, foot + 16, number, anchor="middle", size=10))
    parts.append(svg.text((LEFT + WIDTH) / 2, foot + 30, across.label, anchor="middle", size=11))
    cut = len(rows) - MOST_BOXES
    more = svg.note(f"{cut} later operations are not shown") if cut > 0 else ""
    return svg.picture(WIDTH, height, f"schedule of {len(wires)} qubits, {seconds(length)}", parts) + more


def _operation(
    row: np.void, wires: dict[int, int], tick: float, left: float, scale: float, schedule: Schedule
) -> list[str]:
    op, start, duration = Op(int(row["op"])), float(row["start"]) * tick, float(row["duration"]) * tick
    colour = {Op.MEASURE: svg.GREEN, Op.PULSE: svg.ORANGE}.get(op, svg.BLUE if row["q"][1] < 0 else svg.VIOLET)
    names = ", ".join(schedule.qubits[int(q)] for q in row["q"] if q >= 0)
    turn = f" by {angle(float(row['angle']))} at {angle(float(row['phase']))}" if row["angle"] or row["phase"] else ""
    hint = f"{op.name.lower()} {names}{turn}, from {seconds(start)}, {seconds(duration)}"
    parts = []
    for qubit in (int(q) for q in row["q"] if int(q) in wires):
        y, x, width = TOP + ROW * wires[qubit] + 5, left + start * scale, duration * scale
        parts.append(svg.box(x, y, width, ROW - 10, colour, hint=hint))
        word = "M" if op == Op.MEASURE else op.name
        if width > 7 * len(word) + 4:
            parts.append(svg.text(x + width / 2, y + 14, word, anchor="middle", size=10))
    return parts
