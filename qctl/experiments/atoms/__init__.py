"""Experiments on arrays of neutral atoms."""
