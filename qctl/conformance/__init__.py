"""Whether a laboratory does what it says: the same programs everywhere, against what its own noise predicts."""

from .check import Conformance, Row, check
from .programs import Entry, programs
from .refusals import Refusal

__all__ = ["Conformance", "Entry", "Refusal", "Row", "check", "programs"]
