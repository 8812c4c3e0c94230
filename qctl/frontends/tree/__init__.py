"""OpenQASM 3 with control flow, through the reference parser's syntax tree."""

from .lowering import lower
from .parse import parse

__all__ = ["lower", "parse"]
