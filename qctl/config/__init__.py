"""YAML to frozen descriptions of laboratories; every mistake of a file at once, each with its place."""

from .laboratory import read_laboratory
from .reader import read

__all__ = ["read", "read_laboratory"]
