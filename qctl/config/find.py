"""Where laboratory files are: at a path, or among those that come with qctl."""

from __future__ import annotations

import os
from importlib.resources import as_file, files
from pathlib import Path

from qctl.core.errors import ConfigError


def find_laboratory(asked: str | os.PathLike[str]) -> Path:
    """Return the path of a laboratory file; ``asked`` is a path, or a name such as ``transmon5``.

    A path that exists goes first. ``configs/transmon5.yaml`` means the one that comes with qctl when there is no such
    file here, so that the commands of the documentation work without a checkout.

    Raises
    ------
    ConfigError
        When there is neither.
    """
    path = Path(asked)
    if path.is_file():
        return path
    # Installed packages are folders of plain files: there is no archive to unpack from.
    with as_file(files("qctl.configs")) as folder:
        known = {file.stem: file for file in sorted(folder.glob("*.yaml"))}
    if path.parent in (Path(), Path("configs")) and path.suffix in ("", ".yaml") and path.stem in known:
        return known[path.stem]
    raise ConfigError("no such laboratory file", allowed=f"a path, or one of {', '.join(known)}", where=str(path))


def twin_of(laboratory: Path) -> Path:
    """Return where the hidden truth of a simulated laboratory is kept: ``twins/NAME.yaml`` beside its file."""
    return laboratory.parent / "twins" / laboratory.name
