"""Draws hidden truths of simulated laboratories, and scores what was calibrated against them; only the CLI asks it."""

from qctl.physics.twin import Twin

from .defects import with_defects
from .draw import draw_twin
from .readout import Readout
from .score import Score, gates_at, score
from .solvable import complaints
from .stage import Upload
from .text import twin_text

__all__ = [
    "Readout",
    "Score",
    "Twin",
    "Upload",
    "complaints",
    "draw_twin",
    "gates_at",
    "score",
    "twin_text",
    "with_defects",
]
