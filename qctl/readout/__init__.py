"""Record to Result: demodulate, classify, count, mitigate."""

from .compute import compute
from .demodulate import demodulate
from .gather import gather
from .image import loaded_sites
from .mitigate import mitigate, nearest_probabilities
from .read import intermediate_frequencies, read_out, undo_readout_errors
from .screen import stop_if_lost

__all__ = [
    "compute",
    "demodulate",
    "gather",
    "intermediate_frequencies",
    "loaded_sites",
    "mitigate",
    "nearest_probabilities",
    "read_out",
    "stop_if_lost",
    "undo_readout_errors",
]
