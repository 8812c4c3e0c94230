"""What plugins run on: an open laboratory, one that they open, or a client of the daemon."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import Protocol, runtime_checkable
from weakref import WeakValueDictionary

from qctl.config.find import find_laboratory
from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program
from qctl.core.result import Result
from qctl.run import Lab


@runtime_checkable
class Machine(Protocol):
    """What a plugin asks for. `qctl.Lab` is one."""

    @property
    def laboratory(self) -> Laboratory:
        """Return what the laboratory's file says."""

    @property
    def parameters(self) -> Parameters:
        """Return what is known now."""

    def run(self, program: Program, shots: int = ..., *, optimise: bool = ...) -> Result:
        """Run all sweep points of a program."""

    def close(self) -> None:
        """Let go of what is held open."""


Lablike = Machine | str | os.PathLike[str]
"""A machine, the name or file of a laboratory, or a daemon: its local socket, or ``http://127.0.0.1:PORT``."""

ADDRESSES = ("http://", "unix:")


def machine_of(lab: Lablike, *, seed: int | None = None) -> Machine:
    """Return the machine that a plugin's user named.

    Parameters
    ----------
    lab : a machine is taken as it is; a name or file is opened as `qctl.Lab.open` does
    seed : makes a simulated laboratory that is opened here repeat itself

    Raises
    ------
    UsageError
        When ``lab`` is none of these, or a seed is given to what is open already.
    ConfigError
        With every mistake of the laboratory's file.
    """
    if isinstance(lab, str) and lab.startswith(ADDRESSES):
        from .served import ServedLab  # only who asks for a daemon needs its client

        return _served(ServedLab(lab), seed)
    if isinstance(lab, str | os.PathLike) and Path(lab).is_socket():
        from .served import ServedLab

        return _served(ServedLab(str(lab)), seed)
    if isinstance(lab, str | os.PathLike):
        return _opened(lab, seed)
    if not isinstance(lab, Machine):
        raise UsageError(f"a lab of type {type(lab).__name__}", allowed="an open Lab, or a laboratory's name or file")
    if seed is not None:
        raise UsageError("a seed for what is open already", remedy="give it where the laboratory is opened")
    return lab


def _served(lab: Machine, seed: int | None) -> Machine:
    if seed is not None:
        raise UsageError("a seed for a daemon", remedy="give it where the laboratory is served")
    return lab


def keeps_shots(machine: Machine) -> bool:
    """Say whether a machine tells shot by shot what was measured; daemons count."""
    return bool(getattr(machine, "keeps_shots", True))


_OPEN: WeakValueDictionary[tuple[Path, int | None], Lab] = WeakValueDictionary()
_LOCK = Lock()


def _opened(lab: str | os.PathLike[str], seed: int | None) -> Lab:
    """Return the laboratory of a file; plugins of one process share it, because its instruments are there once."""
    key = (find_laboratory(lab).resolve(), seed)
    with _LOCK:
        found = _OPEN.get(key)
        if found is None:
            _OPEN[key] = found = Lab.open(lab, seed=seed)
        return found
