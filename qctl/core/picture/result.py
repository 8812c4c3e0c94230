"""Results as bars of counts, as curves over an axis, or as a field over two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..averages import Averages
from ..outputs import tallied
from ..result import Result
from . import svg
from .scale import Axis as Scale
from .scale import axis as scale

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 620, 260, 62, 26, 46
MOST_BARS, MOST_CURVES, MOST_CELLS = 24, 8, 10_000


def drawn(result: Result) -> str:
    """Return counts of one point, or averages over a sweep; below, what the run was."""
    single = len(result.bits) == 1
    if not result.bits.shape[2] and not result.outputs:
        return svg.note("a result without bits")
    shown = "" if not result.bits.shape[2] else _bars(result) if single else averages(result.averages)
    shown += "".join(map(svg.note, _outputs(result)))
    placed = ", ".join(result.qubits[k] for k in result.placement if k >= 0)
    dropped = "".join(f"; {number} shots do not count: {why}" for why, number in result.dropped.items())
    points = "" if single else f"{len(result.bits)} sweep points of "
    where = f" on {placed}" if placed else ""
    return shown + svg.note(f"{points}{result.shots} shots{where}; parameters {result.parameters_id}{dropped}")


def _outputs(result: Result) -> Iterator[str]:
    """Yield which values outputs beside bits had, most frequent first; of a sweep, only which outputs there are."""
    if len(result.bits) > 1 and result.outputs:
        yield f"outputs: {', '.join(result.outputs)}"
        return
    for name, values in result.outputs.items():
        rows = sorted(tallied(values[0, result.kept_shots(0)]).items(), key=lambda row: -row[1])
        more = f", and {len(rows) - MOST_BARS} more" if len(rows) > MOST_BARS else ""
        yield f"{name}: {', '.join(f'{value} ({number} times)' for value, number in rows[:MOST_BARS])}{more}"


def _bars(result: Result) -> str:
    rows = sorted(result.counts.items(), key=lambda item: (-item[1], item[0]))
    kept, most = rows[:MOST_BARS], max((number for _, number in rows), default=1)
    left = 24 + 8 * min(24, max(len(key) for key, _ in rows)) if rows else LEFT
    total, parts = sum(number for _, number in rows), list[str]()
    for k, (key, number) in enumerate(kept):
        y, width = 6 + 20 * k, (WIDTH - left - 130) * number / most
        parts.append(svg.text(left - 8, y + 12, key if len(key) <= 24 else f"{key[:23]}…", anchor="end"))
        parts.append(svg.box(left, y, width, 15, svg.BLUE, fill=0.55))
        parts.append(svg.text(left + width + 6, y + 12, f"{number}  ({number / total:.1%})", size=11, faint=True))
    more = svg.note(f"and {len(rows) - MOST_BARS} more keys") if len(rows) > MOST_BARS else ""
    title = f"counts: {', '.join(f'{key} {number}' for key, number in kept)}"
    return svg.picture(WIDTH, 10 + 20 * len(kept), title, parts) + more


def averages(found: Averages) -> str:
    """Return how often each bit was 1: curves over the only axis, or the first bit as a field over two."""
    if len(found.shape) == 2 and np.prod(found.shape) <= MOST_CELLS:
        return _field(found)
    if len(found.shape) > 1:
        shape = " x ".join(map(str, found.shape))
        return svg.note(f"averages on a grid of {shape}: mean(name) gives them as an array")
    return _curves(found)


def _names(found: Averages) -> list[str]:
    names = [f"{r.name}[{k}]" if r.size > 1 else r.name for r in found.registers.values() for k in range(r.size)]
    return names or [f"bit {k}" for k in range(found.ones.shape[1])]


def _curves(found: Averages) -> str:
    values = found.axes[0].values if found.axes else np.arange(len(found.shots), dtype=np.float64)
    label = _label(found, 0) if found.axes else "sweep point"
    across = scale(values, LEFT, WIDTH - 12, label)
    names = _names(found)[:MOST_CURVES]
    columns = [(found.mean(k).ravel(), found.error(k).ravel()) for k in range(len(names))]
    low = min(float(np.nanmin(mean - error)) for mean, error in columns)
    high = max(float(np.nanmax(mean + error)) for mean, error in columns)
    up = scale(np.array([min(low, 0.0), max(high, 1.0)]), HEIGHT - BOTTOM, TOP, "share of ones", margin=0.02)
    parts = list(_frame(across, up))
    for k, (name, (mean, error)) in enumerate(zip(names, columns, strict=True)):
        colour = svg.SERIES[k % len(svg.SERIES)]
        x, y, bar = across.at(values), up.at(mean), np.abs(up.at(error) - up.at(np.zeros(1)))
        there = np.isfinite(y)
        parts.append(svg.curve(zip(x[there].tolist(), y[there].tolist(), strict=True), colour))
        for a, b, c in zip(x[there].tolist(), y[there].tolist(), bar[there].tolist(), strict=True):
            parts += [svg.line(a, b - c, a, b + c, colour=colour, faint=0.7), svg.dot(a, b, colour, 2.2)]
        parts.append(svg.dot(LEFT + 70 * k + 6, 12, colour, 4))
        parts.append(svg.text(LEFT + 70 * k + 14, 16, name[:9], size=11))
    return svg.picture(WIDTH, HEIGHT, f"share of ones of {', '.join(names)} over {label}", parts)


def _field(found: Averages) -> str:
    across = scale(found.axes[1].values, LEFT, WIDTH - 70, _label(found, 1), margin=0.5 / len(found.axes[1]))
    up = scale(found.axes[0].values, HEIGHT - BOTTOM, TOP, _label(found, 0), margin=0.5 / len(found.axes[0]))
    mean, name = found.mean(0), _names(found)[0]
    width = (WIDTH - 70 - LEFT) / mean.shape[1]
    height = (HEIGHT - BOTTOM - TOP) / mean.shape[0]
    x, y = _places(across, found.axes[1].values), _places(up, found.axes[0].values)
    parts = []
    for row, b in zip(mean.tolist(), y, strict=True):
        for share, a in zip(row, x, strict=True):
            if np.isfinite(share):
                parts.append(_cell(a - width / 2, b - height / 2, width, height, share))
    parts += [*_frame(across, up, right=WIDTH - 70), svg.text(LEFT, 16, f"share of ones of {name}", size=11)]
    for k in range(11):  # the scale of shades
        parts.append(_cell(WIDTH - 52, HEIGHT - BOTTOM - (k + 1) * (HEIGHT - BOTTOM - TOP) / 11, 14, 17, k / 10))
    parts.append(svg.text(WIDTH - 34, HEIGHT - BOTTOM, "0", size=10))
    parts.append(svg.text(WIDTH - 34, TOP + 8, "1", size=10))
    return svg.picture(WIDTH, HEIGHT, f"share of ones of {name} over {_label(found, 1)} and {_label(found, 0)}", parts)


def _cell(x: float, y: float, width: float, height: float, share: float) -> str:
    return (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{width + 0.2:.2f}" height="{height + 0.2:.2f}" fill="{svg.BLUE}" '
        f'fill-opacity="{min(1.0, max(0.0, share)):.3f}"/>'
    )


def _places(axis: Scale, values: NDArray[np.float64]) -> list[float]:
    """Return the middle of each cell: of even size, in order of the values along the drawing."""
    order = np.argsort(np.argsort(axis.at(values)))
    start, end = min(axis.start, axis.end), max(axis.start, axis.end)
    places: list[float] = (start + (order + 0.5) * (end - start) / len(values)).tolist()
    return places


def _label(found: Averages, k: int) -> str:
    axis = found.axes[k]
    return f"{axis.name} ({axis.unit})" if axis.unit else axis.name


def _frame(across: Scale, up: Scale, right: float = WIDTH - 12) -> Iterator[str]:
    bottom, top = HEIGHT - BOTTOM, TOP
    for corner in ((LEFT, bottom, right, bottom), (LEFT, top, LEFT, bottom)):
        yield svg.line(*corner, faint=0.6)
    for place, number in across.ticks():
        yield svg.line(place, bottom, place, bottom + 4, faint=0.6)
        yield svg.text(place, bottom + 16, number, anchor="middle", size=10)
    for place, number in up.ticks(5):
        yield svg.line(LEFT - 4, place, LEFT, place, faint=0.6)
        yield svg.text(LEFT - 7, place + 3, number, anchor="end", size=10)
    yield svg.text((LEFT + right) / 2, HEIGHT - 8, across.label, anchor="middle", size=11)
    yield (
        f'<g transform="translate(14 {(top + bottom) / 2:.0f}) rotate(-90)">'
        f"{svg.text(0, 0, up.label, anchor='middle', size=11)}</g>"
    )
