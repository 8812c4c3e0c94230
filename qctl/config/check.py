"""Say whether a file is right, without raising."""

from __future__ import annotations

from pathlib import Path

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters

from .laboratory import read_laboratory
from .reader import read
from .snapshots import read_parameters


def check_file(path: Path, kind: type) -> tuple[ConfigError, ...]:
    """Return every mistake of a file, sorted by place; empty when it is right.

    Parameters
    ----------
    kind : ``Laboratory``, ``Parameters`` or any dataclass that ``read`` takes. A laboratory is checked with the
        snapshot that it names.
    """
    try:
        if kind is Parameters:
            read_parameters(path)
        elif kind is Laboratory:
            laboratory = read_laboratory(path)
            if laboratory.parameters is not None:
                read_parameters(path.parent / laboratory.parameters)
        else:
            read(path, kind)
    except ConfigError as error:
        return error.mistakes or (error,)
    return ()
