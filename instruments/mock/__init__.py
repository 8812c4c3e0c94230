"""Simulated instruments that speak the real ones' protocols over real links."""
