"""Where qctl keeps its own files: the state folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from qctl.core.errors import UsageError

VARIABLE = "QCTL_STATE_DIR"


def state_folder(asked: str | os.PathLike[str] | None = None) -> Path:
    """Return ``asked``, the folder that QCTL_STATE_DIR names, or the platform's own; made when it is missing.

    Raises
    ------
    UsageError
        When it cannot be made.
    """
    named = asked or os.environ.get(VARIABLE)
    folder = Path(named) if named else Path(platformdirs.user_data_dir("qctl", appauthor=False))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as reason:
        raise UsageError(
            f"no folder at {str(folder)!r} ({reason})", remedy=f"name another one with --state or {VARIABLE}"
        ) from reason
    return folder
