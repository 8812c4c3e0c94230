"""Draws hidden truths of simulated laboratories, and scores what was calibrated against them; only the CLI asks it."""

from .defects import with_defects
from .draw import draw_twin
from .solvable import complaints
from .text import twin_text

__all__ = ["complaints", "draw_twin", "twin_text", "with_defects"]
