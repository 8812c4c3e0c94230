"""YAML to frozen descriptions of laboratories; every mistake of a file at once, each with its place."""

from .check import check_file
from .check_ports import missing_ports
from .laboratory import read_laboratory
from .reader import read
from .schema import json_schema
from .snapshots import read_parameters, write_parameters

__all__ = [
    "check_file",
    "json_schema",
    "missing_ports",
    "read",
    "read_laboratory",
    "read_parameters",
    "write_parameters",
]
