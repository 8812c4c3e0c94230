"""What is known and why, kept so that nothing is lost: the parameter store, one SQLite file in the state folder."""

from .difference import Change, difference
from .errors import LostRaceError, StoreError
from .finding import Finding, Status, judged, unit_named
from .parameter_store import ParameterStore
from .place import state_folder

__all__ = [
    "Change",
    "Finding",
    "LostRaceError",
    "ParameterStore",
    "Status",
    "StoreError",
    "difference",
    "judged",
    "state_folder",
    "unit_named",
]
