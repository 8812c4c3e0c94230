"""Experiments on chains of trapped ions, one file each."""
