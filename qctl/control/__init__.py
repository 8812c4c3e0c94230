"""Sequence to Record: load, arm, trigger, fetch, and safe on any way out."""
