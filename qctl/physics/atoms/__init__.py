"""The simulated world of neutral atoms in optical tweezers."""
