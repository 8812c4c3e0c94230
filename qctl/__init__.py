"""An open quantum operating system for the instrument-control PC."""

from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from .run import Lab

__all__ = ["Lab", "__version__"]


def __getattr__(name: str) -> object:
    """Import what needs NumPy only when it is asked for: ``import qctl`` stays quick."""
    if name == "Lab":
        from .run import Lab

        return Lab
    raise AttributeError(f"module 'qctl' has no attribute {name!r}")
