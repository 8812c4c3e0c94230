"""``qctl fit``: fit points from a file, measured anywhere."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qctl.core.errors import FitError, UsageError

from .laboratory import json_option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qctl.calibrate.fits import Fit

KINDS = ("t1", "echo", "ramsey", "rabi", "spectroscopy", "rb", "resonator", "shots", "conditional")
READINGS = ("auto", "real", "iq", "polar")


@click.command("fit")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--array", help="Which array of an .npz file that holds several.")
@click.option("--as", "reading", type=click.Choice(READINGS), default="auto", show_default=True,
              help="What stands behind the x column: one real signal, I and Q, or magnitude and phase.")  # fmt: skip
@click.option("--calibrated", is_flag=True, help="The last two points are the states 0 and 1.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw it into FILE.")
@json_option
def command(
    kind: str, file: Path, array: str | None, reading: str, calibrated: bool, plot: Path | None, as_json: bool
) -> None:
    """Fit the points in FILE as an experiment of some KIND, and say whether to believe it.

    FILE is a table (.csv, .txt, .dat, any usual separator) or arrays (.npz, .npy), the x column first, then one real
    signal, or I and Q, or magnitude and phase. shots: the prepared state, I, Q. conditional: the phase, then the
    signals with the control in 0 and in 1, or I and Q of each. The exit code is 1 where the fit cannot be believed.
    """
    from qctl.calibrate.fits.traces import fit_trace

    from .columns import read_columns

    names, columns = read_columns(file, array)
    x, y, read_as = _signals(kind, names, columns, reading)
    fit = fit_trace(kind, x, y, calibrated=calibrated)
    if plot is not None:
        from .curve import draw

        draw(fit, f"{kind}, {file.name}" + (f", {array}" if array else ""), plot)
    if as_json:
        click.echo(json.dumps(_document(kind, fit, read_as)))
    else:
        _show(kind, file, fit, read_as)
    if not fit.ok:
        raise FitError(fit.reason, where=str(file))


def _signals(
    kind: str, names: list[str], columns: NDArray[np.float64], reading: str
) -> tuple[NDArray[np.float64], NDArray[np.float64] | NDArray[np.complex128], str]:
    """Return x, y and how the columns were read."""
    from .columns import from_polar, is_polar

    if len(columns) < 2:
        raise UsageError(f"{len(columns)} column", allowed="x first, then one or more signals")
    x, rest = columns[0], columns[1:]
    if kind == "conditional":
        return x, rest if len(rest) > 1 else rest[0], f"{len(rest)} signals"
    if reading == "auto":
        reading = "real" if len(rest) == 1 else "polar" if is_polar(names, columns) else "iq"
    if reading != "real" and len(rest) < 2:
        raise UsageError("one signal", allowed="two columns behind x", remedy="leave --as away")
    if reading == "real":
        return x, rest[0], "one real signal"
    if reading == "polar":
        return x, from_polar(rest[0], rest[1], names[2] if len(names) > 2 else ""), "magnitude and phase"
    return x, rest[0] + 1j * rest[1], "I and Q"


def _document(kind: str, fit: Fit, read_as: str) -> dict[str, object]:
    def plain(number: float) -> float | None:
        return number if math.isfinite(number) else None

    parameters = {name: {"value": plain(fit.value(name)), "error": plain(fit.error(name))} for name in fit.names}
    return {
        "kind": kind, "read_as": read_as, "model": fit.model, "ok": fit.ok, "reason": fit.reason,
        "parameters": parameters,
        "reduced_chi2": plain(fit.reduced_chi2), "runs_p": plain(fit.runs_p), "contrast": plain(fit.contrast),
        "at_bound": list(fit.at_bound), "points": len(fit.x), "outliers": fit.outliers,
    }  # fmt: skip


def _show(kind: str, file: Path, fit: Fit, read_as: str) -> None:
    from .cal_documents import print_table

    rows = [(name, *_with_error(fit.value(name), fit.error(name))) for name in fit.names]
    left_out = f", {fit.outliers} left out" if fit.outliers else ""
    click.echo(f"{kind} of {file.name}: {len(fit.x)} points{left_out}, read as {read_as}; contrast {fit.contrast:.3g}")
    print_table(fit.model, ("parameter", "value", "error"), rows)


def _with_error(value: float, error: float) -> tuple[str, str]:
    """Return a value with two digits of its error, both as text."""
    if not math.isfinite(value) or not math.isfinite(error) or error <= 0:
        return f"{value:.6g}", "known" if error == 0 else "unknown"
    digits = max(2, 2 + math.floor(math.log10(max(abs(value), error))) - math.floor(math.log10(error)))
    return f"{value:.{min(digits, 15)}g}", f"{error:.2g}"
