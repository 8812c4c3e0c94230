"""What is measured, judged and kept: the parameter store, to which only accepted findings give new snapshots."""

from .difference import Change, difference
from .errors import LostRaceError, StoreError
from .finding import Finding, Status, judged
from .store import ParameterStore

__all__ = [
    "Change",
    "Finding",
    "LostRaceError",
    "ParameterStore",
    "Status",
    "StoreError",
    "difference",
    "judged",
]
