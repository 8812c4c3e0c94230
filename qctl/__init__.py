"""An open quantum operating system for the instrument-control PC."""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from .core.axis import Axis
    from .frontends.python import Circuit, Pulses
    from .integrations.served import connect
    from .run import Lab

__all__ = ["Axis", "Circuit", "Lab", "Pulses", "__version__", "connect"]

_WHERE = {
    "Axis": ("core.axis", "Axis"),
    "Circuit": ("frontends.python", "Circuit"),
    "Lab": ("run", "Lab"),
    "Pulses": ("frontends.python", "Pulses"),
    "connect": ("integrations.served", "connect"),
}


def __getattr__(name: str) -> object:
    """Import what needs NumPy only when it is asked for: ``import qctl`` stays quick."""
    if name in _WHERE:
        module, found = _WHERE[name]
        return getattr(import_module(f".{module}", __name__), found)
    raise AttributeError(f"module 'qctl' has no attribute {name!r}")
