"""PennyLane on qctl: the device ``qctl``."""

from .device import QctlDevice

__all__ = ["QctlDevice"]
