"""Figures as SVG: points with error bars, curve, residuals; paths in the IQ plane; images."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.outcome import Figure
from qctl.core.picture.scale import Axis, axis

from .image import png_address

WIDTH, HEIGHT = 360, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 20, 36
RESIDUALS = 42  # pixels of the strip below, where there is a curve
_LONGEST_BAR = 1.0  # of the span of the points: longer ones would hide it
LETTER = 5.6  # pixels
_MOST_POINTS = 600  # more are thinned: the eye sees no difference


def svg(figure: Figure) -> str:
    """Return one figure as an ``svg`` element; styles come from the page."""
    title = f'<text class="title" x="{LEFT}" y="13">{escape(figure.title)}</text>'
    parts = "".join([title, *_content(figure)])
    label = escape(f"{figure.title}: {figure.y_label} against {figure.x_label}", quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{parts}</svg>'


def _content(figure: Figure) -> Iterator[str]:
    if figure.image.size:
        return _image(figure)
    if np.iscomplexobj(figure.y):
        return _plane(figure)
    return _points(figure)


def _points(figure: Figure) -> Iterator[str]:
    y = np.asarray(figure.y, np.float64)
    has_curve = len(figure.curve_x) > 1
    bottom = HEIGHT - BOTTOM - (RESIDUALS if has_curve else 0)
    sigma = figure.sigma if len(figure.sigma) == len(y) else np.zeros(len(y))
    bars = np.minimum(np.where(np.isfinite(sigma), sigma, 0.0), _LONGEST_BAR * _span(y))
    across = axis(np.concatenate([figure.x, figure.curve_x]), LEFT, WIDTH - RIGHT, figure.x_label)
    up = axis(np.concatenate([y - bars, y + bars, figure.curve_y]), bottom, TOP, figure.y_label)
    below = _named(figure, across) if figure.names else across.ticks()
    yield from _frame(across, up, [] if has_curve else below)
    yield from _marks(figure, across, TOP, HEIGHT - BOTTOM)
    yield from _bars(across.at(figure.x), up.at(y - bars), up.at(y + bars), bool(np.any(bars)))
    yield from _dots(across.at(figure.x), up.at(y))
    if has_curve:
        if figure.names:
            yield _levels(across.at(figure.curve_x), up.at(figure.curve_y))
        else:
            yield _line("curve", across.at(figure.curve_x), up.at(figure.curve_y))
        yield from _residuals(figure, y, bars, across, bottom, below)


def _span(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.ptp(finite)) if len(finite) and np.ptp(finite) > 0 else np.inf


def _residuals(
    figure: Figure,
    y: NDArray[np.float64],
    bars: NDArray[np.float64],
    across: Axis,
    top: float,
    below: list[tuple[float, str]],
) -> Iterator[str]:
    order = np.argsort(figure.curve_x)
    off = y - np.interp(figure.x, figure.curve_x[order], figure.curve_y[order])
    known = bool(np.all(bars > 0)) and len(bars) > 0
    off = off / bars if known else off
    down = axis(np.concatenate([off, -off]), HEIGHT - BOTTOM, top + 6, "off, σ" if known else "off", margin=0.08)
    yield from _frame(across, down, below, most=4)  # of the many that are round, three fit
    yield _line("zero", np.array([across.start, across.end]), down.at(np.zeros(2)))
    yield from _dots(across.at(figure.x), down.at(off))


def _plane(figure: Figure) -> Iterator[str]:
    z = np.asarray(figure.y)
    across = axis(z.real, LEFT, WIDTH - RIGHT, f"I, {figure.y_label}")
    up = axis(z.imag, HEIGHT - BOTTOM, TOP, f"Q, {figure.y_label}")
    yield from _frame(across, up)
    yield from _dots(across.at(z.real), up.at(z.imag))


def _image(figure: Figure) -> Iterator[str]:
    x, y = figure.x, np.asarray(figure.y, np.float64)
    across = axis(x, LEFT, WIDTH - RIGHT, figure.x_label, margin=0.5 / max(1, len(x)))
    up = axis(y, HEIGHT - BOTTOM, TOP, figure.y_label, margin=0.5 / max(1, len(y)))
    box = f'x="{LEFT}" y="{TOP}" width="{WIDTH - RIGHT - LEFT}" height="{HEIGHT - BOTTOM - TOP}"'
    yield f'<image {box} preserveAspectRatio="none" class="scan" href="{png_address(figure.image)}"/>'
    yield from _frame(across, up)
    yield from _marks(figure, across, TOP, HEIGHT - BOTTOM)


def _named(figure: Figure, across: Axis) -> list[tuple[float, str]]:
    """Return places and names of points, as many as stand side by side."""
    places = [float(place) for place in across.at(figure.x)]
    room = (places[-1] - places[0]) / max(1, len(places) - 1)
    every = max(1, int(np.ceil((LETTER * max(map(len, figure.names)) + 4) / max(room, 1.0))))
    return list(zip(places, figure.names, strict=True))[::every]


def _frame(across: Axis, up: Axis, below: list[tuple[float, str]] | None = None, *, most: int = 5) -> Iterator[str]:
    """Yield box, ticks, numbers and labels; the lower end of ``up`` is where the box ends.

    Parameters
    ----------
    below : places and what is written there, with the label; none of it where it is empty
    """
    top, bottom = min(up.start, up.end), max(up.start, up.end)
    yield f'<rect class="box" x="{LEFT}" y="{top}" width="{WIDTH - RIGHT - LEFT}" height="{bottom - top}"/>'
    for place, number in up.ticks(most):
        yield f'<path class="tick" d="M{LEFT - 3} {place:.1f}h3"/>'
        yield f'<text class="number" x="{LEFT - 5}" y="{place + 3:.1f}" text-anchor="end">{number}</text>'
    middle = (top + bottom) / 2
    turned = f'transform="translate(10 {middle:.0f}) rotate(-90)" text-anchor="middle"'
    yield f'<text class="label" {turned}>{escape(up.label)}</text>'
    below = across.ticks() if below is None else below
    if not below:
        return
    for place, number in below:
        yield f'<path class="tick" d="M{place:.1f} {bottom}v3"/>'
        yield f'<text class="number" x="{place:.1f}" y="{bottom + 13}" text-anchor="middle">{escape(number)}</text>'
    centre = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text class="label" x="{centre:.0f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(across.label)}</text>'


def _marks(figure: Figure, across: Axis, top: float, bottom: float) -> Iterator[str]:
    for mark in figure.marks:
        if across.low <= mark <= across.high:
            yield f'<path class="mark" d="M{float(across.at(np.array(mark))):.1f} {top}V{bottom}"/>'


def _bars(x: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], there: bool) -> Iterator[str]:
    if there and len(x) <= _MOST_POINTS:
        drawn = " ".join(
            f"M{a:.1f} {b:.1f}V{c:.1f}" for a, b, c in zip(x, low, high, strict=True) if np.isfinite(a + b + c)
        )
        yield f'<path class="bar" d="{drawn}"/>'


def _dots(x: NDArray[np.float64], y: NDArray[np.float64]) -> Iterator[str]:
    every = max(1, len(x) // _MOST_POINTS)
    places = [(a, b) for a, b in zip(x[::every], y[::every], strict=True) if np.isfinite(a + b)]
    yield f'<path class="dot" d="{" ".join(f"M{a:.1f} {b:.1f}h0" for a, b in places)}"/>'


def _levels(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    places = [f"M{a - 7:.1f} {b:.1f}h14" for a, b in zip(x, y, strict=True) if np.isfinite(a + b)]
    return f'<path class="curve" d="{" ".join(places)}"/>'


def _line(kind: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    places = [f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True) if np.isfinite(a + b)]
    return f'<path class="{kind}" d="M{"L".join(places)}"/>' if places else ""
