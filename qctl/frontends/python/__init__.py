"""Programs written in Python: circuits, and pulse by pulse."""

from .circuit import Circuit
from .pulses import Pulses

__all__ = ["Circuit", "Pulses"]
