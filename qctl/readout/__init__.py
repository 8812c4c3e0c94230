"""Record to Result: demodulate, classify, count, mitigate."""

from .compute import compute
from .demodulate import demodulate
from .gather import gather, gather_points
from .image import at_spots, loaded_sites
from .mitigate import mitigate, nearest_probabilities
from .parts import ion_thresholds, read_parts
from .read import intermediate_frequencies, read_out, undo_readout_errors
from .screen import stop_if_lost
from .told import latest_decision, read_told

__all__ = [
    "at_spots",
    "compute",
    "demodulate",
    "gather",
    "gather_points",
    "intermediate_frequencies",
    "ion_thresholds",
    "latest_decision",
    "loaded_sites",
    "mitigate",
    "nearest_probabilities",
    "read_out",
    "read_parts",
    "read_told",
    "stop_if_lost",
    "undo_readout_errors",
]
