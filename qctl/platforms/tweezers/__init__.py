"""Neutral atoms in tweezers: what their gates, moves and lights are made of."""
