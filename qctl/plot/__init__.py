"""Figures of matplotlib: what is played, sample by sample, and when each operation starts. Needs ``qctl[plot]``."""

from .samples import draw_samples
from .schedule import draw_schedule

__all__ = ["draw_samples", "draw_schedule"]
