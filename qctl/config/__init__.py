"""YAML to frozen descriptions of laboratories; every mistake of a file at once, each with its place."""

from .check import check_file
from .check_drivers import contradictions, placed
from .laboratory import read_laboratory
from .reader import read
from .schema import json_schema
from .snapshots import read_parameters, write_parameters

__all__ = [
    "check_file",
    "contradictions",
    "json_schema",
    "placed",
    "read",
    "read_laboratory",
    "read_parameters",
    "write_parameters",
]
