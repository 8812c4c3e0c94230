"""Cirq on qctl: a sampler, and a device that says what the laboratory does natively."""

from .device import Device
from .sampler import Sampler

__all__ = ["Device", "Sampler"]
