"""Policies that others document, to compare with: all run a job to its end once it has begun, without windows."""

from __future__ import annotations

from .backfill import EasyBackfill
from .events import Policy, play
from .first_fit import FirstFit
from .pairs import Pairs
from .regions import FixedRegions
from .serial import FirstCome, HighestRatio

__all__ = ["EasyBackfill", "FirstCome", "FirstFit", "FixedRegions", "HighestRatio", "Pairs", "Policy", "play"]
