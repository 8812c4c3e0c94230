"""Draw the history of one parameter: value and error over time, rejected ones as crosses without their error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from qctl.core.errors import UsageError
from qctl.store import Finding, Status

STYLES = {
    Status.ACCEPTED: ("o", "#1f6fb4"),
    Status.MANUAL: ("s", "#d9731a"),
    Status.GUESS: ("D", "#2e8540"),
    Status.REJECTED: ("x", "0.6"),
}
"""Marker and colour of each verdict."""


def draw(history: Sequence[Finding], title: str, out: Path) -> int:
    """Write a picture, whose suffix says the format; return how many values it shows.

    Raises
    ------
    UsageError
        When matplotlib is not installed or cannot write such a file, or there is nothing finite to draw.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as reason:
        raise UsageError("drawing needs matplotlib", remedy="pip install 'qctl[plot]'") from reason
    finite = [one for one in history if np.isfinite(one.estimate.value)]
    if not finite:
        raise UsageError("no finite value to draw", remedy="ask for a longer time")
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for status, (marker, colour) in STYLES.items():
        rows = [one.estimate for one in finite if one.status is status]
        if rows:
            times = np.array([round(known.time * 1e3) for known in rows], "datetime64[ms]")
            values, errors = np.array([(known.value, known.error) for known in rows]).T
            errors = np.where(np.isfinite(errors) & (status is not Status.REJECTED), errors, 0.0)
            axes.errorbar(
                times, values, errors, linestyle="none", markersize=4, marker=marker, color=colour, label=status.value
            )
    unit = history[0].estimate.unit
    axes.set_ylabel(unit or "value")
    axes.set_title(title, fontsize=10)
    axes.tick_params(axis="x", labelrotation=20, labelsize=8)
    axes.grid(linewidth=0.3)
    axes.legend(fontsize=8)
    try:
        figure.savefig(out, dpi=130)
    except (ValueError, OSError) as reason:
        raise UsageError(f"cannot write {str(out)!r} ({reason})", allowed="a .png, .pdf or .svg file") from reason
    return len(finite)
