"""One trip round: program to result, on one open laboratory."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lab import Lab

__all__ = ["Lab"]


def __getattr__(name: str) -> object:
    """Import `Lab` only when it is asked for: who plays what others compiled needs neither frontends nor compiler."""
    if name == "Lab":
        return import_module(".lab", __name__).Lab
    raise AttributeError(f"module 'qctl.run' has no attribute {name!r}")
