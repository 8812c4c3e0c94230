"""Raw data of calibrations: immutable files named by the SHA-256 of their content, without pickle."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ReadoutError
from qctl.core.result import Result

from .scan import Scan

FOLDER = "raw"  # in the state folder


def keep(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write arrays as one file that is on the disk when this returns; return the SHA-256 that names it, hex."""
    content = _packed(arrays)
    digest = hashlib.sha256(content).hexdigest()
    path = place(folder, digest)
    if path.exists():
        return digest
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix="new-", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).rename(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    for changed in (path.parent, path.parent.parent, folder):
        _flush(changed)
    return digest


def load(folder: Path, digest: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of one file.

    Raises
    ------
    ReadoutError
        When it is missing or not what was written.
    """
    path = place(folder, digest)
    try:
        content = path.read_bytes()
    except OSError as reason:
        raise ReadoutError(f"raw data {digest[:12]} cannot be read ({reason})", where=str(path)) from reason
    if hashlib.sha256(content).hexdigest() != digest:
        raise ReadoutError("raw data are not what was written", where=str(path), remedy="restore a backup")
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def place(folder: Path, digest: str) -> Path:
    """Return where the file of a digest lies."""
    return folder / FOLDER / digest[:2] / f"{digest}.npz"


def arrays_of(scan: Scan, result: Result) -> dict[str, NDArray[Any]]:
    """Return what was played and what came back.

    Returns
    -------
    bits : uint8, packed along the last axis of (n_points, shots, n_bits); the shape is in ``about``
    iq : complex64, shape (n_points, shots, n_measured), volts
    trace.LINE : complex64, shape (n_points, n_samples), volts
    picture.LINE : mean frames of a camera; watched.LINE.WHAT : photons that shots are judged by
    events, starts : of the program
    about : JSON: shape of bits, measured qubits, settings of parameters, parameters id
    """
    about = {
        "bits": result.bits.shape,
        "measured": [[result.qubits[qubit], bit] for qubit, bit in result.measured],
        "settings": [dict(setting) for setting in scan.settings],
        "parameters": result.parameters_id,
    }
    return {
        "bits": np.packbits(result.bits, axis=-1),
        "iq": result.iq.astype(np.complex64),
        **{f"trace.{line}": trace.volts.astype(np.complex64) for line, trace in result.traces.items()},
        **{f"picture.{line}": frames.astype(np.float32) for line, frames in result.pictures.items()},
        **{f"watched.{line}.{what}": photons for (line, what), photons in result.watched.items()},
        "events": scan.program.events,
        "starts": np.asarray(scan.program.starts),
        "about": np.frombuffer(json.dumps(about, sort_keys=True).encode(), np.uint8),
    }


def _packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return an .npz file; `numpy.savez` would pickle what it cannot write."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, values in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)
    return buffer.getvalue()


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
