"""Read columns of numbers from a table or an array file, and say which of them are which."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import UsageError

Floats = NDArray[np.float64]
MOST_BYTES = 256 * 2**20
MISSING = {"", "nan", "na", "n/a", "none", "null", "-"}


def read_columns(file: Path, array: str | None = None) -> tuple[list[str], Floats]:
    """Return names (empty where the file has none) and columns, shape (n_columns, n_points).

    Parameters
    ----------
    file : .npz, .npy, or text in columns apart by comma, semicolon, tab or blanks; lines that start with # are left out
    array : name of the array in an .npz file that holds several

    Raises
    ------
    UsageError
        When the file cannot be read as numbers in columns.
    """
    if file.stat().st_size > MOST_BYTES:
        raise UsageError(f"{file.stat().st_size} bytes", allowed=f"at most {MOST_BYTES}", where=str(file))
    if file.suffix in {".npz", ".npy"}:
        return _from_arrays(file, array)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as reason:
        raise UsageError("not a text in UTF-8", allowed="a table of numbers, .npz or .npy", where=str(file)) from reason
    return _from_text(text, str(file))


def _from_text(text: str, where: str) -> tuple[list[str], Floats]:
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("#", "%"))]
    rows = [_cells(line) for line in lines]
    names: list[str] = []
    while rows and not any(_is_number(cell) for cell in rows[0]):
        names, rows = rows[0], rows[1:]
    if not rows:
        raise UsageError("no numbers", allowed="a table, x column first", where=where)
    width = max(len(row) for row in rows)
    columns = np.full((width, len(rows)), np.nan)
    for k, row in enumerate(rows):
        for m, cell in enumerate(row):
            if not _is_number(cell) and cell.lower() not in MISSING:
                place = f"{where}, row {k + 1} of numbers, column {m + 1}"
                raise UsageError(f"{cell[:40]!r} is no number", where=place)
            columns[m, k] = float(cell) if _is_number(cell) else np.nan
    return names, columns


def _cells(line: str) -> list[str]:
    for mark in (";", "\t", ","):
        if mark in line:
            return [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=mark))]
    return line.split()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.lower() not in MISSING


def _from_arrays(file: Path, array: str | None) -> tuple[list[str], Floats]:
    try:
        found = np.load(file, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return [], _as_columns(found, str(file))
        with found:
            arrays = {name: found[name] for name in found.files if array in {None, name}}
            names = list(found.files)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as reason:
        raise UsageError(f"not arrays of numbers ({reason})", where=str(file)) from reason
    if array is not None and array not in arrays:
        raise UsageError(f"no array {array!r}", allowed=", ".join(names), where=str(file))
    if len(arrays) == 1:
        return [], _as_columns(next(iter(arrays.values())), str(file))
    shapes = {one.shape for one in arrays.values()}
    if len(shapes) == 1 and len(next(iter(shapes))) == 1:  # one array for each column
        return _split(names, list(arrays.values()), str(file))
    raise UsageError(f"{len(names)} arrays", allowed=", ".join(names), where=str(file), remedy="name one with --array")


def _split(names: list[str], arrays: list[NDArray[np.generic]], where: str) -> tuple[list[str], Floats]:
    titles: list[str] = []
    columns: list[NDArray[np.generic]] = []
    for name, values in zip(names, arrays, strict=True):
        both = np.iscomplexobj(values)
        titles += [f"{name} I", f"{name} Q"] if both else [name]
        columns += [values.real, values.imag] if both else [values]
    return titles, _as_columns(np.stack(columns), where)


def _as_columns(values: NDArray[np.generic], where: str) -> Floats:
    if values.ndim != 2 or values.dtype.kind not in "biufc":
        raise UsageError(
            f"an array of shape {values.shape} and type {values.dtype}",
            allowed="numbers in rows and columns",
            where=where,
        )
    values = values if values.shape[0] <= values.shape[1] else values.T
    if values.dtype.kind == "c":
        parts = [part for row in values for part in ((row.real, row.imag) if np.any(row.imag) else (row.real,))]
        return np.asarray(np.stack(parts), float)
    return np.asarray(values, float)


def is_polar(names: list[str], columns: Floats) -> bool:
    """Return whether the second and third column are magnitude and phase: by their names, else by what they hold."""
    if len(columns) != 3:
        return False
    if len(names) == 3:
        return bool(re.search(r"phase|deg|arg|angle", names[2], re.IGNORECASE))
    size, angle = columns[1], columns[2]
    return bool(np.nanmin(size) >= 0 and np.nanmax(np.abs(angle)) > 3 * np.nanmax(size) and _is_angle(angle))


def _is_angle(angle: Floats) -> bool:
    return bool(np.nanmax(np.abs(angle)) <= 360 * 50)


def from_polar(size: Floats, angle: Floats, name: str = "") -> NDArray[np.complex128]:
    """Return complex points; the angle is in degrees unless its name says rad or it never leaves one turn in rad."""
    degrees = "rad" not in name.lower() and ("deg" in name.lower() or np.nanmax(np.abs(angle)) > 2 * np.pi)
    return np.asarray(size * np.exp(1j * (np.deg2rad(angle) if degrees else angle)), complex)
