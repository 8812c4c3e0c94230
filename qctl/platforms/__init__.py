"""What a gate means on each kind of machine."""

from .registry import PLATFORMS, platform_of

__all__ = ["PLATFORMS", "platform_of"]
