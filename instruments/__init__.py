"""Drivers: one file per instrument."""
