"""Draw a fit: points with their errors, the curve, and below what is left of the points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qctl.core.errors import UsageError

if TYPE_CHECKING:
    from qctl.calibrate.fits import Fit


def draw(fit: Fit, title: str, out: Path) -> None:
    """Write a picture, whose suffix says the format.

    Raises
    ------
    UsageError
        When matplotlib is not installed, cannot write such a file, or there is no point to draw.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as reason:
        raise UsageError("drawing needs matplotlib", remedy="pip install 'qctl[plot]'") from reason
    if not len(fit.x):
        raise UsageError(f"nothing to draw: {fit.reason}")
    figure = Figure(figsize=(9.0, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    parts = {"I": "real", "Q": "imag"} if np.iscomplexobj(fit.y) else {"": "real"}
    used = np.isfinite(fit.sigma)
    for (name, part), colour in zip(parts.items(), ("#1f6fb4", "#d9731a"), strict=False):
        y, curve = getattr(fit.y, part), getattr(fit.curve, part)
        bars = np.where(used, fit.sigma, 0.0) if np.isfinite(fit.sigma[used]).all() else None
        above.errorbar(fit.x, y, bars, linestyle="none", marker="o", markersize=3, color=colour, label=name or "points")
        above.plot(fit.x, curve, color=colour, linewidth=1.0)
        above.plot(fit.x[~used], y[~used], "x", color="0.4", markersize=7)
        below.plot(fit.x, y - curve, "o", markersize=2.5, color=colour)
    below.axhline(0, color="0.6", linewidth=0.6)
    below.set_ylabel("residual")
    above.set_title(f"{title}: {fit.model}" + ("" if fit.ok else f"\nnot believed: {fit.reason}"), fontsize=10)
    for axes in (above, below):
        axes.grid(linewidth=0.3)
    above.legend(fontsize=8)
    try:
        figure.savefig(out, dpi=130)
    except (ValueError, OSError) as reason:
        raise UsageError(f"cannot write {str(out)!r} ({reason})", allowed="a .png, .pdf or .svg file") from reason
