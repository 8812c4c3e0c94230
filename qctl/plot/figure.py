"""Figures without a window: made by name, written to files, shown by notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qctl.core.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 11.0  # inches


def figure_of(n_rows: int, height: float) -> tuple[Figure, Any]:
    """Return a figure of rows over one time axis, and its axes, shape (n_rows,).

    Raises
    ------
    UsageError
        When matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as reason:
        raise UsageError("drawing needs matplotlib", remedy="pip install 'qctl[plot]'") from reason
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(n_rows, 1, sharex=True, squeeze=False)[:, 0]


def written(figure: Figure, out: Path) -> None:
    """Write a figure to a file, whose suffix says the format.

    Raises
    ------
    UsageError
        When matplotlib cannot write such a file.
    """
    try:
        figure.savefig(out, dpi=130)
    except (ValueError, OSError) as reason:
        raise UsageError(f"cannot write {str(out)!r} ({reason})", allowed="a .png, .pdf or .svg file") from reason


def named(axes: Any, name: str) -> None:  # noqa: ANN401 (axes of a library without types)
    """Write a name to the left of a row."""
    axes.set_ylabel(name, rotation=0, ha="right", va="center")
    axes.spines[["top", "right"]].set_visible(False)
